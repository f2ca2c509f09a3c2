"""The deadline has passed, and users may delay the deployment until its grace period ends."""

from __future__ import annotations

from ccmdoctor.evidence.deployment_times import GracePeriod
from ccmdoctor.evidence.enforcement import EarlierTrouble, UpdateProgress
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="install-held",
    sources=[
        "https://learn.microsoft.com/intune/configmgr/core/clients/deploy/about-client-settings",
        "https://learn.microsoft.com/powershell/module/configurationmanager/set-cmsoftwareupdatedeployment",
    ],
    answer=True,
)
def grace_period(grace: GracePeriod, progress: UpdateProgress | None, trouble: EarlierTrouble | None) -> Finding:
    delayed = grace.delayed
    if delayed is None and not grace.said:
        if grace.is_granted is None:
            return ruled_out("no-grace-granted", grace.denied) if grace.denied else undecided("assignment-details")
        if not grace.is_granted:
            return ruled_out("no-grace-granted", grace)
        dated = grace.times is not None and grace.times.can_be_dated
        return ruled_out("grace-is-over", grace) if dated else undecided("assignment-details")
    if progress and progress.at_work and not progress.idle:
        return ruled_out("update-at-work", progress)
    facts = {"deployment": delayed.label if delayed else None, "deadline": delayed.at if delayed else None}
    if trouble and trouble.keys:
        return possible(grace, against=trouble.keys, facts=facts)
    if grace.said or (progress and progress.idle):
        return likely(grace, progress.idle if progress else None, facts=facts)
    return possible(grace, settle=["software-center-updates"], facts=facts)
