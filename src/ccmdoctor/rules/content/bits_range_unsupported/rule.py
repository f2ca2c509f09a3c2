"""Something on the way does not support range requests, which BITS needs."""

from __future__ import annotations

from ccmdoctor.evidence.bits import BitsClient
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, rule, ruled_out, undecided


@rule(
    explains="download-fails",
    sources=[
        "https://jpmem.github.io/blog/wsus/2022-06-30_01/",
        "https://learn.microsoft.com/windows/win32/bits/http-requirements-for-bits-downloads",
        "https://learn.microsoft.com/troubleshoot/windows-server/networking/cannot-download-file-background-intelligent-transfer-service",
        "https://learn.microsoft.com/intune/configmgr/hotfix/2203/13174460",
    ],
)
def bits_range_unsupported(client: BitsClient) -> Finding:
    failure = client.first_pointing("bits-range-unsupported")
    if failure is None and client.no_ranges:
        return confirmed(client.no_ranges, error=None, since=client.no_ranges.utc, settle=["winhttp-proxy"])
    if failure is None:
        return ruled_out(client.why_not, client) if client.tells_downloads else undecided("bits-jobs")
    return likely(failure, error=failure.error, since=client.since(failure), settle=["bits-jobs", "winhttp-proxy"])
