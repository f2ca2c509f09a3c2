"""Configuration Manager put the installation off because another update job runs."""

from __future__ import annotations

from ccmdoctor.evidence.install import InstallHistory
from ccmdoctor.model import Finding
from ccmdoctor.rules import rule
from ccmdoctor.rules.install_signature import by_install_code


@rule(
    explains="install-fails",
    sources=[
        "https://jpmem.github.io/blog/mecm/20170208_01/",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/track-software-update-deployment-process",
    ],
)
def other_install_in_progress(installs: InstallHistory) -> Finding:
    return by_install_code("other-install-in-progress", installs)
