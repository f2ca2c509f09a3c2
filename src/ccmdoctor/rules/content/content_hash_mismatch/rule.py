"""The downloaded content differs from what its hash says."""

from __future__ import annotations

from ccmdoctor.evidence.content import ContentChecks
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="download-fails",
    sources=[
        "https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference",
        "https://support.microsoft.com/kb/907979",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/content-management/hash-mismatch-error-download-contentinfo-tar",
    ],
)
def content_hash_mismatch(checks: ContentChecks) -> Finding:
    failure = checks.latest
    if failure is not None and failure.folder_empty:
        return ruled_out("folder-was-empty", failure)
    coded = checks.coded
    if failure is not None:
        verdict = likely if failure.surely else possible
        against = [] if failure.surely else ["another-hash-tried"]
        return verdict(
            failure, coded, content=failure.content, error=checks.error or (coded and coded.error), since=failure.when,
            against=against, settle=["content-status", "antivirus-log"],
        )  # fmt: skip
    if coded is not None:
        return likely(coded, content=coded.key, error=coded.error, since=coded.when, settle=["content-logs"])
    if checks.verified is None and checks.recovered is None:
        return undecided("content-logs")
    return ruled_out("hash-verified", checks.verified or checks.recovered)
