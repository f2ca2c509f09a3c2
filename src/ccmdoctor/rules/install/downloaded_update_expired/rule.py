"""The downloaded update was removed before it was installed."""

from __future__ import annotations

from ccmdoctor.evidence.install import InstallHistory
from ccmdoctor.model import Finding
from ccmdoctor.rules import rule
from ccmdoctor.rules.install_signature import by_install_code


@rule(
    explains="install-fails",
    sources=[
        "https://jpwinsup.github.io/blog/2022/03/22/WindowsUpdate/WUA/WindowsUpdateMayFailWith0x80246013/",
        "https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference",
    ],
)
def downloaded_update_expired(installs: InstallHistory) -> Finding:
    return by_install_code("downloaded-update-expired", installs)
