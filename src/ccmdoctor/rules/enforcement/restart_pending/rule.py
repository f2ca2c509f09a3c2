"""The update is installed and waits for a restart of the computer."""

from __future__ import annotations

from ccmdoctor.evidence.pending_restart import PendingRestarts
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains="restart-outstanding",
    sources=[
        "https://jpmem.github.io/blog/mecm/20260812_02/",
        "https://jpmem.github.io/blog/mecm/20230217_01/",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/track-software-update-deployment-process",
    ],
    answer=True,
)
def restart_pending(pending: PendingRestarts) -> Finding:
    facts = pending.facts
    if pending.denied:
        return ruled_out("no-restart-pending", pending.verdict)
    if pending.is_hard:
        return ruled_out("restart-blocks-installs", pending)
    if pending.awaits and pending.troubles:
        return possible(pending, against=pending.troubles, facts=facts)
    if pending.awaits:
        return confirmed(pending, facts=facts) if pending.is_certain else likely(pending, facts=facts)
    if pending.said:
        return likely(pending, against=["update-not-named"], settle=["software-center-updates"], facts=facts)
    if pending.is_known:
        return possible(*pending.keys, against=["update-not-named"], settle=["restart-state"], facts=facts)
    if pending.renames:
        return undecided("restart-state")
    return ruled_out("restarted-since" if pending.restarted else "no-restart-awaited", pending)
