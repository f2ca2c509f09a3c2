"""The management point, or a gateway before it, answers with an HTTP error."""

from __future__ import annotations

from ccmdoctor.evidence.management_point import ManagementPointTraffic
from ccmdoctor.evidence.proxy import WinHttpProxy
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains="mp-unreachable",
    sources=[
        "https://jpmem.github.io/blog/mecm/20250325_01/",
        "https://jpmem.github.io/blog/mecm/20250325_04/",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/client-management/cmg-communication-error",
    ],
)
def mp_http_error(traffic: ManagementPointTraffic, proxy: WinHttpProxy | None) -> Finding:
    failure = traffic.current
    if failure is None:
        return ruled_out("mp-answers", traffic.answering)
    if failure.may_be("mp-http-error"):
        return undecided("management-point", "mplist")
    if failure.kind != "status":
        return ruled_out("mp-other-failure", failure)
    if failure.gateway_refusal:
        return ruled_out("gateway-refuses", failure)
    facts = {**traffic.facts, "status": failure.status, "reason": failure.reason}
    if traffic.doubts:
        return possible(failure, against=traffic.doubts, settle=traffic.unasked, facts=facts)
    through = proxy.used_for(failure.address or failure.host) if proxy is not None else None
    if through or failure.answered_by_proxy:
        settle = [*traffic.unasked, *([] if proxy else ["winhttp-proxy"])]
        return likely(failure, proxy, against=["answer-may-be-of-proxy"], settle=settle, facts=facts)
    if failure.over_gateway:
        return likely(failure, settle=["cmg-connector-log"], facts=facts)
    if failure.status is None or not traffic.lasting:
        return likely(failure, settle=[*traffic.unasked, "mp-iis-log"], facts=facts)
    if failure.may_be_of_proxy and proxy is None:
        return likely(failure, settle=[*traffic.unasked, "winhttp-proxy", "mp-iis-log"], facts=facts)
    return confirmed(failure, settle=["mp-iis-log"], facts=facts)
