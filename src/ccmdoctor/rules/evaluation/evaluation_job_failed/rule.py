"""The evaluation of a deployment ended with an error."""

from __future__ import annotations

from ccmdoctor.evidence.evaluation import DeploymentEvaluation
from ccmdoctor.evidence.scan import ScanHistory
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out


@rule(
    explains="update-not-evaluated",
    sources=[
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-software-update-deployments",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/track-software-update-compliance-assessment",
    ],
)
def evaluation_job_failed(evaluation: DeploymentEvaluation, scans: ScanHistory | None) -> Finding:
    if evaluation.failing is None:
        return ruled_out("evaluation-succeeded", evaluation.evaluated)
    if evaluation.concerns_content or evaluation.names_document:
        return ruled_out("other-cause-named", evaluation.failing)
    facts = {"error": evaluation.error, "assignment": evaluation.failing.fields.get("assignment")}
    if evaluation.says_little:
        return possible(evaluation.failing, against=["code-of-later-stage"], settle=["install-logs"], facts=facts)
    if scans is not None and not scans.latest.succeeded:
        return possible(evaluation.failing, scans.latest, against=["scan-is-failing"], facts=facts)
    return likely(evaluation.failing, settle=[] if scans else ["scan-history"], facts=facts)
