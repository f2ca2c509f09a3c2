"""At the moment of installation the update did not apply to the computer any more."""

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
        "https://jpmem.github.io/blog/mecm/20170208_01/",
    ],
)
def not_applicable_at_install(installs: InstallHistory) -> Finding:
    return by_install_code("not-applicable-at-install", installs, ["update-status"])
