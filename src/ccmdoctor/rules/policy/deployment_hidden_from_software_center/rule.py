"""The deployment is set to be hidden in Software Center."""

from __future__ import annotations

from ccmdoctor.evidence.policy import Assignments
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, rule, ruled_out, undecided


@rule(
    explains="not-shown",
    sources=[
        "https://learn.microsoft.com/intune/configmgr/develop/reference/core/clients/sdk/ccm_softwareupdate-client-wmi-class",
        "https://learn.microsoft.com/intune/configmgr/develop/reference/sum/sms_updatesassignment-server-wmi-class",
    ],
    answer=True,
)
def deployment_hidden(assignments: Assignments) -> Finding:
    hidden = assignments.hidden
    if hidden:
        return confirmed(hidden, deployment=hidden.name)
    if not assignments.complete:
        return undecided("assignment-details")
    return ruled_out("deployment-visible", assignments)
