"""The scans of a client against its software update point, as attempts.

    Its a WSUS Update Source type ({GUID}), adding it.
    Added Update Source ({GUID}) of content type: 2
    Async searching of updates using WUAgent started.
    OnSearchComplete - Failed to end search job. Error = 0x80072ee2.
    Scan failed with error = 0x80072ee2.

WUAHandler.log is the witness of ConfigMgr's own scan: the last two lines are one failure, the same pair half an hour
later is another. Where that log is missing, WindowsUpdate.log (see agent_trace.py) and ReportingEvents.log stand in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from ccmdoctor.evidence.agent_trace import Search, failure_code, searches
from ccmdoctor.evidence.base import Bundle, Evidence, Mark, Proof, newest, ordered
from ccmdoctor.formats.web_address import site_in
from ccmdoctor.knowledge import codes
from ccmdoctor.model import Event, HResult, Stage

_GOOD = ("scan-completed", "detection-finished")
_UNREADABLE = ("gpo-object-unreadable", "resultant-policy-unreadable")
_POLICY_STEP = (*_UNREADABLE, "update-source-failed", "scan-job-failed")
_BAD = (*_POLICY_STEP, "search-job-failed", "scan-failed", "detection-failed")
_RESULT = ("handler-scan-result",)
_BEGINS = ("update-source-adding",)
_PAST_POLICY = ("update-source-added", "update-source-known", "search-started")
_WUA_HANDLER = "WUAHandler"
_WITHOUT_WEIGHT = ("resultant-policy-unreadable",)  # a client that never had a policy begins with this line
_BY_DEPLOYMENT = ("assignment-job-error",)
_TALK = "WU_E_PT_"  # codes of the talk with the update point, which nothing but a scan has
_LAST_WORD = ("scan-failed", *_GOOD, *_RESULT)
_REPORTED = ("detection-failed", "detection-finished")
_CALLER = "ccmexec"
_ON_THIS_COMPUTER = (
    ("wu-access-disabled-policy",),
    ("wua-service-disabled",),
    ("wua-datastore-corrupt",),
    ("wua-components-corrupt",),
)
_SERVER = ("wua-server-enabling", "wua-server-existing", "scan-location-received", "sup-callback", "wu-server")
_APART = 90  # seconds between the lines of one attempt, at most
_APART_POLICY = 300  # writing the policy waits 2 minutes for group policy and 30 seconds for the agent
_LONGEST_PAUSE = 7 + 2 / 24 + 1  # days


class Scan(msgspec.Struct, frozen=True):
    """One attempt: when it ended, with which error (None: it succeeded), against which server, and the lines."""

    proof: tuple[Proof, ...]
    error: HResult | None
    server: str | None
    when: datetime | None

    @property
    def succeeded(self) -> bool:
        """Whether the scan came to its end without an error."""
        return self.error is None

    def points_to(self, cause: str) -> bool:
        """Whether the error code is one that points to this cause (see knowledge/hresults.toml)."""
        return self.error is not None and cause in codes.points_to(self.error)

    def points_first_to(self, cause: str) -> bool:
        """Whether this cause is the first that the error code points to."""
        return self.error is not None and codes.points_to(self.error)[:1] == (cause,)

    @property
    def was_cancelled(self) -> bool:
        """Whether the code only says that the scan was broken off, as at every end of a service."""
        return self.error is not None and codes.lookup(self.error).benign

    @property
    def symbol(self) -> str | None:
        """The symbol of the error code, where known."""
        return codes.lookup(self.error).symbol if self.error else None

    @property
    def at_policy(self) -> bool:
        """Whether it failed while the update source was set, before any server was asked."""
        return any(isinstance(one, Event) and one.id in _POLICY_STEP for one in self.proof)


class ScanHistory(Evidence, frozen=True):
    """All scan attempts, oldest first; there is at least one."""

    asks = "scan-history"

    attempts: tuple[Scan, ...]
    now: datetime | None = None

    @classmethod
    def read(cls, bundle: Bundle) -> ScanHistory | None:
        """Attempts of the best witness in the bundle; None when no log tells of a scan's end."""
        for attempts in _witnesses(bundle):
            if attempts:
                return cls(attempts=tuple(attempts), now=bundle.now)
        return None

    @property
    def days_since_success(self) -> float | None:
        """Days from the newest success to the moment the bundle is judged at; None when either is not known."""
        good = self.last_success
        if good is None or good.when is None or self.now is None:
            return None
        return (self.now - good.when).total_seconds() / 86400

    @property
    def is_overdue(self) -> bool | None:
        """Whether the newest success is older than the longest normal pause; None when the age is not known.

        Default schedule 7 days, up to 2 hours of random delay, and 24 hours in which results are reused.
        Source: https://learn.microsoft.com/intune/configmgr/core/clients/deploy/about-client-settings
        """
        age = self.days_since_success
        return None if age is None else age > _LONGEST_PAUSE

    @property
    def latest(self) -> Scan:
        """The newest attempt, which decides."""
        return self.attempts[-1]

    @property
    def last_success(self) -> Scan | None:
        """The newest attempt that succeeded."""
        return next((scan for scan in reversed(self.attempts) if scan.succeeded), None)

    @property
    def failures_since_success(self) -> tuple[Scan, ...]:
        """The unbroken run of failures at the end; empty when the latest scan succeeded."""
        run: list[Scan] = []
        for scan in reversed(self.attempts):
            if scan.succeeded:
                break
            run.append(scan)
        return tuple(reversed(run))

    @property
    def failing_since(self) -> datetime | None:
        """When the run of failures began (UTC), where known."""
        run = self.failures_since_success
        return run[0].when if run else None

    def marks(self) -> Iterable[Mark]:
        """Success and failure of scanning."""
        good = self.last_success
        bad = next((scan for scan in reversed(self.attempts) if not scan.succeeded), None)
        yield Mark(
            Stage.SCAN,
            "scan",
            good.proof[-1] if good else None,
            bad.proof[-1] if bad else None,
            not self.latest.succeeded,
        )


