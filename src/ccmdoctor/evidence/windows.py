"""Maintenance windows: which ones restrict updates on this client, and when one comes that is long enough.

Populating instance of ServiceWindow with ID={1E957DDD-0A26-434C-952A-586F3E31E319}, ScheduleString=00302B0018192000, Type=1
StartTime is 02/16/14 01:00:00
Duration for the Service Window is Total days: 0, hours: 03, mins: 00, secs: 00
OnIsServiceWindowAvailable called with: Runtime:3600, Type:4
Program cannot Run! Setting *canProgramRun to FALSE

Type 1 holds for all deployments, 4 for software updates, 5 for task sequences; 6 are the user's business hours and no
maintenance windows. Where a window of type 4 exists, those of type 1 do not count for updates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from ccmdoctor.evidence.base import Bundle, Evidence, Proof
from ccmdoctor.evidence.policy import newest_state
from ccmdoctor.formats.clock import mof_instant, viewer_instant
from ccmdoctor.model import Event, State, Zone

# learn.microsoft.com/intune/configmgr/develop/reference/core/clients/sdk/ccm_servicewindow-client-wmi-class
ALL_DEPLOYMENTS = 1
SOFTWARE_UPDATES = 4
BUSINESS_HOURS = 6
_NEVER = 2038  # the year that the client gives to a window without a next time
_WESTMOST, _EASTMOST = timedelta(hours=12), timedelta(hours=14)  # of all time zones, from UTC
_FORMS = ("%m/%d/%y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S")
_JSON_DATE = re.compile(r"/Date\((-?\d{1,15})")
_TOKEN = 16  # hexadecimal digits of one schedule
_LOG = (
    "windows-refreshed",
    "windows-none-left",
    "window-read",
    "window-starts",
    "window-lasts",
    "window-finished",
    "window-unreadable",
    "windows-not-restricting",
    "window-question",
    "window-future-question",
    "window-allows",
    "window-refuses",
    "window-will-come",
)


class Moment(NamedTuple):
    """A time whose zone may be open: it lies between two instants in UTC, which are equal where the zone is known."""

    earliest: datetime
    latest: datetime

    def is_after(self, at: datetime | None) -> bool:
        """Surely later than ``at``."""
        return at is not None and self.earliest > at

    def is_before(self, at: datetime | None) -> bool:
        """Surely earlier than ``at``, or the same."""
        return at is not None and self.latest <= at

    @property
    def exact(self) -> datetime | None:
        """The instant, when it is known."""
        return self.earliest if self.earliest == self.latest else None

    def __str__(self) -> str:
        return self.earliest.strftime("%Y-%m-%d %H:%M:%S UTC") if self.exact else f"~{self.earliest:%Y-%m-%d}"


class LocalClock(NamedTuple):
    """The zone of the client: the bias that its own logs state, or None."""

    bias: int | None

    @classmethod
    def of(cls, bundle: Bundle) -> LocalClock:
        """From the newest record with a proven bias."""
        last = [events[-1].record.when for events in bundle.reading.events.values() if events]
        proven = [at for at in last if at is not None and at.zone is Zone.PROVEN and at.bias is not None]
        return cls(max(proven, key=lambda at: at.utc or datetime.min.replace(tzinfo=UTC)).bias if proven else None)

    def moment(self, local: datetime) -> Moment:
        """The instant of a local time."""
        plain = local.replace(tzinfo=UTC)
        if self.bias is None:
            return Moment(plain - _EASTMOST, plain + _WESTMOST)
        return Moment(*[plain + timedelta(minutes=self.bias)] * 2)

    def local(self, at: datetime | None) -> datetime | None:
        """The local time of an instant; without a bias the earliest that it can be."""
        if at is None:
            return None
        plain = at.replace(tzinfo=None)
        return plain - (timedelta(minutes=self.bias) if self.bias is not None else _WESTMOST)

    def stated(self, value: object, *, utc: bool | None = None) -> Moment | None:
        """The time that a WMI value states. ``utc``: whether it means UTC; None when either is possible.

        Policy writes ``+***`` and means local time unless ``UseGMTTimes`` is set; classes of the SDK write ``+000``
        and hold local time all the same, so their offset proves nothing.
        """
        text = str(value or "").strip()
        since = _JSON_DATE.search(text)
        if since:
            return Moment(*[datetime.fromtimestamp(int(since[1]) / 1000, UTC)] * 2)
        at = mof_instant(text) or viewer_instant(text)
        if at is None:
            return None
        here, there = self.moment(at.local), at.local.replace(tzinfo=UTC)
        if utc is True:
            return Moment(there, there)
        return here if utc is False else Moment(min(here.earliest, there), max(here.latest, there))


class Schedule(NamedTuple):
    """What a schedule string says: sixteen hexadecimal digits hold start, length and recurrence.

    Checked against public logs, which print the length beside the string: 00302B0018192000 starts on 2014-02-16 01:00
    and lasts 3 hours, 00084AC028592000 lasts 1 day and 5 hours, 02D68AC040100008 recurs daily for 8 hours.
    """

    start: datetime
    length: timedelta
    recurs: bool

    @classmethod
    def parse(cls, text: str) -> Schedule | None:
        """The first schedule of a string, None when it is none."""
        try:
            number = int(text[:_TOKEN], 16)
        except ValueError:
            return None
        if len(text) < _TOKEN:
            return None

        def bits(first: int, count: int) -> int:
            return (number >> (64 - first - count)) & ((1 << count) - 1)

        try:
            start = datetime(1970 + bits(20, 6), bits(16, 4), bits(11, 5), bits(6, 5), bits(0, 6))
        except ValueError:
            return None
        length = timedelta(minutes=bits(26, 6), hours=bits(32, 5), days=bits(37, 5))
        return cls(start, length, bits(42, 3) > 1)


class Window(msgspec.Struct, frozen=True):
    """A window with its next start in local time.

    ``over``: it will not come again. ``recurs``: it comes again after the start that is known.
    """

    id: str
    type: int
    start: datetime | None = None
    length: timedelta | None = None
    over: bool = False
    recurs: bool = False
    proof: tuple[Proof, ...] = ()

    @property
    def comes(self) -> bool:
        """Whether its next time is known."""
        return not self.over and self.start is not None and bool(self.length) and self.start.year < _NEVER


class Span(NamedTuple):
    """A time in which updates may be installed."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.start


