"""The local policy file registry.pol cannot be read."""

from __future__ import annotations

from ccmdoctor.evidence.group_policy import GroupPolicy
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out


@rule(
    explains="update-source-not-set",
    sources=[
        "https://jpmem.github.io/blog/mecm/20260819_01/",
        "https://jpwinsup.github.io/blog/2021/12/17/ActiveDirectory/GroupPolicy/Introduction-of-the-registry-pol-file/",
    ],
)
def registry_pol_corrupt(policy: GroupPolicy) -> Finding:
    error = policy.write.read_error if policy.write and policy.unreadable else None
    if policy.file is not None and not policy.file.valid:
        verdict = confirmed if policy.unreadable else likely
        return verdict(policy.unreadable, policy.file, error=error, reason=policy.file.reason)
    if not policy.unreadable:
        return ruled_out("policy-was-readable", policy.cleared or policy.file)
    if policy.file is not None:
        return possible(
            policy.unreadable, policy.file, error=error, reason=policy.file.reason, against=["policy-file-valid"]
        )
    verdict = likely if policy.unreadable_as("registry-pol-corrupt") else possible
    return verdict(policy.unreadable, error=error, reason=None, settle=["registry-pol"])
