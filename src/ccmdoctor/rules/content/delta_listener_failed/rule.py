"""The client's own listener for downloads in ranges does not work."""

from __future__ import annotations

from ccmdoctor.evidence.delta import DeltaDownloads
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains="download-fails",
    sources=[
        "https://github.com/PatchMyPCTeam/kbs.patchmypc.com/blob/main/configmgr/troubleshooting/third-party-updates-fail-download.md",
        "https://learn.microsoft.com/intune/configmgr/sum/deploy-use/optimize-windows-10-update-delivery",
        "https://github.com/MicrosoftDocs/SCCMdocs/issues/2091",
    ],
)
def delta_listener_failed(delta: DeltaDownloads) -> Finding:
    facts = {"error": delta.error, "since": delta.since}
    if delta.not_started is not None:
        return confirmed(delta, facts=facts, settle=["delta-setting"])
    if delta.timed_out is not None:
        return ruled_out("delta-timed-out", delta.timed_out)
    if delta.broken_reply is not None:
        verdict = likely if delta.coded else possible
        against = [] if delta.coded else ["usually-a-consequence"]
        return verdict(delta, facts=facts, against=against, settle=["delta-setting"])
    if delta.coded is not None:
        return undecided("delta-log")
    if delta.recovered is not None:
        return ruled_out("transfer-recovered", delta.recovered)
    return ruled_out("no-range-failure", delta.success)
