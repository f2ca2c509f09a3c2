"""The Windows Update service is disabled on the client."""

from __future__ import annotations

from ccmdoctor.evidence.update_point import UpdatePointAccess
from ccmdoctor.model import Finding
from ccmdoctor.rules import rule
from ccmdoctor.rules.signature import by_scan_error


@rule(
    explains="scan-fails",
    sources=[
        "https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-software-update-scan-failures",
    ],
)
def wua_service_disabled(access: UpdatePointAccess) -> Finding:
    return by_scan_error("wua-service-disabled", access, ("windows-services",))
