"""The client waits until a neighbouring boundary group may serve it."""

from __future__ import annotations

from ccmdoctor.evidence.content import ContentSearches
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="content-not-located",
    sources=[
        "https://learn.microsoft.com/intune/configmgr/core/servers/deploy/configure/boundary-groups-distribution-points",
        "https://jpmem.github.io/blog/mecm/20180706_02/",
    ],
    answer=True,
)
def boundary_fallback_wait(searches: ContentSearches) -> Finding:
    if not searches.finds_nothing and not searches.waiting:
        if searches.located:
            return ruled_out("content-located", searches)
        return (
            ruled_out("transfer-recovered", searches.cancelled)
            if searches.cancelled
            else undecided("content-locations")
        )
    facts = {"content": searches.content, "since": searches.since}
    if searches.finds_nothing:
        return possible(searches, facts=facts, against=["location-reply-was-empty"], settle=["content-locations"])
    if searches.waits_briefly:
        return likely(searches, facts=facts, settle=["content-locations"])
    against = ["waited-longer-than-default"] if searches.since else []
    return possible(searches, facts=facts, against=against, settle=["content-locations"])
