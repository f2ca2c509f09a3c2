"""The update point answers 503: its application pool is stopped or overloaded."""

from __future__ import annotations

from ccmdoctor.evidence.proxy import WinHttpProxy
from ccmdoctor.evidence.update_point import UpdatePointAccess
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains="scan-fails",
    sources=[
        "https://jpmem.github.io/blog/mecm/20250325_01/",
        "https://jpmem.github.io/blog/wsus/2022-05-23_01/",
        "https://jpmem.github.io/blog/wsus/2022-05-09_01/",
    ],
)
def sup_503_wsuspool(access: UpdatePointAccess, proxy: WinHttpProxy | None) -> Finding:
    facts = {"server": access.server, "error": access.error, "since": access.since, "failures": access.failures}
    said = access.offline is not None or access.probe_unavailable
    before = access.failed_before_as("sup-503-wsuspool") if access.points_to("sup-503-wsuspool") else None
    seen = access.points_first_to("sup-503-wsuspool") or access.agent_unavailable or before is not None
    if access.answers or not (said or seen or access.points_to("sup-503-wsuspool")):
        return (
            undecided("scan-history")
            if access.untold("sup-503-wsuspool") and not access.probe_answered
            else ruled_out(access.why_not, access)
        )
    if said and not access.failed_on_the_way:
        return possible(access.offline, access, against=["scan-fails-otherwise"], facts=facts)
    if access.offline:
        return confirmed(access.offline, access, facts=facts)
    if access.probe_unavailable:
        verdict = confirmed if access.asked_on_client else likely
        return verdict(access, settle=["sup-health"], facts=facts)
    if access.probe_ok:
        return possible(access, against=["probe-ok"], settle=["sup-health"], facts=facts)
    if not seen:
        return possible(access, settle=access.unasked(proxy, "sup-health"), facts=facts)
    against = ["proxy-in-path"] if proxy and proxy.used_for(access.server) else []
    return likely(access, before, against=against, settle=access.unasked(proxy, "sup-health"), facts=facts)