def _witnesses(bundle: Bundle) -> Iterable[list[Scan]]:
    """The attempts as each witness tells them, the best one first."""
    told = bundle.events(*_BAD, *_GOOD, *_RESULT, *_BEGINS, *_PAST_POLICY)
    servers = bundle.events(*_SERVER)
    written = newest([event for event in told if event.id in _PAST_POLICY])
    for log in (_WUA_HANDLER, "ScanAgent", "UpdatesHandler"):
        found = _attempts([event for event in told if event.log == log], servers)
        yield [scan for scan in found if not _overcome(scan, written)]
    reports = bundle.events(*_REPORTED)
    own = [_scan([event], servers) for event in reports if _is_own(event)]
    yield _merged(_searched(searches(bundle), servers, alone=not own), own)
    yield [_scan([event], servers) for event in reports if "caller" not in event.fields]
    yield [_scan([event], servers) for event in reports if _is_of_this_computer(event)]
    if written is None:
        evaluated = newest(bundle.events("assignment-evaluated"))
        jobs = [event for event in bundle.events(*_BY_DEPLOYMENT) if _of_the_talk(event)]
        yield [_scan([event], servers) for event in jobs if evaluated is None or not evaluated.after(event)]


def _overcome(scan: Scan, written: Event | None) -> bool:
    """Whether the attempt ended while the policy was written, and the policy could be written after all.

    Without times WUAHandler.log, the witness of the writing, has the last word over the other logs.
    """
    steps = [one for one in scan.proof if isinstance(one, Event)]
    if all(one.id in _WITHOUT_WEIGHT for one in steps):
        return True
    if written is None or not all(one.id in _POLICY_STEP for one in steps):
        return False
    later = written.after(steps[-1])
    return steps[-1].log != written.log if later is None else later


def _is_own(report: Event) -> bool:
    """Whether ConfigMgr's client asked for this detection."""
    return report.id in _GOOD or report.fields.get("caller", "").strip().lower() == _CALLER


def _is_of_this_computer(report: Event) -> bool:
    """Whether a detection failed for a reason on the computer itself, which stops every caller's detection."""
    code = failure_code(report)
    return code is not None and codes.points_to(code)[:1] in _ON_THIS_COMPUTER


def _of_the_talk(event: Event) -> bool:
    code = failure_code(event)
    return code is not None and (codes.lookup(code).symbol or "").startswith(_TALK)


def _attempts(told: list[Event], servers: list[Event]) -> list[Scan]:
    """The lines of ConfigMgr's own log, laid together by attempt."""
    groups: list[list[Event]] = []
    group: list[Event] = []
    for event in told:
        if event.id in _PAST_POLICY and all(one.id in _UNREADABLE for one in group):
            group = []  # the policy could not be read at first, and was written all the same
        elif event.id in _BEGINS or event.id in _PAST_POLICY:
            groups.append(group)
            group = []
        else:
            if group and not _same_attempt(group, event):
                groups.append(group)
                group = []
            group.append(event)
    return [_scan(one, servers) for one in (*groups, group) if one]


