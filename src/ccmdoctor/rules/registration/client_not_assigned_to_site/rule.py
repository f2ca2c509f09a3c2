"""The client is not assigned to a site, or may not join the one it is given."""

from __future__ import annotations

from ccmdoctor.evidence.registration import SiteAssignment
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out


@rule(
    explains=("client-broken", "client-not-registered"),
    sources=[
        "https://learn.microsoft.com/intune/configmgr/core/clients/deploy/assign-clients-to-a-site",
        "https://github.com/configmgr/iOS-CMLogTracer",
    ],
)
def client_not_assigned_to_site(site: SiteAssignment) -> Finding:
    if site.refused or (site.no_authority and site.failed) or site.lasts:
        verdict = confirmed if site.lasts or site.no_authority else likely
        return verdict(site, settle=[] if site.no_authority else ["site-authority"], facts=site.facts)
    if site.is_without_site:
        return likely(site, settle=["site-log"] if site.no_authority else ["site-authority"], facts=site.facts)
    if site.none and not site.authority:
        return possible(site, against=["unassigned-for-a-moment"], settle=["site-authority"], facts=site.facts)
    return ruled_out("site-is-assigned", site.authority or site.assigned)
