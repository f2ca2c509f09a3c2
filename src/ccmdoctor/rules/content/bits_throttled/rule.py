"""A limit for background transfers makes the download slow."""

from __future__ import annotations

from ccmdoctor.evidence.bits import BitsLimit
from ccmdoctor.evidence.transfer import Transfers
from ccmdoctor.model import Finding, Verdict
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="download-fails",
    sources=[
        "https://jpmem.github.io/blog/mecm/20250619_01/",
        "https://learn.microsoft.com/intune/configmgr/core/clients/deploy/about-client-settings",
    ],
    at_most=Verdict.LIKELY,
)
def bits_throttled(limit: BitsLimit, transfers: Transfers | None) -> Finding:
    if not limit.is_on:
        return ruled_out("no-bits-limit", limit)
    if limit.foreground:
        return ruled_out("transfer-in-foreground", limit.running)
    if limit.slow is None:
        return undecided("bits-jobs")
    fails = transfers is not None and transfers.failing
    verdict = likely if limit.late and not fails else possible
    return verdict(limit, kilobits=limit.kilobits, against=["transfer-fails"] if fails else [], settle=["bits-jobs"])
