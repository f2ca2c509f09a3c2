"""Preview and out-of-band updates reach the site only when they are imported."""

from __future__ import annotations

from ccmdoctor.evidence.applicability import AskedUpdate, ConsoleUpdates
from ccmdoctor.evidence.scan import ScanHistory
from ccmdoctor.model import Finding, Verdict
from ccmdoctor.rules import possible, rule, ruled_out, undecided


@rule(
    explains="update-not-offered",
    sources=[
        "https://jpmem.github.io/blog/mecm/20250707_01/",
    ],
    at_most=Verdict.POSSIBLE,
)
def preview_or_oob_not_synced(asked: AskedUpdate, scans: ScanHistory, console: ConsoleUpdates | None) -> Finding:
    row = console.asked_for if console else None
    if not asked.asked:
        return undecided("which-update")
    if asked.known:
        return ruled_out("update-is-known", asked.known)
    if row:
        return ruled_out("update-synchronised", row)
    if not asked.is_absent or not scans.latest.succeeded:
        return undecided("scan-history", "update-status")
    if not asked.is_out_of_line:
        return undecided("update-in-console")
    return possible(asked, scans.latest, update=asked.asked, settle=["update-in-console"])
