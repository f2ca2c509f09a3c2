"""The update waits until a user logs on or off."""

from __future__ import annotations

from ccmdoctor.evidence.enforcement import USER_STATES, UpdateProgress
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, rule, ruled_out


@rule(
    explains="install-held",
    sources=[
        "https://learn.microsoft.com/intune/configmgr/develop/reference/core/clients/sdk/ccm_softwareupdate-client-wmi-class",
    ],
)
def user_not_logged_on(progress: UpdateProgress) -> Finding:
    held = progress.held(*USER_STATES)
    if held:
        return confirmed(held, update=held.label, waiting_since=held.when)
    return ruled_out("no-user-awaited", progress)
