"""The scan pins the update point's certificate, and the pinned certificate is not the one it shows."""

from __future__ import annotations

from ccmdoctor.evidence.agent_faults import AgentFaults
from ccmdoctor.model import Finding, Verdict
from ccmdoctor.rules import possible, rule, ruled_out, undecided


@rule(
    explains="scan-fails",
    sources=[
        "https://learn.microsoft.com/intune/configmgr/sum/get-started/software-update-point-ssl",
    ],
    at_most=Verdict.POSSIBLE,
)
def wsus_tls_pinning_mismatch(faults: AgentFaults) -> Finding:
    if faults.pin_store_empty:
        return ruled_out("pin-store-empty", faults.pin_store_empty)
    if faults.pinned is None:
        return undecided("windowsupdate-log")
    if not faults.points_first_to("sup-tls-cert-untrusted-or-expired"):
        return ruled_out("no-such-fault", faults.scans.latest if faults.scans else None)
    return possible(
        faults.pinned, faults.failed, server=faults.server, error=faults.error, against=["pinning-unproven"]
    )
