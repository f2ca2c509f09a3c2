"""The web server of the update point denies the scan access (HTTP 401 or 403)."""

from __future__ import annotations

from ccmdoctor.evidence.update_point import UpdatePointAccess
from ccmdoctor.model import Finding
from ccmdoctor.rules import rule
from ccmdoctor.rules.signature import by_scan_error


@rule(
    explains="scan-fails",
    sources=[
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-software-update-scan-failures",
        "https://learn.microsoft.com/windows/win32/wua_sdk/wua-networking-error-codes-",
    ],
)
def sup_auth_401_403(access: UpdatePointAccess) -> Finding:
    return by_scan_error("sup-auth-401-403", access)
