"""The servicing stack made no progress within its time limit and rolled the update back."""

from __future__ import annotations

from ccmdoctor.evidence.servicing import Servicing
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, rule, ruled_out


@rule(
    explains="install-fails",
    sources=[
        "https://github.com/MicrosoftDocs/SupportArticles-docs/blob/main/support/windows-server/installing-updates-features-roles/troubleshoot-windows-update-error-0x800f0920.md",
        "https://github.com/MicrosoftDocs/SupportArticles-docs/blob/main/support/windows-server/installing-updates-features-roles/troubleshoot-error-0x8007045b.md",
        "https://learn.microsoft.com/troubleshoot/windows-client/installing-updates-features-roles/windows-update-hangs-updates-uninstalled",
        "https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference",
    ],
)
def cbs_timeout(servicing: Servicing) -> Finding:
    hang = servicing.fault("hang")
    if hang:
        return confirmed(servicing.fault("hang-noted"), hang, servicing.failed, error=hang.error or servicing.error)
    coded = servicing.coded("cbs-timeout")
    if coded:
        return likely(coded, settle=["servicing-log"], error=coded.error)
    return ruled_out(servicing.why_not, servicing)
