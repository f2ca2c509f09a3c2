"""A domain group policy sets the update service location and overrules the client."""

from __future__ import annotations

from ccmdoctor.evidence.group_policy import GroupPolicy
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


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
    domain, local = policy.domain_policy, policy.local_policy
    first = next((one for one in policy.objects if one.server), None)
    facts = {"gpo": policy.gpo, "server": policy.domain_server or (first.server if first else None)}
    if policy.overwritten and local:
        against = ["gpresult-is-local"]
        return likely(policy.overwritten, policy.refused, local, against=against, settle=["scan-history"], facts=facts)
    if policy.overwritten:
        settle = [] if domain else ["gpresult"]
        return confirmed(policy.overwritten, policy.refused, domain, *policy.set_by, settle=settle, facts=facts)
    if policy.refused_as("gpo-wsus-conflict"):
        if domain and policy.same_address:
            return likely(policy.refused, domain, policy.update_point, against=["gpo-sets-same-address"], facts=facts)
        if domain:
            return confirmed(policy.refused, domain, policy.update_point, facts=facts)
        if local:
            return possible(policy.refused, local, against=["gpresult-is-local"], settle=["registry-pol"], facts=facts)
        if policy.winning:
            return possible(policy.refused, against=["gpresult-without-location"], settle=["registry-pol"], facts=facts)
        return likely(policy.refused, *policy.set_by, settle=["gpresult", "registry-pol"], facts=facts)
    if domain and policy.cleared:
        against = ["update-source-was-set", *(["gpo-sets-same-address"] if policy.same_address else [])]
        return possible(domain, policy.cleared, against=against, settle=["windows-update-policy"], facts=facts)
    if domain and policy.same_address:
        return possible(
            domain, policy.update_point, against=["gpo-sets-same-address"], settle=["scan-history"], facts=facts
        )
    if domain and policy.update_point:
        return confirmed(domain, policy.update_point, settle=["scan-history"], facts=facts)
    if domain:
        return likely(domain, settle=["scan-history", "sup-location"], facts=facts)
    if policy.refused or policy.unreadable:
        return ruled_out("policy-fails-otherwise", policy.unreadable or policy.refused)
    if policy.cleared:
        return ruled_out("update-source-was-set", policy.cleared)
    if local:
        return ruled_out("no-domain-policy", local)
    if policy.set_by:
        return possible(*policy.set_by, settle=["gpresult", "scan-history"], facts=facts)
    return undecided("gpresult", "scan-history")
