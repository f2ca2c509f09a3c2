"""The content is to come from Microsoft, and the client cannot reach Microsoft's servers."""

from __future__ import annotations

from ccmdoctor.evidence.transfer import Transfers
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out


@rule(
    explains="download-fails",
    sources=[
        "https://jpmem.github.io/blog/mecm/20250325_02/",
        "https://learn.microsoft.com/intune/configmgr/sum/deploy-use/download-software-updates",
    ],
)
def wumu_unreachable(transfers: Transfers) -> Finding:
    blocked = transfers.microsoft_blocked
    if blocked is None:
        return ruled_out(transfers.why_not, transfers)
    verdict = possible if blocked.by_agent else confirmed if blocked.from_proxy else likely
    return verdict(
        blocked, host=blocked.host, error=blocked.error, status=blocked.http_status, since=transfers.since(blocked),
        failures=transfers.count(blocked), settle=["microsoft-route"],
    )  # fmt: skip
