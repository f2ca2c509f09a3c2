"""The client holds on to an update point that its boundary group does not name any more."""

from __future__ import annotations

from ccmdoctor.evidence.policy_state import ScanPath
from ccmdoctor.evidence.scan import ScanHistory
from ccmdoctor.model import Finding, Verdict
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="scan-fails",
    sources=[
        "https://learn.microsoft.com/intune/configmgr/core/servers/deploy/configure/boundary-groups-software-update-points",
    ],
    at_most=Verdict.LIKELY,
)
def stale_sup_affinity(path: ScanPath, scans: ScanHistory | None) -> Finding:
    if path.current is None:
        return undecided("scan-path")
    if path.reply is None:
        return undecided("sup-location")
    if path.is_offered:
        return ruled_out("scan-path-in-list", path.row)
    facts = {"server": path.current, "offered": path.offered}
    if scans is not None and not scans.latest.succeeded:
        return likely(path.row, path.reply, scans.latest, facts=facts)
    against = ["scan-succeeded"] if scans else []
    return possible(path.row, path.reply, facts=facts, against=against, settle=[] if scans else ["scan-history"])
