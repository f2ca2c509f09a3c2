"""The site cannot synchronise the catalogue of updates."""

from __future__ import annotations

from ccmdoctor.evidence.update_sync import UpdateSync
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains=["wsus-location-empty-content-version", "update-not-offered", "wsyncmgr-shows-100-not-success"],
    sources=[
        "https://jpmem.github.io/blog/mecm/20260812_01/",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-software-update-synchronization",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/track-software-update-synchronization",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-wsus-import-sync-issues",
    ],
)
def sup_sync_failed(sync: UpdateSync) -> Finding:
    if not sync.failing and sync.source_failing:
        facts = {"reason": sync.source_reason, "since": sync.source_failing.utc, "attempts": 1}
        if sync.source_unsure:
            return possible(sync.source_failing, against=["sync-failed-once"], settle=["sync-log"], facts=facts)
        return likely(sync.source_failing, settle=["sync-log"], facts=facts)
    if not sync.failing:
        return ruled_out("sync-succeeded", sync.succeeded) if sync.succeeded else undecided("sync-log")
    facts = {"reason": sync.reason, "since": sync.since, "attempts": sync.attempts}
    settle = ["wcm-log"] if sync.names_configuration else []
    if sync.attempts > 1:
        return confirmed(sync.telling, *sync.failing[-2:], settle=settle, facts=facts)
    return likely(sync.telling, *sync.failing[-2:], against=["sync-failed-once"], settle=settle, facts=facts)
