"""Rules that are pure signature: the newest scan or request failed in just this way."""

from __future__ import annotations

from collections.abc import Sequence

from ccmdoctor.evidence.management_point import ManagementPointTraffic
from ccmdoctor.evidence.update_point import UpdatePointAccess
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, ruled_out, undecided


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
    return undecided("scan-history") if access.unscanned else ruled_out(access.why_not, access)


def by_request_failure(kinds: Sequence[str], traffic: ManagementPointTraffic) -> Finding:
    """Confirmed when the newest request to the management point failed in one of these ways; a brief fault may pass."""
    failure = traffic.current
    if failure is None:
        return ruled_out("mp-answers", traffic.answering)
    if failure.kind not in kinds:
        return ruled_out("mp-other-failure", failure)
    verdict = possible if traffic.brief else confirmed
    return verdict(failure, host=failure.host, symbol=failure.symbol, since=traffic.failing_since)
