"""The client stands in no boundary group."""

from __future__ import annotations

from ccmdoctor.evidence.boundary import BoundaryPicture
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains="no-sup-location",
    sources=[
        "https://jpmem.github.io/blog/mecm/20250325_01/",
        "https://jpmem.github.io/blog/mecm/20230327_01/",
        "https://learn.microsoft.com/intune/configmgr/core/servers/deploy/configure/boundary-groups-software-update-points",
    ],
)
def client_outside_boundary_group(picture: BoundaryPicture) -> Finding:
    if picture.in_some:
        return ruled_out("in-boundary-group", picture)
    no_group = picture.groups is not None and picture.groups.is_empty
    if no_group and (picture.sup_empty or picture.content_empty):
        return confirmed(picture, address=picture.address)
    if no_group or picture.in_none or (picture.sup_empty and picture.content_empty):
        return likely(picture, address=picture.address, settle=["boundary-group-cache", "boundaries"])
    if picture.sup_empty and not picture.content_found:
        return possible(picture, address=picture.address, settle=["boundary-group-cache", "content-locations"])
    if picture.location is not None and picture.location.found:
        return ruled_out("sup-location-received", picture.location.found)
    return undecided("boundary-group-cache", "boundaries")
