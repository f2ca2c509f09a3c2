"""The management point does not answer in time, or no connection to it comes about."""

from __future__ import annotations

from ccmdoctor.evidence.management_point import ManagementPointTraffic
from ccmdoctor.evidence.proxy import WinHttpProxy
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out


@rule(
    explains="mp-unreachable",
    sources=[
        "https://jpmem.github.io/blog/mecm/20250325_01/",
        "https://jpmem.github.io/blog/mecm/20250325_04/",
    ],
)
def mp_timeout(traffic: ManagementPointTraffic, proxy: WinHttpProxy | None) -> Finding:
    failure = traffic.current
    if failure is None:
        return ruled_out("mp-answers", traffic.answering)
    if failure.may_be("mp-timeout"):
        against = [*traffic.doubts, "mp-lines-unclear"]
        return possible(failure, against=against, settle=["management-point", "mplist"], facts=traffic.facts)
    if not failure.no_connection:
        return ruled_out("mp-other-failure", failure)
    if traffic.doubts:
        return possible(failure, against=traffic.doubts, settle=traffic.unasked, facts=traffic.facts)
    if proxy is not None and proxy.used_for(failure.address or failure.host):
        return likely(failure, proxy, against=["mp-proxy-in-path"], settle=traffic.unasked, facts=traffic.facts)
    if traffic.lasting:
        return confirmed(failure, settle=["mp-port"], facts=traffic.facts)
    return likely(failure, settle=[*traffic.unasked, "mp-port"], facts=traffic.facts)
