"""The scan needs more round trips to the update point than are allowed."""

from __future__ import annotations

from ccmdoctor.evidence.update_point import UpdatePointAccess
from ccmdoctor.model import Finding
from ccmdoctor.rules import rule
from ccmdoctor.rules.signature import by_scan_error


@rule(
    explains="scan-fails",
    sources=[
        "https://learn.microsoft.com/windows/win32/wua_sdk/wua-networking-error-codes-",
        "https://jpmem.github.io/blog/wsus/2022-05-09_01/",
        "https://jpmem.github.io/blog/wsus/2026-07-21_01/",
    ],
)
def sup_max_server_trips(access: UpdatePointAccess) -> Finding:
    return by_scan_error("sup-max-server-trips", access, ("wsus-catalogue",))
