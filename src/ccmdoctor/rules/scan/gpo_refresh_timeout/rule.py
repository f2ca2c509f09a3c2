"""Group policy is not refreshed in time, so the update source is never set."""

from __future__ import annotations

from ccmdoctor.evidence.group_policy import GroupPolicy
from ccmdoctor.model import Finding, Verdict
from ccmdoctor.rules import possible, rule, ruled_out, undecided


@rule(
    explains="scan-fails",
    sources=[
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/track-software-update-compliance-assessment",
        "https://jpmem.github.io/blog/mecm/20260819_02/",
    ],
    at_most=Verdict.POSSIBLE,
)
def gpo_refresh_timeout(policy: GroupPolicy) -> Finding:
    if policy.overwritten or policy.unreadable:
        return ruled_out("policy-fails-otherwise", policy.overwritten or policy.unreadable)
    if policy.refused and policy.domain_policy and not policy.same_address:
        return ruled_out("policy-fails-otherwise", policy.domain_policy)
    if policy.refused_as("gpo-refresh-timeout"):
        return possible(
            policy.refused,
            error=policy.refusal,
            against=["only-this-code"],
            settle=[] if policy.winning else ["gpresult"],
        )
    return ruled_out("policy-was-written", policy.cleared) if policy.cleared else undecided("scan-history")
