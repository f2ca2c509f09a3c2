"""An installer that the servicing stack calls during the restart fails, and the update is rolled back."""

from __future__ import annotations

from ccmdoctor.evidence.servicing import Servicing
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, possible, rule, ruled_out


@rule(
    explains="install-fails",
    sources=[
        "https://github.com/MicrosoftDocs/SupportArticles-docs/blob/main/support/windows-server/installing-updates-features-roles/failed-changed-absent-state-status-0x800f0922-error.md",
        "https://github.com/MicrosoftDocs/SupportArticles-docs/blob/main/support/windows-server/installing-updates-features-roles/error-0x800f0922-installing-windows-updates.md",
        "https://github.com/MicrosoftDocs/SupportArticles-docs/blob/main/support/windows-server/installing-updates-features-roles/troubleshoot-windows-update-error-0x80070002.md",
    ],
)
def advanced_installer_failed(servicing: Servicing) -> Finding:
    if servicing.held_before_rollback:
        return ruled_out("profile-unload-named", servicing.profile_held)
    named = servicing.fault("installer")
    if named:
        facts = {"installer": named.field("installer"), "code": named.code, "error": servicing.error}
        return confirmed(named, servicing.fault("installers"), servicing.failed, facts=facts)
    coded = servicing.fault("installers") or servicing.coded("advanced-installer-failed")
    if coded:
        facts = {"installer": None, "code": None, "error": coded.error}
        return possible(coded, against=["only-this-code"], settle=["servicing-log", "windows-events"], facts=facts)
    return ruled_out(servicing.why_not, servicing)
