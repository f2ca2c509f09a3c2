"""The client's boundary group refers to no software update point."""

from __future__ import annotations

from ccmdoctor.evidence.boundary import BoundaryPicture
from ccmdoctor.model import Finding, Verdict
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="no-sup-location",
    sources=[
        "https://jpmem.github.io/blog/mecm/20230327_01/",
        "https://learn.microsoft.com/intune/configmgr/core/servers/deploy/configure/boundary-groups-software-update-points",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-software-update-scan-failures",
    ],
    at_most=Verdict.LIKELY,
)
def sup_not_in_boundary_group(picture: BoundaryPicture) -> Finding:
    if picture.sup_named:
        return ruled_out("sup-location-received", picture)
    if picture.location is None or not picture.sup_empty:
        return undecided("sup-location")
    if picture.on_internet:
        return ruled_out("client-on-internet", picture.on_internet)
    if picture.said_none:
        return ruled_out("in-no-boundary-group", picture.said_none)
    ask = ["boundary-group-sups", "sup-sync-status"]
    if picture.location.version_lags:
        return possible(picture, address=picture.address, against=["catalogue-version-rose"], settle=ask)
    if picture.group or picture.groups or picture.content_found:
        return likely(picture, address=picture.address, settle=ask)
    more = [] if picture.content else ["content-locations"]
    return possible(picture, address=picture.address, settle=[*more, *ask])
