"""Content waits on its way to a distribution point, and nothing failed."""

from __future__ import annotations

from ccmdoctor.evidence.distribution import Distribution
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out


@rule(
    explains="content-not-distributed",
    sources=[
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/content-management/troubleshoot-content-distribution",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/content-management/understand-package-actions",
    ],
    answer=True,
)
def distribution_waiting(distribution: Distribution) -> Finding:
    waiting = distribution.waiting
    if distribution.failing:
        return ruled_out("delivery-failed", distribution.failing)
    if waiting is None:
        return ruled_out("nothing-waits", distribution.good)
    facts = {"package": waiting.package, "dp": waiting.point}
    if distribution.waits_surely:
        return likely(*waiting.waits_told, settle=["content-status"], facts=facts)
    return possible(*waiting.waits_told, against=["delivery-only-slowed"], settle=["content-status"], facts=facts)
