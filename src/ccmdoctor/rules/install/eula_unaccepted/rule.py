"""The licence terms of the update are not accepted or cannot be had."""

from __future__ import annotations

from ccmdoctor.evidence.install import InstallHistory
from ccmdoctor.model import Finding
from ccmdoctor.rules import rule
from ccmdoctor.rules.install_signature import by_install_code


@rule(
    explains="install-fails",
    sources=[
        "https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-software-update-synchronization",
    ],
)
def eula_unaccepted(installs: InstallHistory) -> Finding:
    return by_install_code("eula-unaccepted", installs, ["update-in-console"])
