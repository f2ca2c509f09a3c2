"""The WSUS database behind the update point is not maintained."""

from __future__ import annotations

from ccmdoctor.evidence.update_point import UpdatePointAccess
from ccmdoctor.model import Finding, Verdict
from ccmdoctor.rules import possible, rule, ruled_out


@rule(
    explains=["sup-503-wsuspool", "sup-timeout"],
    sources=[
        "https://jpmem.github.io/blog/mecm/20250325_01/",
        "https://jpmem.github.io/blog/wsus/2022-05-09_01/",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/windows-server-update-services-best-practices",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/wsus-maintenance-guide",
    ],
    at_most=Verdict.POSSIBLE,
)
def wsus_not_maintained(access: UpdatePointAccess) -> Finding:
    if not access.points_to("wsus-not-maintained"):
        return ruled_out(access.why_not, access)
    return possible(access, server=access.server, error=access.error, settle=["wsus-catalogue"])
