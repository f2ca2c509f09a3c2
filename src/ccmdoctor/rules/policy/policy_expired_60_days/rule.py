"""Policy expired after sixty days without contact to a management point."""

from __future__ import annotations

from ccmdoctor.evidence.policy_state import PolicyAge
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, rule, ruled_out, undecided


@rule(
    explains=("policy-not-received", "update-source-not-set"),
    sources=[
        "https://jpmem.github.io/blog/mecm/20230427_01/",
    ],
)
def policy_expired_60_days(policy: PolicyAge) -> Finding:
    if not policy.is_over:
        return ruled_out("policy-not-old", policy.answered)
    if policy.unset is None and (policy.traffic is None or policy.traffic.current is None):
        return undecided("management-point")
    return likely(policy, days=policy.days, settle=[] if policy.unset else ["windows-update-policy"])
