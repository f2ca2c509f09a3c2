"""The name of the management point cannot be resolved."""

from __future__ import annotations

from ccmdoctor.evidence.management_point import ManagementPointTraffic
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, possible, rule, ruled_out


@rule(
    explains="mp-unreachable",
    sources=[
        "https://jpmem.github.io/blog/mecm/20250325_01/",
        "https://jpmem.github.io/blog/mecm/20250325_04/",
    ],
)
def mp_name_not_resolved(traffic: ManagementPointTraffic) -> Finding:
    failure = traffic.current
    if failure is None:
        return ruled_out("mp-answers", traffic.answering)
    if failure.kind != "name":
        return ruled_out("mp-other-failure", failure)
    verdict = possible if traffic.brief else confirmed
    return verdict(failure, host=failure.host, symbol=failure.symbol, since=traffic.failing_since)
