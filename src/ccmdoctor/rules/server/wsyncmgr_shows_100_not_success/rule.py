"""The synchronisation reached 100 % of a phase and failed all the same."""

from __future__ import annotations

from ccmdoctor.evidence.update_sync import UpdateSync
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, rule, ruled_out, undecided


@rule(
    explains="update-not-offered",
    sources=[
        "https://jpmem.github.io/blog/mecm/20260812_01/",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/track-software-update-synchronization",
    ],
)
def wsyncmgr_shows_100_not_success(sync: UpdateSync) -> Finding:
    if sync.complete_before:
        return likely(sync.complete_before, sync.telling, reason=sync.reason, attempts=sync.attempts)
    if sync.unfinished or not sync.succeeded:
        return undecided("sync-log")
    return ruled_out("sync-succeeded", sync.succeeded)
