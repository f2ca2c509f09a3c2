"""The cloud management gateway refuses the request for content."""

from __future__ import annotations

from ccmdoctor.evidence.transfer import Transfers
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, rule, ruled_out


@rule(
    explains="download-fails",
    sources=[
        "https://learn.microsoft.com/intune/configmgr/core/servers/deploy/install/release-notes",
        "https://learn.microsoft.com/intune/configmgr/core/clients/manage/cmg/monitor-clients-cloud-management-gateway",
    ],
)
def cmg_content_error(transfers: Transfers) -> Finding:
    refused = transfers.gateway
    if refused is None:
        return ruled_out(transfers.why_not, transfers)
    verdict = confirmed if transfers.gateway_log else likely
    return verdict(
        refused, transfers.gateway_log, host=refused.host, status=refused.http_status, error=refused.error,
        since=transfers.since(refused), failures=transfers.count(refused), settle=["gateway-log"],
    )  # fmt: skip
