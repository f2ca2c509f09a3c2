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
        if picture.sup_named and picture.content_found:
            return ruled_out("sup-location-received", picture)
        against = ["sup-location-received"] if picture.sup_named else []
        verdict = possible if picture.sup_named else likely
        return verdict(picture, address=picture.address, against=against, settle=picture.unasked[1:])
    if picture.group:
        return ruled_out("in-boundary-group", picture.group)
    if picture.sup_named and not picture.content_empty:
        return ruled_out("sup-location-received", picture)
    nothing = picture.sup_empty and picture.content_empty
    if picture.matching:
        if not nothing:
            return undecided("boundary-group-cache")
        against = ["boundary-matches"]
        return possible(picture, picture.matching, address=picture.address, against=against, settle=picture.unasked)
    if nothing and picture.content_was_found:
        against = ["content-was-located"]
        return possible(picture, address=picture.address, against=against, settle=picture.unasked)
    if nothing or picture.in_none:
        return likely(picture, address=picture.address, settle=picture.unasked)
    if picture.sup_empty and not picture.content_found:
        return possible(picture, address=picture.address, settle=picture.unasked)
    return undecided("boundary-group-cache", "boundaries")
