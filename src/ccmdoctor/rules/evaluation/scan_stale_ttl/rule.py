"""The newest successful scan is too old to know the update."""

from __future__ import annotations

from ccmdoctor.evidence.scan import ScanHistory
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, rule, ruled_out, undecided


@rule(
    explains="update-not-evaluated",
    sources=[
        "https://learn.microsoft.com/intune/configmgr/sum/understand/software-updates-introduction",
        "https://learn.microsoft.com/intune/configmgr/core/clients/deploy/about-client-settings",
    ],
)
def scan_stale_ttl(scans: ScanHistory) -> Finding:
    last = scans.latest
    if not last.succeeded:
        return ruled_out("scan-is-failing", last)
    if scans.is_overdue is None:
        return undecided("scan-history")
    if not scans.is_overdue:
        return ruled_out("scan-is-fresh", last)
    return likely(last, last_scan=last.when, days=round(scans.days_since_success or 0, 1))
