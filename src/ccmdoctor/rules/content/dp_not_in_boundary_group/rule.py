"""The client's boundary group refers to no distribution point that holds the content."""

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
        "https://learn.microsoft.com/intune/configmgr/core/servers/deploy/configure/boundary-groups-distribution-points",
    ],
)
def dp_not_in_boundary_group(searches: ContentSearches, groups: BoundaryGroupCache | None) -> Finding:
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
    if searches.only_some:
        return ruled_out("other-content-located", searches.located[-1])
    verdict = likely if searches.several_packages else possible
    return verdict(
        searches, content=searches.content, contents=searches.count, error=searches.error, since=searches.since,
        settle=["boundary-group-references", "content-status"],
    )  # fmt: skip
