"""Maintenance windows: which ones restrict updates on this client, and when one comes that is long enough.

    Populating instance of ServiceWindow with ID={GUID}, ScheduleString=00302B0018192000, Type=1
    StartTime is 02/16/14 01:00:00
    Duration for the Service Window is Total days: 0, hours: 03, mins: 00, secs: 00
    OnIsServiceWindowAvailable called with: Runtime:3600, Type:4
    Program cannot Run! Setting *canProgramRun to FALSE

Type 1 holds for all deployments, 4 for software updates, 5 for task sequences; 6 are the user's business hours and no
maintenance windows. Where a window of type 4 exists, those of type 1 do not count for updates. A window whose last
time is over still restricts: then nothing may be installed at any time.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from heapq import merge
from typing import NamedTuple

import msgspec

from ccmdoctor.evidence.base import Bundle, Evidence, Proof, newest
from ccmdoctor.formats.clock import mof_instant, plausible, since_1970, span_of, viewer_instant
from ccmdoctor.model import Event, State, Zone

# learn.microsoft.com/intune/configmgr/develop/reference/core/clients/sdk/ccm_servicewindow-client-wmi-class
ALL_DEPLOYMENTS = 1
SOFTWARE_UPDATES = 4
BUSINESS_HOURS = 6
_NEVER = 2038  # the year that the client gives to a window without a next time
_AHEAD = timedelta(days=400)  # longer than any schedule needs to come round
_MOST = 2000  # times of one schedule that are worked out
_WESTMOST, _EASTMOST = timedelta(hours=12), timedelta(hours=14)  # of all time zones, from UTC
_FORMS = ("%m/%d/%y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S")
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
    "window-not-loaded",
    "windows-not-restricting",
    "window-question",
    "window-future-question",
    "window-allows",
    "window-refuses",
    "window-will-come",
    "window-exists",
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

    def first(self, plan: Schedule) -> datetime:
        """The first start of a schedule in local time."""
        begins = next(plan.starts(plan.start, plan.start + _AHEAD), plan.start)
        return begins - timedelta(minutes=self.bias or 0) if plan.utc else begins

    def stated(self, value: object, *, utc: bool | None = None) -> Moment | None:
        """The time that a WMI value states. ``utc``: whether it means UTC; None when either is possible.

        Policy writes ``+***`` and means local time unless ``UseGMTTimes`` is set; classes of the SDK write ``+000``
        and hold local time all the same, so their offset proves nothing.
        """
        text = str(value or "").strip()
        since = _JSON_DATE.search(text)
        if since:
            exact = since_1970(int(since[1]))
            return Moment(exact, exact) if exact else None
        at = mof_instant(text) or viewer_instant(text)
        if at is None:
            return None
        here, there = self.moment(at.local), at.local.replace(tzinfo=UTC)
        if utc is True:
            return Moment(there, there)
        return here if utc is False else Moment(min(here.earliest, there), max(here.latest, there))


class Recurrence(IntEnum):
    """How a schedule comes round; the numbers are those of the schedule string."""

    ONCE = 1
    INTERVAL = 2
    WEEKLY = 3
    WEEKDAY_OF_MONTH = 4
    DAY_OF_MONTH = 5


class Schedule(NamedTuple):
    """What a schedule string says: sixteen hexadecimal digits hold start, length and recurrence.

    Checked against public logs, which print the next start and the length beside the string: 00302B0018192000 is
    every Sunday at 1:00 for 3 hours, from 2014-02-16 on; 00084AC028592000 lasts 1 day and 5 hours; 02D68AC040100008
    is every day at 22:00 for 8 hours. The places of the recurrence are those of the published decoders (sccmclictrlib).
    """

    start: datetime
    length: timedelta
    recurrence: Recurrence = Recurrence.ONCE
    every: timedelta = timedelta(0)  # of INTERVAL and WEEKLY
    months: int = 1
    weekday: int = 0  # Monday is 0
    day: int = 0  # of the month, or which of its weekdays; 0 is the last
    utc: bool = False

    @property
    def recurs(self) -> bool:
        """Whether it comes again."""
        return self.recurrence is not Recurrence.ONCE

    @classmethod
    def parse(cls, text: str) -> Schedule | None:
        """The first schedule of a string, None when it is none."""
        if not re.match(r"[0-9A-Fa-f]{16}", text):
            return None
        number = int(text[:_TOKEN], 16)

        def bits(first: int, count: int) -> int:
            return (number >> (64 - first - count)) & ((1 << count) - 1)

        try:
            recurrence = Recurrence(bits(42, 3))
            start = datetime(1970 + bits(20, 6), bits(16, 4), bits(11, 5), bits(6, 5), bits(0, 6))
        except ValueError:
            return None
        length = timedelta(minutes=bits(26, 6), hours=bits(32, 5), days=bits(37, 5))
        plain = cls(start, length, recurrence, utc=bool(bits(63, 1)))
        weekday = (bits(45, 3) + 5) % 7  # Sunday is 1 there
        if recurrence is Recurrence.INTERVAL:
            return plain._replace(every=timedelta(minutes=bits(45, 6), hours=bits(51, 5), days=bits(56, 5)))
        if recurrence is Recurrence.WEEKLY:
            return plain._replace(every=timedelta(weeks=bits(48, 3) or 1), weekday=weekday)
        if recurrence is Recurrence.WEEKDAY_OF_MONTH:
            return plain._replace(months=bits(48, 4) or 1, weekday=weekday, day=bits(52, 3))
        if recurrence is Recurrence.DAY_OF_MONTH:
            return plain._replace(months=bits(50, 4) or 1, day=bits(45, 5))
        return plain

    def starts(self, since: datetime, until: datetime) -> Iterator[datetime]:
        """Its starts from ``since`` to before ``until``, in the clock in which it is written."""
        if self.recurrence in (Recurrence.WEEKDAY_OF_MONTH, Recurrence.DAY_OF_MONTH):
            yield from self._monthly(since, until)
            return
        first = self.start
        if self.recurrence is Recurrence.WEEKLY:
            first += timedelta(days=(self.weekday - first.weekday()) % 7)
        if not self.every:
            if since <= first < until:
                yield first
            return
        at = first + max(0, -((first - since) // self.every)) * self.every
        for _ in range(_MOST):
            if at >= until:
                return
            if at >= since:
                yield at
            at += self.every

    def _monthly(self, since: datetime, until: datetime) -> Iterator[datetime]:
        months = self.start.year * 12 + self.start.month - 1
        behind = since.year * 12 + since.month - 1 - months
        months += max(0, behind // self.months) * self.months
        for month in range(months, until.year * 12 + until.month, self.months):
            at = self._in_month(*divmod(month, 12))
            if at is not None and max(since, self.start) <= at < until:
                yield at

    def _in_month(self, year: int, month: int) -> datetime | None:
        """Its time in a month, counted from 0; None when the month has no such day."""
        first, days = monthrange(year, month + 1)
        if self.recurrence is Recurrence.DAY_OF_MONTH:
            day = self.day or days
        else:
            earliest = 1 + (self.weekday - first) % 7
            day = earliest + 7 * ((self.day or 5) - 1)
            if day > days and not self.day:
                day -= 7
        return self.start.replace(year=year, month=month + 1, day=day) if day <= days else None


class Window(msgspec.Struct, frozen=True):
    """A window with its next start in local time, as the client states it or as its schedule gives it.

    ``over``: it will not come again.
    """

    id: str
    type: int
    start: datetime | None = None
    length: timedelta | None = None
    over: bool = False
    plan: Schedule | None = None
    proof: tuple[Proof, ...] = ()

    @property
    def is_sure(self) -> bool:
        """The client or the schedule says when it comes, not only a list of next times, which may have aged."""
        return self.over or self.plan is not None

    @property
    def comes(self) -> bool:
        """Whether its next time is known."""
        return not self.over and self.start is not None and bool(self.length) and self.start.year < _NEVER

    def times(self, here: datetime | None) -> Iterator[Span]:
        """Its times that are not over at ``here`` (local time), all that follow from its schedule."""
        if not self.comes or self.start is None or self.length is None:
            return
        since = self.start if here is None else here - self.length
        if self.plan is None or not self.plan.recurs:
            starts: Iterable[datetime] = (self.start,) if here is None or self.start > since else ()
        else:
            shift = self._shift(self.plan, self.start)
            starts = (at + shift for at in self.plan.starts(since - shift, since - shift + _AHEAD))
        for at in starts:
            if here is None or at + self.length > here:
                yield Span(at, at + self.length)

    @staticmethod
    def _shift(plan: Schedule, stated: datetime) -> timedelta:
        """How far the client's own times lie from the schedule: days of offset, or the way from UTC."""
        near = plan.starts(stated - timedelta(days=62), stated + timedelta(days=2))
        return min((stated - at for at in near), key=abs, default=timedelta(0))


