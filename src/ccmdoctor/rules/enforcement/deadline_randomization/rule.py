"""The deadline has just passed, and the client spreads its start over the two hours that follow."""

from __future__ import annotations

from ccmdoctor.evidence.deployment_times import DeploymentTimes, is_random
from ccmdoctor.evidence.enforcement import EarlierTrouble, UpdateProgress
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="install-held",
    sources=[
        "https://learn.microsoft.com/intune/configmgr/core/clients/deploy/about-client-settings",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/track-software-update-deployment-process",
    ],
    answer=True,
)
def deadline_randomization(
    times: DeploymentTimes, progress: UpdateProgress | None, trouble: EarlierTrouble | None
) -> Finding:
    if times.acted:
        return ruled_out("deadline-acted", times.acted)
    late = times.just_passed
    if late is None:
        if times.can_be_dated or times.open_ended:
            return ruled_out("deadline-not-just-passed", times)
        return undecided("assignment-details")
    plan = times.plan_of(late)
    if plan and not is_random(plan):
        return ruled_out("deadline-not-random", plan)
    if progress and not progress.idle:
        return ruled_out("update-at-work", progress) if progress.at_work else undecided("evaluation-log")
    facts = {"deployment": late.label, "deadline": late.at}
    if trouble and trouble.keys:
        return possible(late, plan, against=trouble.keys, facts=facts)
    if plan:
        return likely(late, plan, progress, facts=facts)
    return possible(late, progress, settle=["scheduler-log"], facts=facts)
