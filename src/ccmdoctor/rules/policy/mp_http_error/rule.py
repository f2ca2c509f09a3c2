"""The management point, or a gateway before it, answers with an HTTP error."""

from __future__ import annotations

from ccmdoctor.evidence.management_point import ManagementPointTraffic
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out


@rule(
    explains="mp-unreachable",
    sources=[
        "https://jpmem.github.io/blog/mecm/20250325_01/",
        "https://jpmem.github.io/blog/mecm/20250325_04/",
    ],
)
def mp_http_error(traffic: ManagementPointTraffic) -> Finding:
    failure = traffic.current
    if failure is None:
        return ruled_out("mp-answers", traffic.answering)
    if failure.kind not in ("status", "other"):
        return ruled_out("mp-other-failure", failure)
    if failure.gateway_refusal:
        return ruled_out("gateway-refuses", failure)
    if failure.status is None or traffic.brief:
        verdict = possible
    else:
        verdict = likely if failure.over_gateway else confirmed
    return verdict(
        failure, host=failure.host, symbol=failure.symbol, status=failure.status, reason=failure.reason,
        since=traffic.failing_since, settle=["mplist"],
    )  # fmt: skip
