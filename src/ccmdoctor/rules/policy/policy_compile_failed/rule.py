"""A policy reached the client and could not be compiled, so it was rolled back."""

from __future__ import annotations

from ccmdoctor.evidence.policy_transport import PolicyCompilation
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="policy-not-received",
    sources=[
        "https://github.com/MicrosoftDocs/SupportArticles-docs/blob/main/support/mem/configmgr/client-load-policy-error-80040217.md",
        "https://learn.microsoft.com/intune/configmgr/core/plan-design/hierarchy/log-files",
    ],
)
def policy_compile_failed(compilation: PolicyCompilation) -> Finding:
    if compilation.failed:
        against = ["which-policy-not-told"]
        return likely(compilation, against=against, settle=["bad-policy"], facts=compilation.facts)
    if compilation.around:
        settle = ["policy-evaluator-log", "bad-policy"]
        return possible(compilation, against=["which-policy-not-told"], settle=settle, facts=compilation.facts)
    if compilation.applied:
        return ruled_out("policy-was-applied", compilation.applied)
    return undecided("policy-evaluator-log")
