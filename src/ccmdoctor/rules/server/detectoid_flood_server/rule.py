"""The database of WSUS is flooded with test detectoids of July 2026."""

from __future__ import annotations

from ccmdoctor.evidence.update_point import UpdatePointAccess
from ccmdoctor.evidence.wsus_server import Detectoids
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, rule, ruled_out


@rule(
    explains=[
        "sup-invalid-format-detectoid-flood",
        "sup-max-server-trips",
        "sup-soap-server-fault",
        "sup-timeout",
        "sup-503-wsuspool",
    ],
    sources=[
        "https://jpmem.github.io/blog/wsus/2026-07-21_01/",
        "https://jpmem.github.io/blog/wsus/2026-08-05_01/",
    ],
)
def detectoid_flood_server(detectoids: Detectoids, access: UpdatePointAccess | None) -> Finding:
    if detectoids.count == 0:
        return ruled_out("no-detectoids", detectoids.found)
    error = access.error if access else None
    return confirmed(detectoids.found, access and access.failed, count=detectoids.count, error=error)