class Span(NamedTuple):
    """A time in which updates may be installed."""

    start: datetime
    end: datetime

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M}"

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.end - self.start


def counted(windows: Iterable[Window], *, both: bool = False) -> tuple[Window, ...]:
    """The windows that count for updates: those for updates, else those for all deployments, or ``both`` kinds."""
    listed = [one for one in windows if one.type in (ALL_DEPLOYMENTS, SOFTWARE_UPDATES)]
    own = [one for one in listed if one.type == SOFTWARE_UPDATES]
    return tuple(listed if both or not own else own)


def spans(windows: Iterable[Window], here: datetime | None = None) -> Iterator[Span]:
    """The times of windows that are not over at ``here`` (local time), in order; those that touch are one."""
    last: Span | None = None
    for span in merge(*(window.times(here) for window in windows)):
        if last is None:
            last = span
        elif span.start <= last.end:
            last = Span(last.start, max(span.end, last.end))
        else:
            yield last
            last = span
    if last is not None:
        yield last


def next_fit(windows: Iterable[Window], needed: timedelta, here: datetime | None) -> Span | None:
    """The first time from ``here`` on in which an update with this maximum run time may start; None when none comes."""
    for span in spans(windows, here):
        begin = max(span.start, here) if here else span.start
        if span.end - begin >= needed:
            return Span(begin, span.end)
    return None


