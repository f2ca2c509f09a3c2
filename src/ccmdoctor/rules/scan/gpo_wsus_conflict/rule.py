"""A domain group policy sets the update service location and overrules the client."""

from __future__ import annotations

from ccmdoctor.evidence.group_policy import GroupPolicy
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out


@rule(
    explains="scan-fails",
    sources=[
        "https://jpmem.github.io/blog/mecm/20250325_01/",
        "https://jpmem.github.io/blog/mecm/20260819_02/",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-software-update-scan-failures",
        "https://learn.microsoft.com/intune/configmgr/sum/get-started/manage-settings-for-software-updates",
    ],
)
def gpo_wsus_conflict(policy: GroupPolicy) -> Finding:
    by_domain = policy.winning is not None and policy.winning.by_domain
    row = policy.winning.location if policy.winning else None
    facts = {"gpo": policy.winning.gpo if policy.winning else None, "server": policy.domain_server}
    if policy.overwritten:
        return confirmed(policy.overwritten, policy.refused, row if by_domain else None, facts=facts)
    if policy.refused_as("gpo-wsus-conflict"):
        if by_domain:
            return confirmed(policy.refused, row, facts=facts)
        if row is None:
            return likely(policy.refused, settle=["gpresult", "registry-pol"], facts=facts)
        return possible(policy.refused, row, against=["gpresult-is-local"], settle=["registry-pol"], facts=facts)
    if by_domain:
        verdict = possible if policy.cleared else likely
        against = ["update-source-was-set"] if policy.cleared else []
        return verdict(row, policy.cleared, against=against, settle=["scan-history"], facts=facts)
    return ruled_out("update-source-was-set", policy.cleared) if policy.cleared else ruled_out("no-domain-policy", row)
