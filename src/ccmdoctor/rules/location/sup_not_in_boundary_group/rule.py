"""The client's boundary group refers to no software update point."""

from __future__ import annotations

from ccmdoctor.evidence.boundary import BoundaryPicture
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="no-sup-location",
    sources=[
        "https://jpmem.github.io/blog/mecm/20230327_01/",
        "https://learn.microsoft.com/intune/configmgr/core/servers/deploy/configure/boundary-groups-software-update-points",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-software-update-scan-failures",
    ],
)
def sup_not_in_boundary_group(picture: BoundaryPicture) -> Finding:
    if picture.location is None:
        return undecided("sup-location")
    if not picture.sup_empty:
        found = picture.location.found
        return ruled_out("sup-location-received", found) if found else undecided("sup-location")
    if picture.in_some or picture.content_found:
        return likely(picture, address=picture.address, settle=["boundaries"])
    return possible(picture, address=picture.address, settle=["boundary-group-cache", "content-locations"])