def counted(windows: Iterable[Window], *, both: bool = False) -> tuple[Window, ...]:
    """The windows that count for updates: those for updates, else those for all deployments, or ``both`` kinds."""
    listed = [one for one in windows if one.type in (ALL_DEPLOYMENTS, SOFTWARE_UPDATES)]
    own = [one for one in listed if one.type == SOFTWARE_UPDATES]
    return tuple(listed if both or not own else own)


def spans(windows: Iterable[Window]) -> list[Span]:
    """The next times of windows, in order; those that overlap or touch are one."""
    found: list[Span] = []
    for window in sorted((one for one in windows if one.comes), key=lambda one: one.start or datetime.max):
        assert window.start is not None and window.length is not None
        end = window.start + window.length
        if found and window.start <= found[-1].end:
            found[-1] = Span(found[-1].start, max(end, found[-1].end))
        else:
            found.append(Span(window.start, end))
    return found


def next_fit(windows: Iterable[Window], needed: timedelta, at: datetime | None, *, both: bool = False) -> Span | None:
    """The next time from ``at`` on in which an update with this maximum run time may start; None when none comes."""
    for span in spans(counted(windows, both=both)):
        begin = max(span.start, at) if at else span.start
        if span.end - begin >= needed:
            return Span(begin, span.end)
    return None


class Answer(msgspec.Struct):
    """One question of an agent whether a job of this length may run, and what the client answered."""

    seconds: int
    type: int
    asked: Event
    allowed: bool | None = None
    later: bool | None = None
    last: Event | None = None

    @property
    def proof(self) -> tuple[Proof, ...]:
        """Question and answer."""
        return (self.asked, self.last) if self.last else (self.asked,)


