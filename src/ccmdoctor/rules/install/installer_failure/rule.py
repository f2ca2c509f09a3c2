"""The installer of the update itself ended with an error."""

from __future__ import annotations

from ccmdoctor.evidence.install import InstallHistory
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, rule, ruled_out


@rule(
    explains="install-fails",
    sources=[
        "https://github.com/PatchMyPCTeam/kbs.patchmypc.com/blob/main/configmgr/common-issues-and-error-codes/installation-fails-msi-error-code.md",
        "https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference",
        "https://learn.microsoft.com/windows/win32/msi/error-codes",
    ],
)
def installer_failure(installs: InstallHistory) -> Finding:
    failed, ended = installs.first_to("installer-failure"), installs.exit_code
    code = ended.fields["code"] if ended else None
    if failed is None and not (ended and installs.is_silent):
        return ruled_out(installs.why_not, installs)
    if installs.no_source:
        return ruled_out("installer-source-named", installs.no_source)
    if failed is None:
        return likely(ended, update=None, error=None, code=code, settle=["installer-log"])
    return likely(failed, ended, update=failed.name, error=failed.error, code=code, settle=["installer-log"])
