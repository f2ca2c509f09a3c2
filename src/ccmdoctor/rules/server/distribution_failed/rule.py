"""The site cannot bring content to a distribution point."""

from __future__ import annotations

from ccmdoctor.evidence.distribution import Distribution
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, rule, ruled_out, undecided


@rule(
    explains=["content-not-distributed", "download-fails"],
    sources=[
        "https://jpmem.github.io/blog/mecm/20260812_03/",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/content-management/troubleshoot-content-distribution",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/content-management/package-distribution-to-remote-dp-fails",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/content-management/content-distribution-error-80070070",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/content-management/content-distribution-idispatch-error",
    ],
)
def distribution_failed(distribution: Distribution) -> Finding:
    failing = distribution.failing
    if failing is None:
        return ruled_out("package-delivered", distribution.good) if distribution.good else undecided("distribution-log")
    facts = {
        "package": failing.package,
        "dp": failing.point,
        "error": distribution.error,
        "reason": distribution.reason,
    }
    if distribution.is_stated:
        return confirmed(failing, settle=["content-status"], facts=facts)
    return likely(failing, against=["send-is-retried"], settle=["content-status"], facts=facts)
