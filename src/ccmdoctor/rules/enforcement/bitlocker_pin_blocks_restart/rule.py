"""After its restart the computer waits at the BitLocker PIN until somebody types it."""

from __future__ import annotations

from ccmdoctor.evidence.restart import BitLockerPin
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="restart-outstanding",
    sources=[
        "https://learn.microsoft.com/intune/configmgr/core/clients/deploy/about-client-settings",
        "https://learn.microsoft.com/windows-server/administration/windows-commands/manage-bde-protectors",
    ],
)
def bitlocker_pin_blocks_restart(bitlocker: BitLockerPin) -> Finding:
    facts = {"asked": bitlocker.begun.utc if bitlocker.begun else None, "hours": bitlocker.hours}
    if bitlocker.begun is None:
        return undecided("reboot-coordinator-log")
    if bitlocker.stayed_away:
        return likely(bitlocker, against=["computer-may-be-off"], settle=["client-agent-config"], facts=facts)
    if bitlocker.back:
        return ruled_out("computer-came-back", bitlocker)
    return possible(bitlocker, against=["computer-may-be-off"], settle=["client-agent-config"], facts=facts)
