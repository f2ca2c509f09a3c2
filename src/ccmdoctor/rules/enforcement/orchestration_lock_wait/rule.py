"""The update waits until the orchestration group lets this member install."""

from __future__ import annotations

from ccmdoctor.evidence.enforcement import UpdateProgress
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, rule, ruled_out


@rule(
    explains="install-held",
    sources=[
        "https://learn.microsoft.com/intune/configmgr/sum/deploy-use/orchestration-groups",
        "https://learn.microsoft.com/intune/configmgr/develop/reference/core/clients/sdk/ccm_softwareupdate-client-wmi-class",
    ],
)
def orchestration_lock_wait(progress: UpdateProgress) -> Finding:
    held = progress.held("wait-for-orchestration")
    if held:
        return confirmed(held, update=held.label, waiting_since=held.when, settle=["orchestration-group"])
    return ruled_out("no-lock-awaited", progress)
