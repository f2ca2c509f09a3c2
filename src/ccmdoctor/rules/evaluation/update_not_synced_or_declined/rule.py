"""The update point does not offer the update: not synchronised, declined, expired, or not applicable here."""

from __future__ import annotations

from ccmdoctor.evidence.scan import ScanHistory
from ccmdoctor.evidence.updates import UpdateStates
from ccmdoctor.model import Finding, Verdict
from ccmdoctor.rules import possible, rule, ruled_out, undecided


@rule(
    explains="update-not-offered",
    sources=[
        "https://jpmem.github.io/blog/mecm/20250325_01/",
        "https://jpmem.github.io/blog/mecm/20220520_01/",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-software-update-synchronization",
    ],
    at_most=Verdict.POSSIBLE,
)
def update_not_synced_or_declined(updates: UpdateStates, scans: ScanHistory | None) -> Finding:
    if not updates.target.update:
        return undecided("which-update")
    if updates.asked_for:
        return ruled_out("update-is-known", updates.asked_for)
    scan_succeeded = scans is not None and scans.latest.succeeded
    if not updates.would_show_asked or not (updates.updates or scan_succeeded):
        return undecided("update-status")
    against = []
    if scans is not None and not scan_succeeded:
        against = ["scan-is-failing"]
    elif updates.is_overdue or (scans is not None and scans.is_overdue):
        against = ["list-is-old"]
    if updates.shows_only_missing:
        against = [*against, "list-shows-only-missing"]
    return possible(
        updates,
        scans.latest if scans else None,
        update=updates.target.update,
        against=against,
        settle=["update-in-console"],
    )
