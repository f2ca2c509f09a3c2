"""The client stands in no boundary group."""

from __future__ import annotations

from ccmdoctor.evidence.boundary import BoundaryPicture
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains=["no-sup-location", "content-not-located"],
    sources=[
        "https://jpmem.github.io/blog/mecm/20250325_01/",
        "https://jpmem.github.io/blog/mecm/20230327_01/",
        "https://learn.microsoft.com/intune/configmgr/core/servers/deploy/configure/boundary-groups-software-update-points",
        "https://home.memftw.com/boundary-group-caching-and-missing-boundaries-in-configmgr/",
    ],
)
def client_outside_boundary_group(picture: BoundaryPicture) -> Finding:
    if picture.on_internet:
        return ruled_out("client-on-internet", picture.on_internet)
    if picture.said_none:
        if picture.sup_empty or picture.content_empty:
            return confirmed(picture, address=picture.address)
        against = ["sup-location-received"] if picture.sup_named else []
        return likely(picture, address=picture.address, against=against, settle=["sup-location", "content-locations"])
    if picture.group:
        return ruled_out("in-boundary-group", picture.group)
    if picture.sup_named and not picture.content_empty:
        return ruled_out("sup-location-received", picture.location.found if picture.location else None)
    nothing = picture.sup_empty and picture.content_empty
    ask = ["boundary-group-cache", "default-boundary-group", "boundaries"]
    if picture.matching:
        if not nothing:
            return undecided("boundary-group-cache")
        return possible(
            picture, picture.matching, address=picture.address, against=["boundary-matches"], settle=ask[:2]
        )
    if nothing and picture.content_was_found:
        return possible(picture, address=picture.address, against=["content-was-located"], settle=ask)
    if nothing or picture.in_none:
        return likely(picture, address=picture.address, settle=ask[:2] if picture.in_none else ask)
    if picture.sup_empty and not picture.content_found:
        return possible(picture, address=picture.address, settle=[*ask, "content-locations"])
    return undecided("boundary-group-cache", "boundaries")
