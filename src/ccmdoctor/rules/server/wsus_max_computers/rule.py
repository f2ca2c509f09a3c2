"""WSUS knows as many computers as it allows and takes no further one."""

from __future__ import annotations

from ccmdoctor.evidence.wsus_server import WsusComputers
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, rule, ruled_out


@rule(
    explains="scan-fails",
    sources=[
        "https://learn.microsoft.com/previous-versions/windows/desktop/bb530793(v=vs.85)",
        "https://learn.microsoft.com/previous-versions/windows/desktop/aa353769(v=vs.85)",
    ],
)
def wsus_max_computers(computers: WsusComputers) -> Finding:
    if not computers.is_full:
        return ruled_out("computers-below-limit", computers.known, computers.allowed)
    return likely(computers.known, computers.allowed, count=computers.count, limit=computers.limit)
