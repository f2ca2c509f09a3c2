"""The client stays on a dead update point, because the code does not make it change."""

from __future__ import annotations

from ccmdoctor.evidence.update_point import UpdatePointAccess
from ccmdoctor.model import Finding, Verdict
from ccmdoctor.rules import possible, rule, ruled_out, undecided


@rule(
    explains="scan-fails",
    sources=[
        "https://blogs.technet.microsoft.com/umairkhan/2014/10/02/configmgr-2012-r2-multiple-sup-scenario-clients-not-failing-over-to-the-other-sup/",
        "https://www.checkyourlogs.net/sccm-using-multiple-sups-but-clients-arent-switching/",
        "https://learn.microsoft.com/intune/configmgr/core/servers/deploy/configure/boundary-groups-software-update-points",
    ],
    at_most=Verdict.POSSIBLE,
)
def sup_unreachable_no_failover(access: UpdatePointAccess) -> Finding:
    if access.failed is None:
        return undecided("scan-history") if access.unscanned else ruled_out(access.why_not, access)
    if access.fails_over:
        return ruled_out("code-fails-over", access.failed)
    if not access.points_to("sup-unreachable-no-failover") or access.failures < 5:
        return undecided("other-update-points")
    return possible(
        access.failed,
        server=access.server,
        error=access.error,
        failures=access.failures,
        settle=["other-update-points"],
    )
