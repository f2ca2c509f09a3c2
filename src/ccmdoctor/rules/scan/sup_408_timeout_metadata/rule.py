"""The update point gives up on the request because the catalogue answer takes too long (HTTP 408)."""

from __future__ import annotations

from ccmdoctor.evidence.update_point import UpdatePointAccess
from ccmdoctor.model import Finding
from ccmdoctor.rules import rule
from ccmdoctor.rules.signature import by_scan_error


@rule(
    explains="scan-fails",
    sources=[
        "https://jpmem.github.io/blog/wsus/2019_04-04_01/",
        "https://jpmem.github.io/blog/wsus/2022-05-09_01/",
    ],
)
def sup_408_timeout_metadata(access: UpdatePointAccess) -> Finding:
    return by_scan_error("sup-408-timeout-metadata", access)
