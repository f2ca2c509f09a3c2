"""The scans of a client against its software update point, as attempts.

    Its a WSUS Update Source type ({GUID}), adding it.
    Added Update Source ({GUID}) of content type: 2
    Async searching of updates using WUAgent started.
    OnSearchComplete - Failed to end search job. Error = 0x80072ee2.
    Scan failed with error = 0x80072ee2.

WUAHandler.log is the witness of ConfigMgr's own scan. Where it is missing, WindowsUpdate.log and ReportingEvents.log
stand in, and only for searches that ConfigMgr asked for: other callers scan other services.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from ccmdoctor.evidence.base import Bundle, Evidence, Mark, Proof, newest
from ccmdoctor.knowledge import codes
from ccmdoctor.model import Event, HResult, Stage

_GOOD = ("scan-completed", "detection-finished")
_BAD = (
    "scan-failed", "search-job-failed", "update-source-failed", "gpo-object-unreadable", "resultant-policy-unreadable",
    "scan-job-failed", "detection-failed",
)  # fmt: skip
_RESULT = ("wu-search-end", "handler-scan-result")
_AGENT = ("wu-sync-failed", "wu-pt-error", "wu-exit-code", "wu-search-failed")
_SERVER = ("wua-server-enabling", "wua-server-existing", "scan-location-received", "sup-callback", "wu-server")
_CONFIGMGR = "ccmexec"
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
    def symbol(self) -> str | None:
        """The symbol of the error code, where known."""
        return codes.lookup(self.error).symbol if self.error else None

    @property
    def at_policy(self) -> bool:
        """Whether it failed while the update source was set, before any server was asked."""
        return any(isinstance(one, Event) and one.id in _POLICY_STEP for one in self.proof)


_POLICY_STEP = ("update-source-failed", "gpo-object-unreadable", "resultant-policy-unreadable", "scan-job-failed")


class ScanHistory(Evidence, frozen=True):
    """All scan attempts, oldest first; there is at least one."""

    asks = "scan-history"

    attempts: tuple[Scan, ...]
    now: datetime | None = None

    @classmethod
    def read(cls, bundle: Bundle) -> ScanHistory | None:
        """Attempts of the best witness in the bundle; None when no log tells of a scan's end."""
        for witness in _witnesses(bundle):
            attempts = _attempts(witness, bundle)
            if attempts:
                return cls(attempts=attempts, now=bundle.now)
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


def _witnesses(bundle: Bundle) -> Iterable[list[Event]]:
    ends = bundle.events(*_GOOD, *_BAD, *_RESULT)
    for log in ("WUAHandler", "ScanAgent", "UpdatesHandler"):
        yield [event for event in ends if event.log == log]
    windows = [event for event in ends if event.log in ("WindowsUpdate", "ReportingEvents")]
    yield [event for event in windows if _CONFIGMGR in event.record.text.lower()]
    agent = bundle.events(*_AGENT)
    yield agent if not windows or agent else windows


def _attempts(ends: list[Event], bundle: Bundle) -> tuple[Scan, ...]:
    servers = bundle.events(*_SERVER)
    attempts: list[Scan] = []
    group: list[Event] = []
    for event in ends:
        if group and not _same_attempt(group[-1], event):
            attempts.append(_scan(group, servers))
            group = []
        group.append(event)
    if group:
        attempts.append(_scan(group, servers))
    return tuple(attempts)


def _error(event: Event) -> HResult | None:
    code = HResult.parse(event.fields.get("error", "")) if event.id not in _GOOD else None
    return None if code is None or code.ok else code


def _same_attempt(before: Event, event: Event) -> bool:
    """Several lines tell of one failure: same code, a moment apart. Two successes are two scans."""
    first, second = _error(before), _error(event)
    if first is None or first != second or (before.id == event.id and event.id not in _AGENT):
        return False
    return before.utc is None or event.utc is None or abs((event.utc - before.utc).total_seconds()) < 90


def _scan(group: list[Event], servers: list[Event]) -> Scan:
    last = group[-1]
    server = next((one for one in reversed(servers) if last.after(one) is not False and one.fields.get("server")), None)
    return Scan(
        proof=tuple(group),
        error=_error(last),
        server=_clean(server.fields["server"]) if server else None,
        when=last.utc,
    )


def _clean(server: str) -> str | None:
    """The server as written, None for the agent's ways of saying that there is none."""
    return None if server.strip("(<>)").lower() in ("null", "") else server.rstrip(".")


class AgentDetail(Evidence, frozen=True):
    """What WindowsUpdate.log adds to a scan: HTTP status, SOAP fault, the service that was asked."""

    asks = "windowsupdate-log"

    failures: tuple[Event, ...]
    services: tuple[Event, ...]

    @classmethod
    def read(cls, bundle: Bundle) -> AgentDetail | None:
        """None when WindowsUpdate.log holds nothing of a sync."""
        failures, services = bundle.events(*_AGENT), bundle.events("wu-service")
        return cls(failures=tuple(failures), services=tuple(services)) if failures or services else None

    def explaining(self, scan: Scan) -> Event | None:
        """The newest agent line that carries the same code as this scan."""
        same = [event for event in self.failures if scan.error and _error(event) == scan.error]
        return newest([event for event in same if "status" in event.fields] or same)
