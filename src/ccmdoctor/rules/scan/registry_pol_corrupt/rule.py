"""The local policy file registry.pol cannot be read."""

from __future__ import annotations

from ccmdoctor.evidence.group_policy import GroupPolicy
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains="update-source-not-set",
    sources=[
        "https://jpmem.github.io/blog/mecm/20260819_01/",
        "https://jpwinsup.github.io/blog/2021/12/17/ActiveDirectory/GroupPolicy/Introduction-of-the-registry-pol-file/",
        "https://learn.microsoft.com/previous-versions/windows/desktop/Policy/registry-policy-file-format",
    ],
)
def registry_pol_corrupt(policy: GroupPolicy) -> Finding:
    refused = policy.refused if policy.refused_as("registry-pol-corrupt") and not policy.overwritten else None
    facts = {
        "error": policy.write.read_error if policy.write and policy.unreadable else policy.refusal if refused else None,
        "header": policy.file.header.text if policy.file else None,
        "records": policy.file.records if policy.file else None,
    }
    failed = (policy.unreadable, policy.refused_unread, policy.refused_by_windows)
    if policy.file is not None and not policy.file.valid:
        if policy.unreadable:
            return confirmed(*failed, policy.file, facts=facts)
        if policy.cleared and not policy.refused:
            return possible(policy.file, policy.cleared, against=["update-source-was-set"], facts=facts)
        return likely(policy.refused, policy.file, settle=[] if policy.write else ["scan-history"], facts=facts)
    if policy.unreadable:
        if policy.file is not None:
            return possible(*failed, policy.file, against=["policy-file-valid"], facts=facts)
        sure = policy.refused_by_windows or not policy.unreadable_as("access-denied-install")
        verdict = likely if sure else possible
        return verdict(*failed, settle=["registry-pol"], facts=facts)
    if refused and policy.file is not None:
        return possible(refused, policy.file, against=["policy-file-valid"], facts=facts)
    if refused:
        return likely(refused, settle=["registry-pol"], facts=facts)
    if policy.refused_by_windows:
        return likely(policy.refused_by_windows, settle=["registry-pol", "scan-history"], facts=facts)
    proof = policy.was_readable or policy.overwritten or policy.file
    return ruled_out("policy-was-readable", proof) if proof else undecided("registry-pol", "scan-history")
