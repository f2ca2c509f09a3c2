"""Security updates after the end of support need a licence that this computer does not have."""

from __future__ import annotations

from ccmdoctor.evidence.applicability import ReportedCodes, SupportExtension
from ccmdoctor.evidence.base import code_of
from ccmdoctor.evidence.scan import ScanHistory
from ccmdoctor.model import Finding, Verdict
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains=("update-not-offered", "install-fails"),
    sources=[
        "https://jpmem.github.io/blog/mecm/20251001_01/",
        "https://learn.microsoft.com/azure/azure-arc/servers/troubleshoot-extended-security-updates",
        "https://learn.microsoft.com/windows/whats-new/extended-security-updates",
    ],
    at_most=Verdict.LIKELY,
)
def esu_license_missing(
    support: SupportExtension, scans: ScanHistory | None, reported: ReportedCodes | None
) -> Finding:
    asked = support.asked
    if support.refused or asked is None:
        return likely(support.refused, error=None, settle=["esu-licence"])
    if asked.in_support:
        return ruled_out("product-in-support", asked.in_support)
    job = reported.pointing_to("esu-license-missing") if reported else None
    scan = scans.latest if scans and scans.latest.points_to("esu-license-missing") else None
    if job is None and scan is None:
        return undecided("esu-licence")
    facts = {"error": code_of(job) or (scan.error if scan else None)}
    verdict = likely if job and asked.out_of_support else possible
    return verdict(job, scan, asked.out_of_support, facts=facts, settle=["esu-licence"])
