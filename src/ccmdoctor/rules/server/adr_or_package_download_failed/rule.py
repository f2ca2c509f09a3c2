"""The site cannot download the content of updates into a deployment package."""

from __future__ import annotations

from ccmdoctor.evidence.deployment_rules import PackageDownloads
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, rule, ruled_out, undecided


@rule(
    explains=["content-not-distributed", "policy-not-received"],
    sources=[
        "https://jpmem.github.io/blog/mecm/20260812_03/",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/adr-updates-download-failure",
        "https://github.com/PatchMyPCTeam/kbs.patchmypc.com/blob/main/configmgr/common-issues-and-error-codes/missing-cab-update.md",
        "https://github.com/PatchMyPCTeam/kbs.patchmypc.com/blob/main/configmgr/troubleshooting/error-process-not-background-processing.md",
        "https://github.com/PatchMyPCTeam/kbs.patchmypc.com/blob/main/configmgr/troubleshooting/system-cannot-find-the-path-specified-0x80070003.md",
    ],
)
def adr_or_package_download_failed(downloads: PackageDownloads) -> Finding:
    if not downloads.failing:
        if downloads.good:
            return ruled_out("update-content-downloaded", downloads.good)
        return undecided("patch-download-log")
    verdict = confirmed if downloads.is_explained else likely
    return verdict(
        downloads,
        error=downloads.error or downloads.number,
        reason=downloads.reason,
        content=downloads.content,
        since=downloads.since,
        settle=["patch-download-log"],
    )
