"""Rules that are pure signature: the newest scan failed with a code that points first to the cause."""

from __future__ import annotations

from collections.abc import Sequence

from ccmdoctor.evidence.update_point import UpdatePointAccess
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, ruled_out, undecided


def by_scan_error(cause: str, access: UpdatePointAccess, settle: Sequence[str] = ("sup-health",)) -> Finding:
    """Likely when the newest scan failed with such a code; ruled out when it succeeded or failed otherwise."""
    if access.points_first_to(cause):
        return likely(
            access.failed,
            access.detail,
            server=access.server,
            error=access.error,
            since=access.since,
            failures=access.failures,
            settle=settle,
        )
    if access.asked_first(cause):
        return likely(
            access.probe,
            server=access.server,
            error=access.error,
            since=access.since,
            failures=access.failures,
            settle=["scan-history", *settle],
        )
    return undecided("scan-history") if access.untold(cause) else ruled_out(access.why_not, access)
