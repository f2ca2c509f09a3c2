"""A third-party update cannot be downloaded in ranges over the cloud management gateway."""

from __future__ import annotations

from ccmdoctor.evidence.delta import DeltaDownloads
from ccmdoctor.model import Finding, Verdict
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="download-fails",
    sources=[
        "https://learn.microsoft.com/intune/configmgr/sum/deploy-use/optimize-windows-10-update-delivery",
        "https://github.com/PatchMyPCTeam/kbs.patchmypc.com/blob/main/configmgr/troubleshooting/third-party-updates-fail-download.md",
    ],
    at_most=Verdict.LIKELY,
)
def delta_third_party_cmg(delta: DeltaDownloads) -> Finding:
    if delta.coded is None:
        if delta.recovered is not None:
            return ruled_out("transfer-recovered", delta.recovered)
        return ruled_out("no-range-failure", delta.success) if delta.success else undecided("delta-log")
    if delta.local is None and delta.gateway is None:
        return undecided("content-logs")
    verdict = likely if delta.local and delta.gateway else possible
    return verdict(
        delta.coded, delta.local, delta.gateway, error=delta.coded.error, since=delta.coded.when,
        settle=["content-logs", "delta-log"],
    )  # fmt: skip