class MaintenanceWindows(Evidence, frozen=True):
    """All windows that the client knows, and what it answered those who asked for one."""

    asks = "maintenance-windows"

    windows: tuple[Window, ...]
    complete: bool
    unrestricted: Proof | None
    unreadable: tuple[Window, ...]
    refused: Answer | None
    now: datetime | None
    clock: LocalClock

    @classmethod
    def read(cls, bundle: Bundle) -> MaintenanceWindows | None:
        """None when neither WMI nor ServiceWindowManager.log tells of windows."""
        log = _Log(bundle)
        rows = bundle.states("wmi", "CCM_ServiceWindow")
        empty = newest_state(bundle.states("wmi-empty", "CCM_ServiceWindow")) if not rows else None
        clock = LocalClock.of(bundle)
        windows = tuple(_rows(rows)) or tuple(log.windows.values())
        if not (windows or empty or log.unrestricted or log.unreadable or log.complete or log.refused):
            return None
        return cls(
            windows=windows,
            complete=bool(rows) or empty is not None or log.complete,
            unrestricted=empty or (log.unrestricted if not rows else None),
            unreadable=tuple(log.unreadable.values()),
            refused=log.refused,
            now=bundle.now,
            clock=clock,
        )

    @property
    def counted(self) -> tuple[Window, ...]:
        """The windows that hold for updates."""
        return counted(self.windows)

    @property
    def hidden(self) -> tuple[Window, ...]:
        """Windows for all deployments that do not count, because there are some for updates."""
        return tuple(one for one in counted(self.windows, both=True) if one not in self.counted)

    @property
    def restrict(self) -> bool | None:
        """Whether updates have to wait for a window at all; None when the list may be incomplete."""
        if self.counted:
            return True
        return False if self.unrestricted is not None or self.complete else None

    @property
    def here(self) -> datetime | None:
        """The moment of the bundle in the client's local time."""
        return self.clock.local(self.now)

    @property
    def to_come(self) -> list[Span]:
        """The times of windows that are not over yet; of those that recur, the last that is known."""
        again = [one for one in self.counted if one.recurs]
        ahead = [span for span in spans(self.counted) if self.here is None or span.end > self.here]
        return ahead + [span for span in spans(again) if self.here is not None and span.end <= self.here]

    @property
    def longest(self) -> int | None:
        """Minutes of the longest time to come, windows that overlap taken together."""
        lengths = [span.length for span in self.to_come]
        return int(max(lengths).total_seconds() // 60) if lengths else None

    def fits(self, seconds: int) -> bool:
        """Whether a window to come is long enough from its start on: one that recurs will come again as long."""
        return any(span.length >= timedelta(seconds=seconds) for span in self.to_come)

    def next(self, seconds: int) -> Span | None:
        """The next time that is long enough, where its date is known."""
        return next_fit(self.windows, timedelta(seconds=seconds), self.here)

    def hidden_fit(self, seconds: int) -> Span | None:
        """The time of a window for all deployments that would be long enough if it counted."""
        here = None if any(one.recurs for one in self.hidden) else self.here
        return next_fit(self.hidden, timedelta(seconds=seconds), here) if self.hidden else None

    @property
    def is_open(self) -> bool:
        """Whether one of the windows is open at the moment of the bundle."""
        return self.here is not None and any(span.start <= self.here < span.end for span in spans(self.counted))

    @property
    def broken(self) -> Window | None:
        """A maintenance window that the client could not read; the user's business hours do not matter."""
        return next((one for one in self.unreadable if one.type != BUSINESS_HOURS), None)

    def of(self, windows: Sequence[Window]) -> tuple[Proof, ...]:
        """What to quote of windows."""
        return tuple(proof for one in windows[:3] for proof in one.proof[:3])

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The windows that hold for updates, or the statement that none does."""
        found = self.of(self.counted)
        return found or ((self.unrestricted,) if self.unrestricted else ())


class _Log:
    """One walk over ServiceWindowManager.log."""

    def __init__(self, bundle: Bundle) -> None:
        self.windows: dict[str, Window] = {}
        self.unreadable: dict[str, Window] = {}
        self.complete = False
        self.unrestricted: Event | None = None
        self._current: str | None = None
        self._asked: Answer | None = None
        self._answers: dict[int, Answer] = {}
        for event in bundle.events(*_LOG):
            self._read(event)

    def _read(self, event: Event) -> None:
        kind = event.id
        if kind in ("windows-refreshed", "windows-none-left"):
            self.windows.clear()
            self.unreadable.clear()
            self.complete, self._current = True, None
            if kind == "windows-none-left":
                self.unrestricted = event
        elif kind == "window-read":
            self._window(event)
        elif kind in ("window-question", "window-future-question", "window-allows", "window-refuses"):
            self._answer(event)
        elif kind == "window-will-come":
            if self._asked is not None and self._asked.later is False:
                self._asked.later, self._asked.last = True, event
        elif kind == "windows-not-restricting":
            if self._asked is None or self._asked.type == SOFTWARE_UPDATES:
                self.unrestricted = event
            self._answer(event)
        elif kind == "window-unreadable":
            self._broken(event)
        else:
            self._detail(event)

    def _window(self, event: Event) -> None:
        self._current = event.fields["window"]
        plan = Schedule.parse(event.fields["schedule"])
        type = int(event.fields["type"])
        self.windows[self._current] = Window(
            self._current,
            type,
            plan.start if plan else None,
            plan.length if plan else None,
            recurs=plan is not None and plan.recurs,
            proof=(event,),
        )
        self.unreadable.pop(self._current, None)
        if type != BUSINESS_HOURS:
            self.unrestricted = None

    def _detail(self, event: Event) -> None:
        window = self.windows.get(self._current or "")
        if window is None:
            return
        proof = (*window.proof, event)
        if event.id == "window-starts":
            start = log_time(event.fields["start"])
            window = msgspec.structs.replace(window, start=start or window.start, over=False, proof=proof)
        elif event.id == "window-finished":
            window = msgspec.structs.replace(window, over=True, proof=proof)
        else:
            length = timedelta(**{unit: int(event.fields[unit]) for unit in ("days", "hours", "minutes", "seconds")})
            window = msgspec.structs.replace(window, length=length, proof=proof)
        self.windows[window.id] = window

    def _broken(self, event: Event) -> None:
        window = self.windows.get(self._current or "")
        schedule = event.fields.get("schedule", "")
        if window is not None and schedule in window.proof[0].record.text:  # type: ignore[union-attr]
            self.unreadable[window.id] = msgspec.structs.replace(window, proof=(*window.proof[:1], event))
        elif len(schedule) <= _TOKEN:  # business hours of several days are one long string
            self.unreadable[schedule] = Window("", ALL_DEPLOYMENTS, proof=(event,))

    def _answer(self, event: Event) -> None:
        if event.id == "window-question":
            self._asked = Answer(int(event.fields["seconds"]), int(event.fields["type"]), event)
            self._answers[self._asked.type] = self._asked
        elif event.id == "window-future-question":
            seconds, type = int(event.fields["seconds"]), int(event.fields["type"])
            if self._asked is None or (self._asked.seconds, self._asked.type) != (seconds, type):
                self._asked = self._answers[type] = Answer(seconds, type, event, allowed=False)
            self._asked.later, self._asked.last = False, event
        elif self._asked is not None and self._asked.allowed is None:
            self._asked.allowed, self._asked.last = event.id != "window-refuses", event

    @property
    def refused(self) -> Answer | None:
        """The newest question for updates, when it was refused; the probe of one second asks for nothing."""
        found = self._answers.get(SOFTWARE_UPDATES)
        return found if found and found.allowed is False and found.seconds > 1 else None


def log_time(text: str) -> datetime | None:
    """A local time as the client's logs print it, month first: ``02/16/14 01:00:00``, ``10/11/2013 5:00:00 AM``."""
    words = " ".join(text.replace("  ", " ").split()[:3])
    for form in _FORMS:
        for tried in (words, " ".join(words.split()[:2])):
            try:
                return datetime.strptime(tried, form)
            except ValueError:
                continue
    return None


def _rows(rows: Iterable[State]) -> Iterable[Window]:
    """Windows of the SDK (next time, length in seconds) and of policy (a schedule string)."""
    sdk = [row for row in rows if row.values.get("starttime") and row.values.get("type") is not None]
    for row in sdk or rows:
        values = row.values
        kind = values.get("type") if row in sdk else values.get("servicewindowtype")
        if not str(kind).isdigit():
            continue
        name = str(values.get("id") or values.get("servicewindowid") or values.get("policyinstanceid") or "")
        if row in sdk:
            begins, ends = (_local(values.get(key)) for key in ("starttime", "endtime"))
            seconds = values.get("duration")
            length = timedelta(seconds=int(str(seconds))) if str(seconds).isdigit() else None
            if length is None and begins and ends:
                length = ends - begins
            yield Window(name, int(str(kind)), begins, length, proof=(row,))
        else:
            plan = Schedule.parse(str(values.get("schedules") or ""))
            yield Window(
                name,
                int(str(kind)),
                plan.start if plan else None,
                plan.length if plan else None,
                recurs=plan is not None and plan.recurs,
                proof=(row,),
            )


def _local(value: object) -> datetime | None:
    text = str(value or "")
    at = mof_instant(text) or viewer_instant(text)
    return at.local if at else None
