"""The download is reported as complete, but no file is in the folder."""

from __future__ import annotations

from ccmdoctor.evidence.content import ContentChecks
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, rule, ruled_out, undecided


@rule(
    explains="download-fails",
    sources=[
        "https://learn.microsoft.com/intune/configmgr/core/clients/manage/troubleshooting-dashboard",
        "https://mskb.pkisolutions.com/kb/2022099",
    ],
)
def download_folder_empty(checks: ContentChecks) -> Finding:
    failure = checks.latest
    if failure is None:
        if checks.verified is None and checks.recovered is None:
            return undecided("content-logs")
        return ruled_out("hash-verified", checks.verified or checks.recovered)
    if not failure.folder_empty:
        return ruled_out("files-had-landed", failure) if failure.content else undecided("content-logs")
    return confirmed(
        failure, content=failure.content, expected=failure.expected, since=failure.when, error=checks.error,
        settle=["free-disk", "antivirus-log", "dp-iis-log"],
    )  # fmt: skip