def _error(event: Event) -> HResult | None:
    return None if event.id in _GOOD else failure_code(event)


def _same_attempt(group: list[Event], event: Event) -> bool:
    """Whether the line goes on telling of the attempt in ``group``.

    Two messages on one line do. A line that was there before begins anew; otherwise code and time must fit.
    """
    before = group[-1]
    if before.record.place == event.record.place:
        return True
    if before.id in _LAST_WORD or any(one.id == event.id for one in group):
        return False
    policy = before.id in _POLICY_STEP and event.id in _POLICY_STEP
    if not policy and _error(before) != _error(event):
        return False
    limit = _APART_POLICY if policy else _APART
    return before.utc is None or event.utc is None or abs((event.utc - before.utc).total_seconds()) < limit


def _scan(group: Sequence[Event], servers: list[Event]) -> Scan:
    last = group[-1]
    return Scan(proof=tuple(group), error=_error(last), server=_server(last, servers), when=last.utc)


def _server(last: Event, servers: list[Event]) -> str | None:
    """The server that was named last before this line."""
    named = next((one for one in reversed(servers) if last.after(one) is not False and one.fields.get("server")), None)
    return _clean(named.fields["server"]) if named else None


def _clean(server: str) -> str | None:
    """The server as written, None for the agent's ways of saying that there is none."""
    return None if server.strip("(<>)").lower() in ("null", "") else server.rstrip(".")


def _searched(found: list[Search], servers: list[Event], alone: bool) -> list[Scan]:
    """The searches of WindowsUpdate.log that stand for ConfigMgr's scan.

    Where the log shows who asked, only ConfigMgr counts. Searches of other callers stand in when nothing tells of
    ConfigMgr's own (``alone``): a fault on the way to the update point hits all of them, but their success is no scan
    of ConfigMgr.
    """
    own = [one for one in found if one.by_configmgr]
    if own or not alone:
        return [_of_search(one, servers) for one in own if one.counts]
    others = [_of_search(one, servers) for one in found if one.counts and one.may_stand_in]
    return others if any(not scan.succeeded for scan in others) else []


def _of_search(search: Search, servers: list[Event]) -> Scan:
    same = [event for event in search.lines if failure_code(event) == search.error] or list(search.lines)
    with_status = [event for event in same if "status" in event.fields]
    last = search.lines[-1]
    proof = dict.fromkeys((*with_status[-1:], same[0], same[-1], last))
    server = site_in(search.address) or _server(last, servers)
    return Scan(proof=tuple(ordered(proof)), error=search.error, server=server, when=last.utc)


def _merged(traced: list[Scan], reported: list[Scan]) -> list[Scan]:
    """Both witnesses of the agent in order of time, the same scan once; without times the trace alone."""
    if not traced or not reported or any(scan.when is None for scan in (*traced, *reported)):
        return traced or reported
    merged: list[Scan] = []
    for scan in sorted((*traced, *reported), key=lambda one: (one.when or datetime.min, one in reported)):
        last = merged[-1] if merged else None
        if last and last.error == scan.error and _seconds(last, scan) < _APART:
            proof = (*last.proof, *scan.proof)
            merged[-1] = msgspec.structs.replace(last, proof=proof, server=last.server or scan.server)
        else:
            merged.append(scan)
    return merged


def _seconds(before: Scan, scan: Scan) -> float:
    return abs((scan.when - before.when).total_seconds()) if scan.when and before.when else 0.0


class AgentDetail(Evidence, frozen=True):
    """What WindowsUpdate.log adds to a scan: HTTP status, SOAP fault, the service that was asked."""

    asks = "windowsupdate-log"

    failures: tuple[Event, ...]
    services: tuple[Event, ...]

    @classmethod
    def read(cls, bundle: Bundle) -> AgentDetail | None:
        """None when WindowsUpdate.log holds nothing of a sync. ConfigMgr's own searches come before those of others."""
        found = [one for one in searches(bundle) if one.at_update_point]
        own = [one for one in found if one.by_configmgr or one.caller is None]
        failures = [event for one in (own or found) for event in one.lines if failure_code(event)]
        services = bundle.events("wu-service")
        return cls(failures=tuple(failures), services=tuple(services)) if failures or services else None

    def explaining(self, scan: Scan) -> Event | None:
        """The newest agent line that carries the same code as this scan."""
        same = [event for event in self.failures if scan.error and failure_code(event) == scan.error]
        return newest([event for event in same if "status" in event.fields] or same)
