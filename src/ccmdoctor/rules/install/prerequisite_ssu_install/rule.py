"""The installation was refused because the servicing stack is older than the update needs."""

from __future__ import annotations

from ccmdoctor.evidence.servicing import Servicing
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, rule, ruled_out


@rule(
    explains="install-fails",
    sources=[
        "https://github.com/MicrosoftDocs/SupportArticles-docs/blob/main/support/windows-server/installing-updates-features-roles/troubleshoot-windows-update-error-0x800f0823.md",
        "https://jpwinsup.github.io/blog/2022/06/04/WindowsUpdate/HowToFindNecessarySSU/",
        "https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference",
    ],
)
def prerequisite_ssu_install(servicing: Servicing) -> Finding:
    refused = servicing.fault("stack")
    if refused:
        return confirmed(refused, error=servicing.error, wanted=refused.field("wanted"))
    coded = servicing.coded("prerequisite-ssu-install")
    if coded:
        return likely(coded, settle=["servicing-log"], error=coded.error, wanted=None)
    return ruled_out(servicing.why_not, servicing)
