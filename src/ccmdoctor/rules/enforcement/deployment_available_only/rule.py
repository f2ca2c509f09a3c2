"""The deployment has no deadline, so its updates are offered and never installed by themselves."""

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
    ],
    answer=True,
)
def deployment_available_only(
    times: DeploymentTimes, progress: UpdateProgress | None, trouble: EarlierTrouble | None
) -> Finding:
    if not times.is_told:
        return undecided("assignment-details")
    only = times.open_ended
    if only is None:
        return ruled_out("deployment-has-deadline", times)
    offered = progress.offered if progress else None
    if progress and progress.at_work and not offered:
        return ruled_out("update-at-work", progress)
    facts = {"deployment": only.label}
    if trouble and trouble.keys:
        return possible(only, against=trouble.keys, facts=facts)
    if offered:
        return confirmed(only, offered, facts=facts)
    return possible(only, settle=["software-center-updates"], facts=facts)
