"""The update waits until the orchestration group lets this member install."""

from __future__ import annotations

from ccmdoctor.evidence.enforcement import GroupTurn
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, rule, ruled_out


@rule(
    explains="install-held",
    sources=[
        "https://learn.microsoft.com/intune/configmgr/sum/deploy-use/orchestration-groups",
        "https://learn.microsoft.com/intune/configmgr/develop/reference/core/clients/sdk/ccm_softwareupdate-client-wmi-class",
        "https://damgoodadmin.com/2017/10/28/server-group-patching-troubleshooting",
    ],
)
def orchestration_lock_wait(turn: GroupTurn) -> Finding:
    held, awaited = turn.held, turn.awaited
    if held:
        return confirmed(held, update=held.label, waiting_since=held.when, settle=["orchestration-group"])
    if awaited:
        return confirmed(awaited, update=None, waiting_since=awaited.utc, settle=["orchestration-group"])
    return ruled_out("no-lock-awaited", turn)
