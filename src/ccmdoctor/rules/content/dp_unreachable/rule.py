"""The client cannot connect to the distribution point."""

from __future__ import annotations

from ccmdoctor.evidence.transfer import Transfers
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out


@rule(
    explains="download-fails",
    sources=[
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-software-update-deployments",
        "https://learn.microsoft.com/intune/configmgr/core/plan-design/hierarchy/ports",
    ],
)
def dp_unreachable(transfers: Transfers) -> Finding:
    lost = transfers.unreached
    if lost is None:
        return ruled_out(transfers.why_not, transfers)
    against = ["only-mask-known"] if lost.only_masked else []
    if lost.host is None:
        against.append("source-not-named")
    if lost.from_proxy:
        against.append("answer-may-be-of-proxy")
    verdict = possible if against else likely
    return verdict(
        lost, host=lost.host, error=lost.error, since=transfers.since(lost), failures=transfers.count(lost),
        against=against, settle=["dp-route", "content-logs"] if lost.only_masked else ["dp-route"],
    )  # fmt: skip
