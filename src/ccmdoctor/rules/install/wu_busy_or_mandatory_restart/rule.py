"""The agent refused the installation because another one runs or a restart is due."""

from __future__ import annotations

from ccmdoctor.evidence.install import InstallHistory
from ccmdoctor.model import Finding
from ccmdoctor.rules import rule
from ccmdoctor.rules.install_signature import by_install_code


@rule(
    explains="install-fails",
    sources=[
        "https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference",
        "https://learn.microsoft.com/troubleshoot/windows-client/installing-updates-features-roles/common-windows-update-errors",
    ],
)
def wu_busy_or_mandatory_restart(installs: InstallHistory) -> Finding:
    return by_install_code("wu-busy-or-mandatory-restart", installs)
