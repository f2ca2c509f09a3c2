"""Several sites claim the place of the client, and it may have joined the wrong one."""

from __future__ import annotations

from ccmdoctor.evidence.registration import SiteOverlap
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="client-broken",
    sources=[
        "https://github.com/MicrosoftDocs/SupportArticles-docs",
        "https://learn.microsoft.com/intune/configmgr/core/clients/deploy/assign-clients-to-a-site",
    ],
)
def boundary_overlap_wrong_site(search: SiteOverlap) -> Finding:
    if search.is_set_by_policy:
        return ruled_out("site-set-by-policy", search.by_policy)
    if search.overlap is None:
        return ruled_out("one-site-found", search.tried) if search.tried else undecided("site-log")
    facts = {"count": search.count, "site": search.site}
    told = (search.overlap, search.first_valid, search.tried)
    verdict = likely if search.first_valid or search.tried else possible
    return verdict(*told, against=["site-may-be-right"], settle=["published-sites"], facts=facts)
