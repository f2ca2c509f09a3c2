"""BITS sees no network connection and does not begin to transfer."""

from __future__ import annotations

from ccmdoctor.evidence.bits import BitsClient
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains="download-fails",
    sources=[
        "https://jpwinsup.github.io/blog/2021/06/28/Networking/BITS/bits-error-with-no-active-network-connections-on-1903-or-later/",
        "https://learn.microsoft.com/windows/win32/bits/bits-return-values",
    ],
)
def bits_no_active_network(client: BitsClient) -> Finding:
    failure = client.first_pointing("bits-no-active-network")
    if failure is None:
        return ruled_out(client.why_not, client) if client.tells_downloads else undecided("bits-jobs")
    steady = likely if client.is_steady(failure) else possible
    verdict = confirmed if client.listed(failure) or client.without_gateway else steady
    return verdict(
        failure, client.without_gateway, error=failure.error, since=client.since(failure),
        settle=["bits-jobs", "ip-configuration"],
    )  # fmt: skip
