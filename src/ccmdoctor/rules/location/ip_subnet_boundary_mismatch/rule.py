"""An IP subnet boundary is meant to cover the client and does not match its subnet id."""

from __future__ import annotations

from ccmdoctor.evidence.boundary import BoundaryPicture, ClientAddresses, SiteBoundaries
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains=["no-sup-location", "content-not-located"],
    sources=[
        "https://jpmem.github.io/blog/mecm/20220414_01/",
        "https://learn.microsoft.com/intune/configmgr/core/servers/deploy/configure/boundaries",
    ],
)
def ip_subnet_boundary_mismatch(
    site: SiteBoundaries, client: ClientAddresses, picture: BoundaryPicture | None
) -> Finding:
    matches = site.against(client)
    fitting = next((one for one in matches if one.matches), None)
    if client.on_internet:
        return ruled_out("client-on-internet", client.on_internet)
    if fitting:
        return ruled_out("boundary-matches", fitting.boundary, fitting.witness)
    trapped = sorted((one for one in matches if one.trapped), key=lambda one: one.far)
    if not trapped:
        lacking = any(one.lacks_mask for one in matches)
        return undecided("ip-configuration") if lacking else ruled_out("no-covering-boundary", client)
    if picture is not None and picture.group:
        return ruled_out("in-boundary-group", picture.group)
    meant = trapped[0]
    proof = (meant.boundary, meant.witness, picture)
    settle = picture.unasked if picture else []
    if picture is not None and picture.sup_named:
        if picture.content_found:
            return ruled_out("sup-location-received", picture)
        return possible(*proof, against=["sup-location-received"], settle=settle, facts=meant.facts)
    unread = any(one.open for one in matches)
    against = [*(["boundary-not-comparable"] if unread else []), *(["mask-not-written"] if meant.guess else [])]
    sure = picture is not None and picture.fails and not against
    verdict = confirmed if sure else possible if meant.far else likely
    return verdict(*proof, against=against, settle=settle, facts=meant.facts)
