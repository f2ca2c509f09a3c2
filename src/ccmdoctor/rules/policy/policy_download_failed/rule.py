"""A request for policy reached the management point and was refused."""

from __future__ import annotations

from ccmdoctor.evidence.management_point import ManagementPointTraffic
from ccmdoctor.evidence.policy_transport import PolicyTransport
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out


@rule(
    explains="policy-not-received",
    sources=[
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-software-update-scan-failures",
    ],
)
def policy_download_failed(transport: PolicyTransport, traffic: ManagementPointTraffic | None) -> Finding:
    if transport.refused is None:
        return ruled_out("policy-not-refused", transport.received)
    if traffic is not None and traffic.current:
        return possible(transport.refused, traffic.current, error=transport.status, against=["mp-fails-itself"])
    return likely(transport.refused, error=transport.status, settle=["management-point"])
