"""The update is in the catalogue, and this computer does not meet its conditions."""

from __future__ import annotations

from ccmdoctor.evidence.applicability import AskedUpdate, ConsoleUpdates
from ccmdoctor.evidence.scan import ScanHistory
from ccmdoctor.model import Finding, Verdict
from ccmdoctor.rules import likely, rule, ruled_out, undecided


@rule(
    explains="update-not-offered",
    sources=[
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/track-software-update-compliance-assessment",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-software-update-synchronization",
    ],
    at_most=Verdict.LIKELY,
)
def update_not_applicable_prerequisite(asked: AskedUpdate, scans: ScanHistory, console: ConsoleUpdates) -> Finding:
    row = console.asked_for
    if not asked.asked:
        return undecided("which-update")
    if asked.known:
        return ruled_out("update-is-known", asked.known)
    if console.expired or console.superseded:
        return ruled_out("update-withdrawn", row)
    if not asked.is_absent or not scans.latest.succeeded:
        return undecided("scan-history", "update-status")
    if row is None:
        return undecided("update-in-console")
    return likely(row, asked, scans.latest, update=console.title, settle=["other-clients"])
