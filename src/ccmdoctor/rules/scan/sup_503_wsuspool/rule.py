"""The update point answers 503: its application pool is stopped or overloaded."""

from __future__ import annotations

from ccmdoctor.evidence.update_point import UpdatePointAccess
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out


@rule(
    explains="scan-fails",
    sources=[
        "https://jpmem.github.io/blog/mecm/20250325_01/",
        "https://jpmem.github.io/blog/wsus/2022-05-23_01/",
        "https://jpmem.github.io/blog/wsus/2022-05-09_01/",
    ],
)
def sup_503_wsuspool(access: UpdatePointAccess) -> Finding:
    facts = {"server": access.server, "error": access.error, "since": access.since, "failures": access.failures}
    if access.offline:
        return confirmed(access.offline, access, facts=facts)
    first = access.points_first_to("sup-503-wsuspool")
    if access.answers or not (first or access.probe_unavailable or access.agent_unavailable):
        return ruled_out(access.why_not, access)
    if access.probe_unavailable:
        return confirmed(access, settle=["sup-health"], facts=facts)
    if access.probe_ok:
        return possible(access, against=["probe-ok"], settle=["sup-health"], facts=facts)
    return likely(access, settle=["client-asmx", "sup-health"], facts=facts)
