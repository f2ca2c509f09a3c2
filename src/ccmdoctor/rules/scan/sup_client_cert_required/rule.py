"""The web site of the update point asks for a client certificate that the scan cannot give."""

from __future__ import annotations

from ccmdoctor.evidence.update_point import UpdatePointAccess
from ccmdoctor.model import Finding
from ccmdoctor.rules import rule
from ccmdoctor.rules.signature import by_scan_error


@rule(
    explains="scan-fails",
    sources=[
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-software-update-scan-failures",
        "https://learn.microsoft.com/intune/configmgr/sum/get-started/software-update-point-ssl",
    ],
)
def sup_client_cert_required(access: UpdatePointAccess) -> Finding:
    return by_scan_error("sup-client-cert-required", access)
