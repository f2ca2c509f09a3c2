"""The newest successful scan is too old to know the update."""

from __future__ import annotations

from ccmdoctor.evidence.scan import ScanHistory
from ccmdoctor.evidence.updates import UpdateStates
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="update-not-evaluated",
    sources=[
        "https://learn.microsoft.com/intune/configmgr/sum/understand/software-updates-introduction",
        "https://learn.microsoft.com/intune/configmgr/core/clients/deploy/about-client-settings",
    ],
)
def scan_stale_ttl(scans: ScanHistory, updates: UpdateStates | None) -> Finding:
    last = scans.latest
    if not last.succeeded:
        return ruled_out("scan-is-failing", last)
    if updates is not None and updates.is_overdue is False:
        return ruled_out("scan-is-fresh", updates)
    if scans.is_overdue is None:
        return undecided("scan-history")
    if not scans.is_overdue:
        return ruled_out("scan-is-fresh", last)
    known = updates.asked_for if updates else None
    if known and known.installed:
        return ruled_out("update-is-known", known)
    verdict = possible if known else likely
    return verdict(
        last,
        known,
        last_scan=last.when,
        days=round(scans.days_since_success or 0, 1),
        against=["update-is-known"] if known else [],
    )
