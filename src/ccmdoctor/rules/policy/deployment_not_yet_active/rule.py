"""The deployment starts later, and until then it shows nothing."""

from __future__ import annotations

from ccmdoctor.evidence.policy import Assignments
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, rule, ruled_out, undecided


@rule(
    explains="not-shown",
    sources=[
        "https://learn.microsoft.com/intune/configmgr/develop/reference/sum/sms_updatesassignment-server-wmi-class",
    ],
    answer=True,
)
def deployment_not_yet_active(assignments: Assignments) -> Finding:
    waiting = assignments.not_started
    if waiting:
        return confirmed(waiting, deployment=waiting.name, start=waiting.start)
    if any(one.start for one in assignments.deployments):
        return ruled_out("deployment-started", assignments)
    return undecided("assignment-details")
