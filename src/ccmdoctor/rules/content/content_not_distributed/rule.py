"""The content is not on the distribution points that the client may use."""

from __future__ import annotations

from ccmdoctor.evidence.boundary import BoundaryGroupCache
from ccmdoctor.evidence.content import ContentSearches
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="content-not-located",
    sources=[
        "https://jpmem.github.io/blog/mecm/20250325_02/",
        "https://jpmem.github.io/blog/mecm/20180706_02/",
        "https://github.com/PatchMyPCTeam/kbs.patchmypc.com/blob/main/configmgr/troubleshooting/updates-applications-stuck-preparing-download.md",
    ],
)
def content_not_distributed(searches: ContentSearches, groups: BoundaryGroupCache | None) -> Finding:
    if not searches.finds_nothing:
        if searches.located:
            return ruled_out("content-located", searches)
        return (
            ruled_out("transfer-recovered", searches.cancelled)
            if searches.cancelled
            else undecided("content-locations")
        )
    if groups is not None and groups.is_empty:
        return ruled_out("in-no-boundary-group", groups.row)
    verdict = likely if searches.only_some else possible
    return verdict(
        searches, content=searches.content, contents=searches.count, error=searches.error, since=searches.since,
        against=["all-content-missing"] if searches.several_packages else [], settle=["content-status"],
    )  # fmt: skip
