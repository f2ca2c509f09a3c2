"""More state messages arrive at the site server than it works off."""

from __future__ import annotations

from ccmdoctor.evidence.site_systems import StateProcessing
from ccmdoctor.model import Finding, Verdict
from ccmdoctor.rules import likely, rule, ruled_out, undecided


@rule(
    explains="not-reported",
    sources=[
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/state-messaging-description",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/track-software-update-compliance-assessment",
    ],
    at_most=Verdict.LIKELY,
)
def state_message_backlog_server(processing: StateProcessing) -> Finding:
    if processing.full_loads:
        return likely(*processing.full_loads[-3:], count=len(processing.full_loads))
    if processing.chunks:
        return ruled_out("states-worked-off", processing.chunks[-1])
    return undecided("statesys-log")
