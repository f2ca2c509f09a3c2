"""The installation was denied access to a file or registry key."""

from __future__ import annotations

from ccmdoctor.evidence.servicing import Servicing
from ccmdoctor.model import Finding
from ccmdoctor.rules import rule
from ccmdoctor.rules.install_signature import by_servicing_code


@rule(
    explains="install-fails",
    sources=[
        "https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference",
        "https://learn.microsoft.com/troubleshoot/windows-client/installing-updates-features-roles/common-windows-update-errors",
    ],
)
def access_denied_install(servicing: Servicing) -> Finding:
    return by_servicing_code("access-denied-install", servicing, ["servicing-log"])
