"""A download in ranges makes no progress for five minutes and is given up."""

from __future__ import annotations

from ccmdoctor.evidence.delta import DeltaDownloads
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, possible, rule, ruled_out, undecided


@rule(
    explains="download-fails",
    sources=[
        "https://jpmem.github.io/blog/mecm/20260812_02/",
        "https://learn.microsoft.com/intune/configmgr/sum/deploy-use/optimize-windows-10-update-delivery",
    ],
)
def delta_download_timeout(delta: DeltaDownloads) -> Finding:
    facts = {"error": delta.error, "since": delta.since}
    if delta.not_started is not None:
        return ruled_out("listener-not-started", delta.not_started)
    if delta.timed_out is not None:
        return confirmed(delta, facts=facts, settle=["bits-jobs", "bits-policy"])
    if delta.coded is not None:
        return possible(delta, facts=facts, settle=["delta-log"])
    if delta.broken_reply is not None:
        return undecided("delta-log")
    if delta.recovered is not None:
        return ruled_out("transfer-recovered", delta.recovered)
    return ruled_out("no-range-failure", delta.success)