class Answer(msgspec.Struct):
    """One question of an agent whether a job of this length may run, and what the client answered."""

    seconds: int
    type: int
    asked: Event
    allowed: bool | None = None
    later: bool | None = None  # whether a window will come; the client has no words for "no" and just goes on
    last: Event | None = None
    open: bool = False
    exists: bool = False  # a window of the type exists, whatever its length
    ahead: bool = False  # asked for the future only; nothing was refused

    @property
    def is_refusal(self) -> bool:
        """The client said no, or said of the future that nothing will fit; a second is a probe and asks for nothing."""
        return self.allowed is False and self.seconds > 1 and not (self.ahead and self.later is not False)

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
        clock = bundle.once(LocalClock.of)
        log = _Log(bundle, clock)
        rows = bundle.states("wmi", "CCM_ServiceWindow")
        empty = newest(bundle.states("wmi-empty", "CCM_ServiceWindow")) if not rows else None
        windows = tuple(_planned(_rows(rows, clock), log.windows)) or tuple(log.windows.values())
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
    def none_comes(self) -> bool:
        """Updates have to wait for a window, and none of the list will come."""
        return bool(self.counted) and self.next(None) is None

    @property
    def is_sure(self) -> bool:
        """The list is whole, and each of its windows says when it comes again."""
        return self.complete and all(one.is_sure for one in self.counted)

    @property
    def longest(self) -> int | None:
        """Minutes of the longest time to come, windows that overlap taken together."""
        longest = max((span.length for span in spans(self.counted, self.here)), default=None)
        return None if longest is None else int(longest.total_seconds() // 60)

    def next(self, seconds: int | None) -> Span | None:
        """The next time that is long enough for an update that may run so long; None when none comes."""
        return next_fit(self.counted, span_of(seconds=seconds or 0), self.here)

    def missed(self, seconds: int | None, since: datetime | None) -> Span | None:
        """A time that was long enough and has gone by since an instant."""
        begun = self.clock.local(since)
        span = next_fit(self.counted, span_of(seconds=seconds or 0), begun) if begun else None
        return span if span and self.here and span.end <= self.here else None

    def hidden_fit(self, seconds: int | None) -> Span | None:
        """The next time of a window for all deployments that would be long enough if it counted."""
        return next_fit(self.hidden, span_of(seconds=seconds or 0), self.here)

    @property
    def is_open(self) -> bool:
        """Whether one of the windows is open at the moment of the bundle."""
        first = self.next(None)
        return first is not None and first.start == self.here

    @property
    def never(self) -> Answer | None:
        """A refusal of the client that is for ever: it went on without the word that a window will come."""
        return self.refused if self.refused and self.refused.later is False else None

    @property
    def were_read(self) -> Proof | None:
        """A window that the client's log shows as read."""
        found = (one.proof[0] for one in self.windows if isinstance(one.proof[0], Event))
        return next(found, None)

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

    def __init__(self, bundle: Bundle, clock: LocalClock) -> None:
        self._clock = clock
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
        if kind == "window-exists":
            if self._asked is not None:
                self._asked.exists = True
            return
        if self._asked is not None and self._asked.open:
            self._asked.open, self._asked.later = False, kind == "window-will-come"
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
            if self._asked is not None and self._asked.later:
                self._asked.last = event
        elif kind == "windows-not-restricting":
            if self._asked is None or self._asked.type == SOFTWARE_UPDATES:
                self.unrestricted = event
            self._answer(event)
        elif kind == "window-unreadable":
            self._broken(event)
        elif kind == "window-not-loaded":
            self._not_loaded(event)
        else:
            self._detail(event)

    def _window(self, event: Event) -> None:
        self._current = event.fields["window"]
        plan = Schedule.parse(event.fields["schedule"])
        type = int(event.fields["type"])
        self.windows[self._current] = Window(
            self._current,
            type,
            self._clock.first(plan) if plan else None,
            plan.length if plan else None,
            plan=plan,
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
            over = window.over and window.id in self.unreadable
            window = msgspec.structs.replace(window, start=start or window.start, over=over, proof=proof)
        elif event.id == "window-finished":
            window = msgspec.structs.replace(window, over=True, proof=proof)
        else:
            length = span_of(**{unit: int(event.fields[unit]) for unit in ("days", "hours", "minutes", "seconds")})
            window = msgspec.structs.replace(window, length=length, proof=proof)
        self.windows[window.id] = window

    def _broken(self, event: Event) -> None:
        window = self.windows.get(self._current or "")
        schedule = event.fields.get("schedule", "")
        if window is not None and schedule in window.proof[0].record.text:  # type: ignore[union-attr]
            self.unreadable[window.id] = msgspec.structs.replace(window, proof=(*window.proof[:1], event))
            self.windows[window.id] = msgspec.structs.replace(window, over=True)
        elif len(schedule) == _TOKEN:  # business hours of several days are one long string
            self.unreadable[schedule] = Window("", ALL_DEPLOYMENTS, proof=(event,))

    def _not_loaded(self, event: Event) -> None:
        """The agent of updates asked for its windows, so it is one of them; its kind is not told."""
        name = event.fields.get("window", "")
        known = self.windows.get(name) or Window(name, ALL_DEPLOYMENTS)
        if known.type != BUSINESS_HOURS:
            self.unreadable[name] = msgspec.structs.replace(known, proof=(*known.proof[:1], event))

    def _answer(self, event: Event) -> None:
        if event.id == "window-question":
            self._asked = Answer(int(event.fields["seconds"]), int(event.fields["type"]), event)
            self._answers[self._asked.type] = self._asked
        elif event.id == "window-future-question":
            seconds, type = int(event.fields["seconds"]), int(event.fields["type"])
            if self._asked is None or (self._asked.seconds, self._asked.type) != (seconds, type):
                self._asked = self._answers[type] = Answer(seconds, type, event, allowed=False, ahead=True)
            self._asked.open, self._asked.last = True, event
        elif self._asked is not None and self._asked.allowed is None:
            self._asked.allowed, self._asked.last = event.id != "window-refuses", event

    @property
    def refused(self) -> Answer | None:
        """The newest question for updates, when it was refused."""
        found = self._answers.get(SOFTWARE_UPDATES)
        return found if found and found.is_refusal else None


def log_time(text: str) -> datetime | None:
    """A local time as the client's logs print it, month first: ``02/16/14 01:00:00``, ``10/11/2013 5:00:00 AM``."""
    words = " ".join(text.replace("  ", " ").split()[:3])
    for form in _FORMS:
        for tried in (words, " ".join(words.split()[:2])):
            try:
                return plausible(datetime.strptime(tried, form))
            except ValueError:
                continue
    return None


def _rows(rows: Sequence[State], clock: LocalClock) -> Iterable[Window]:
    """Windows of the SDK (next time, length in seconds) and of policy (a schedule string)."""
    sdk = [row for row in rows if row.values.get("starttime") and row.values.get("type") is not None]
    for row in sdk or rows:
        values = row.values
        kind = values.get("type") if row in sdk else values.get("servicewindowtype")
        if not str(kind).isdecimal():
            continue
        name = str(values.get("id") or values.get("servicewindowid") or values.get("policyinstanceid") or "")
        if row in sdk:
            begins, ends = (_local(values.get(key)) for key in ("starttime", "endtime"))
            seconds = values.get("duration")
            length = span_of(seconds=int(str(seconds))) if str(seconds).isdecimal() else None
            if length is None and begins and ends:
                length = ends - begins
            yield Window(name, int(str(kind)), begins, length, proof=(row,))
        else:
            plan = Schedule.parse(str(values.get("schedules") or ""))
            yield Window(
                name,
                int(str(kind)),
                clock.first(plan) if plan else None,
                plan.length if plan else None,
                plan=plan,
                proof=(row,),
            )


def _planned(rows: Iterable[Window], known: dict[str, Window]) -> Iterable[Window]:
    """Windows of the SDK, which tells the next time only, with the schedule that the log holds for them."""
    plans = {one.id.lower(): one.plan for one in known.values()}
    for one in rows:
        yield one if one.plan else msgspec.structs.replace(one, plan=plans.get(one.id.lower()))


def _local(value: object) -> datetime | None:
    """A time of the SDK's class, which is local whatever offset it carries."""
    text = str(value or "")
    since = _JSON_DATE.search(text)
    if since:
        exact = since_1970(int(since[1]))
        return exact.replace(tzinfo=None) if exact else None
    at = mof_instant(text) or viewer_instant(text)
    return at.local if at else None
