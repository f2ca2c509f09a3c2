"""The agent's local copy of the update is damaged and must be downloaded again."""

from __future__ import annotations

from ccmdoctor.evidence.install import InstallHistory
from ccmdoctor.evidence.servicing import Servicing
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out


@rule(
    explains="install-fails",
    sources=[
        "https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference",
        "https://learn.microsoft.com/troubleshoot/windows-client/installing-updates-features-roles/common-windows-update-errors",
    ],
)
def redownload_needed(installs: InstallHistory, servicing: Servicing | None) -> Finding:
    failed = installs.first_to("redownload-needed")
    if failed is None:
        return ruled_out(installs.why_not, installs)
    if servicing and servicing.names_other_cause:
        return ruled_out("other-install-error", servicing)
    facts = {"update": failed.name, "error": failed.error}
    if failed.is_shared:
        return possible(failed, against=["only-this-code"], settle=["servicing-log"], facts=facts)
    return likely(failed, facts=facts)
