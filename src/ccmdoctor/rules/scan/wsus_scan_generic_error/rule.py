"""The scan fails with a code that names no known cause."""

from __future__ import annotations

from ccmdoctor.evidence.group_policy import ScanOutcome
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out


@rule(
    explains="scan-fails",
    sources=[
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-software-update-scan-failures",
        "https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference",
    ],
    generic=True,
)
def wsus_scan_generic_error(outcome: ScanOutcome) -> Finding:
    scans, asked = outcome.scans, outcome.asked
    if asked is not None:
        return likely(
            asked.probe, error=asked.error, symbol=outcome.symbol, server=asked.server, since=None, failures=1,
            settle=["scan-history", "sup-health"],
        )  # fmt: skip
    if scans is None:
        return ruled_out("policy-was-written", outcome.overcome)
    last = scans.latest
    if last.succeeded:
        return ruled_out("scan-succeeded", last)
    failures = len(scans.failures_since_success)
    once = last.was_cancelled and failures == 1
    return (possible if once else likely)(
        last, error=last.error, symbol=last.symbol, server=last.server, since=scans.failing_since,
        failures=failures, against=["only-this-code"] if once else [], settle=["windowsupdate-log"],
    )  # fmt: skip
