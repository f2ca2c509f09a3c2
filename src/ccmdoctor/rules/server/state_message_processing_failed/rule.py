"""The site server cannot store the state messages that arrive."""

from __future__ import annotations

from ccmdoctor.evidence.site_systems import StateProcessing
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, possible, rule, ruled_out, undecided


@rule(
    explains=["not-reported", "state-message-backlog-server"],
    sources=[
        "https://learn.microsoft.com/intune/configmgr/hotfix/2107/11121541",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/state-messaging-description",
    ],
)
def state_message_processing_failed(processing: StateProcessing) -> Finding:
    if processing.failing:
        return confirmed(*processing.failing[-3:], reason=processing.reason, attempts=processing.attempts)
    if processing.invalid:
        return possible(processing.invalid, against=["invalid-records-only"], reason=None, attempts=1)
    if processing.processed or processing.errors:
        return ruled_out("states-processed", processing.good)
    return undecided("statesys-log")
