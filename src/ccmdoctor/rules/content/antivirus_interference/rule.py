"""The antivirus product takes or holds files that an update needs."""

from __future__ import annotations

from ccmdoctor.evidence.bits import AntivirusHits
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains="download-fails",
    sources=[
        "https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference",
        "https://learn.microsoft.com/defender-endpoint/troubleshoot-microsoft-defender-antivirus",
        "https://jpwinsup.github.io/blog/2021/12/17/ActiveDirectory/GroupPolicy/Introduction-of-the-registry-pol-file/",
    ],
)
def antivirus_interference(hits: AntivirusHits) -> Finding:
    failure = hits.pointing("antivirus-interference")
    if hits.taken:
        verdict = confirmed if failure else likely
        return verdict(hits, failure, path=hits.path, error=failure and failure.error, since=hits.since)
    held = hits.held
    if held is not None:
        return possible(held, path=None, error=held.error, since=held.when, settle=["antivirus-log"])
    if failure is not None or not hits.success:
        return undecided("antivirus-log")
    return ruled_out("content-transferred", hits.success)
