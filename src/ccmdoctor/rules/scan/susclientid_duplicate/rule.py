"""Several clients made from one image share a WSUS identity."""

from __future__ import annotations

from ccmdoctor.evidence.scan import ScanHistory
from ccmdoctor.model import Finding, Verdict
from ccmdoctor.rules import possible, rule, ruled_out, undecided


@rule(
    explains="scan-fails",
    sources=[
        "https://jpmem.github.io/blog/wsus/2022-05-18_01/",
    ],
    at_most=Verdict.POSSIBLE,
)
def susclientid_duplicate(scans: ScanHistory) -> Finding:
    last = scans.latest
    if last.succeeded:
        return undecided("other-clients")
    if not last.points_to("susclientid-duplicate"):
        return ruled_out("other-error", last)
    return possible(last, server=last.server, error=last.error, against=["only-this-code"], settle=["other-clients"])
