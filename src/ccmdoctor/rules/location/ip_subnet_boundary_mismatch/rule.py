"""An IP subnet boundary is meant to cover the client and does not match its subnet id."""

from __future__ import annotations

from ccmdoctor.evidence.boundary import ClientAddresses, SiteBoundaries
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, rule, ruled_out, undecided


@rule(
    explains="no-sup-location",
    sources=[
        "https://jpmem.github.io/blog/mecm/20220414_01/",
    ],
)
def ip_subnet_boundary_mismatch(site: SiteBoundaries, client: ClientAddresses) -> Finding:
    matches = site.against(client)
    if not matches:
        return undecided("ip-configuration")
    fitting = next((one for one in matches if one.matches), None)
    if fitting:
        return ruled_out("boundary-matches", fitting.boundary)
    trapped = next((one for one in matches if one.trapped), None)
    if trapped is None:
        return ruled_out("no-covering-boundary", client)
    return confirmed(
        trapped.boundary, client, boundary=trapped.boundary.name, address=trapped.address, subnet_id=trapped.subnet_id
    )
