"""The deadline of the deployment lies ahead; until then nobody but the user starts the installation."""

from __future__ import annotations

from ccmdoctor.evidence.deployment_times import DeploymentTimes
from ccmdoctor.evidence.enforcement import EarlierTrouble, UpdateProgress
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, possible, rule, ruled_out, undecided


@rule(
    explains="install-held",
    sources=[
        "https://learn.microsoft.com/intune/configmgr/develop/reference/sum/sms_updatesassignment-server-wmi-class",
        "https://learn.microsoft.com/intune/configmgr/develop/reference/core/clients/sdk/ccm_softwareupdate-client-wmi-class",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/track-software-update-deployment-process",
    ],
    answer=True,
)
def deadline_not_reached(
    times: DeploymentTimes, progress: UpdateProgress | None, trouble: EarlierTrouble | None
) -> Finding:
    if times.open_ended:
        return ruled_out("no-deadline-set", times)
    if times.passed or times.acted:
        return ruled_out("deadline-has-passed", times)
    ahead = times.ahead
    if ahead is None:
        return undecided("assignment-details")
    offered = progress.idle if progress else None
    if progress and progress.at_work and not offered:
        return ruled_out("update-at-work", progress)
    facts = {"deployment": ahead.label, "deadline": ahead.at}
    if trouble and trouble.keys:
        return possible(ahead, against=trouble.keys, facts=facts)
    if offered or (times.is_asked and progress is None):
        return confirmed(ahead, offered, facts=facts)
    return possible(ahead, settle=["software-center-updates"], facts=facts)
