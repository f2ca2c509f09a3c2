"""The nouns of ccmdoctor: what is passed from the bytes of a log to a report.

Every type here is plain data. Nothing in this module opens a file, knows a log line or speaks a language,
and it imports nothing of the project, so that every other part can lean on it.

Times: an :class:`Instant` keeps the text as it was written and, where the zone is known, the instant in UTC.
ConfigMgr's native client writes local time and a Windows bias in minutes, and UTC = local + bias (Japan is -540).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec


class InputError(Exception):
    """Something the user gave cannot be used. The command line prints it and leaves with exit code 2.

    ``key`` names the sentence in ``report/words.*.toml``; ``about`` fills its placeholders (file, place, limit).
    """

    def __init__(self, key: str, **about: object) -> None:
        super().__init__(f"{key}: {about}")
        self.key = key
        self.about = about


class Verdict(StrEnum):
    """How sure a rule is. ``unknown`` means that evidence is missing, never that all is well."""

    CONFIRMED = "confirmed"
    LIKELY = "likely"
    POSSIBLE = "possible"
    RULED_OUT = "ruled-out"
    UNKNOWN = "unknown"

    @property
    def is_cause(self) -> bool:
        """True for the three verdicts that name a cause."""
        return self in (Verdict.CONFIRMED, Verdict.LIKELY, Verdict.POSSIBLE)


class Stage(StrEnum):
    """The way of an update through a client, in order. ``server`` stands beside it: causes on the site's side."""

    REGISTRATION = "registration"
    POLICY = "policy"
    LOCATION = "location"
    SCAN = "scan"
    EVALUATION = "evaluation"
    CONTENT = "content"
    ENFORCEMENT = "enforcement"
    INSTALL = "install"
    REPORTING = "reporting"
    SERVER = "server"


LADDER: tuple[Stage, ...] = tuple(stage for stage in Stage if stage is not Stage.SERVER)


class Symptom(StrEnum):
    """What a user complains about; the four articles of the series."""

    NOT_SHOWN = "not-shown"
    DOWNLOAD = "download"
    INSTALL = "install"
    NOT_APPLIED = "not-applied"


class StepState(StrEnum):
    """Where a stage stands after the newest attempt that the evidence holds."""

    OK = "ok"
    FAILING = "failing"
    RECOVERED = "recovered"
    UNKNOWN = "unknown"


class PathStep(StrEnum):
    """The steps of one update on a client, in order."""

    OFFERED = "offered"
    MISSING = "missing"
    TARGETED = "targeted"
    DOWNLOADED = "downloaded"
    WINDOW = "window"
    INSTALLED = "installed"
    RESTART = "restart"
    REPORTED = "reported"


class PathState(StrEnum):
    """What is known of a step. ``no`` is a statement (the client does not need the update), not a lack of evidence."""

    DONE = "done"
    WAITING = "waiting"
    FAILED = "failed"
    NO = "no"
    UNKNOWN = "unknown"


class Zone(StrEnum):
    """How much the UTC reading of a time can be trusted."""

    PROVEN = "proven"  # the writer states the bias and its sign is known (native client), or an ISO offset
    ASSUMED = "assumed"  # local time without a zone, read with the bias that the native logs of the same bundle prove
    UNKNOWN = "unknown"  # local time, zone not stated or written by a tool whose sign is not known


class Instant(msgspec.Struct, frozen=True):
    """A time as it was written, and what it means.

    ``local`` is the naive local time; ``bias`` is in minutes with UTC = local + bias, None when the record states none.
    """

    as_written: str
    local: datetime
    bias: int | None = None
    zone: Zone = Zone.UNKNOWN

    @property
    def utc(self) -> datetime | None:
        """The instant in UTC (aware), or None when the zone is unknown or the calendar ends before it."""
        if self.bias is None or self.zone is Zone.UNKNOWN:
            return None
        try:
            return (self.local + timedelta(minutes=self.bias)).replace(tzinfo=UTC)
        except OverflowError:
            return None

    def assuming(self, bias: int) -> Instant:
        """The same time read with the bias of the bundle, marked as assumed."""
        return Instant(self.as_written, self.local, bias, Zone.ASSUMED)


class Place(msgspec.Struct, frozen=True, order=True):
    """Where a text stands: the path inside the source, the line (1-based) and the byte offset of the record."""

    file: str
    line: int
    offset: int = 0


class Record(msgspec.Struct, frozen=True):
    """One log entry: the text, and what its frame says about it. ``severity`` is CMTrace's type (1, 2, 3) or None."""

    text: str
    place: Place
    when: Instant | None = None
    component: str = ""
    thread: str = ""
    severity: int | None = None


class Event:
    """A record that matched a known message.

    ``id`` is the message id, ``fields`` the named parts of the text, ``log`` the canonical log name ("WUAHandler").
    ``order`` is (log, rotation, byte in the file): the order in which a log was written.
    """

    __slots__ = ("_utc", "before", "fields", "id", "log", "means", "record", "rotation")

    def __init__(
        self, id: str, means: str, fields: dict[str, str], record: Record, log: str, rotation: int = 0
    ) -> None:
        self.id = id
        self.means = means
        self.fields = fields
        self.record = record
        self.log = log
        self.rotation = rotation
        self.before: Place | None = None  # the first file of the log, and its lines and bytes before this part
        self._utc: datetime | None = None

    def __repr__(self) -> str:
        return f"Event({self.id}, {self.record.place.file}:{self.record.place.line}, {self.fields})"

    @property
    def order(self) -> tuple[str, int, int]:
        """What to sort by."""
        return (self.log, self.rotation, self.record.place.offset)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Event) and (self.id, self.order) == (other.id, other.order)

    def __hash__(self) -> int:
        return hash((self.id, self.order))

    @property
    def utc(self) -> datetime | None:
        """The instant in UTC, or None."""
        if self._utc is None and self.record.when is not None:
            self._utc = self.record.when.utc
        return self._utc

    def retime(self, when: Instant) -> None:
        """Replace the time of the record, when its zone becomes known or proves wrong."""
        self.record = msgspec.structs.replace(self.record, when=when)
        self._utc = None

    @property
    def stands(self) -> Place:
        """Where it stands in its log with the rotated parts laid end to end: to compare with, not to quote."""
        here, before = self.record.place, self.before
        return here if before is None else Place(before.file, before.line + here.line, before.offset + here.offset)

    def after(self, other: Event) -> bool | None:
        """Whether this was written later than ``other``: True, False, or None when nothing orders the two."""
        mine, theirs = self.utc, other.utc
        if mine is not None and theirs is not None and mine != theirs:
            return mine > theirs
        if self.log == other.log:
            return self.order > other.order
        if self.record.place.file == other.record.place.file:
            return self.record.place.offset > other.record.place.offset
        return None


class State(msgspec.Struct, frozen=True):
    """A fact that is not a log line: a WMI instance, a registry value, a gpresult row, an adapter, a probe's answer.

    ``kind`` names the family ("wmi", "registry", "winhttp-proxy", "gpo-setting", "registry-pol", "adapter",
    "boundary", "web-answer", "probe"); ``name`` the class, key, adapter or address; ``values`` its properties by
    lower-case name. ``text`` is the line to quote.
    """

    kind: str
    name: str
    values: dict[str, Any]
    place: Place
    text: str = ""
    when: Instant | None = None


class Quote(msgspec.Struct, frozen=True):
    """Proof as shown to a reader: the file and line, both times, and the text as it stands there."""

    file: str
    line: int
    text: str
    when: datetime | None = None
    as_written: str | None = None
    zone: Zone = Zone.UNKNOWN

    @classmethod
    def of(cls, proof: Event | State | Record) -> Quote:
        """The quote of an event, a state or a bare record."""
        record = proof.record if isinstance(proof, Event) else proof
        at = record.when
        return cls(
            file=record.place.file,
            line=record.place.line,
            text=record.text,
            when=at.utc if at else None,
            as_written=at.as_written if at else None,
            zone=at.zone if at else Zone.UNKNOWN,
        )


Fact = str | int | float | bool | None


class Finding(msgspec.Struct, frozen=True):
    """The verdict of one rule.

    ``why`` (ruled-out), ``against`` (counter-evidence of a cause) and ``settle``/``missing`` (what would decide) are
    keys of the words and questions files.
    """

    verdict: Verdict
    facts: dict[str, Fact] = {}
    quotes: tuple[Quote, ...] = ()
    why: str | None = None
    against: tuple[str, ...] = ()
    settle: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class Remedy(msgspec.Struct, frozen=True):
    """One step of the repair: who does what, with which command, how it is verified, how it is undone."""

    role: str
    do: str
    command: str | None = None
    verify: str | None = None
    undo: str | None = None


class ProbeStep(msgspec.Struct, frozen=True):
    """One step of a probe. ``service`` is "mp" or "sup"; ``seen`` is what was seen, in the words of the protocol.

    ``step``: way, name, tcp, tunnel, tls, http, mplist, config, cookie, sync. ``error`` is None when it went well.
    """

    service: str
    url: str
    step: str
    seconds: float
    seen: str
    error: str | None = None


class StageReport(msgspec.Struct, frozen=True):
    """One rung of the ladder, with the quotes behind its state."""

    stage: Stage
    state: StepState
    last_good: datetime | None = None
    last_bad: datetime | None = None
    good: Quote | None = None
    bad: Quote | None = None


class UpdateStep(msgspec.Struct, frozen=True):
    """One step of the update that was asked for, with the newest line or row that tells of it."""

    step: PathStep
    state: PathState
    quote: Quote | None = None


class Cause(msgspec.Struct, frozen=True):
    """A named cause as reported. ``consequence_of`` is the id of the root cause that explains it, if one does."""

    id: str
    verdict: Verdict
    stage: Stage
    title: str
    summary: str
    facts: dict[str, Fact]
    quotes: tuple[Quote, ...]
    remedy: tuple[Remedy, ...]
    sources: tuple[str, ...]
    consequences: tuple[str, ...] = ()
    consequence_of: str | None = None
    against: tuple[str, ...] = ()


class RuledOut(msgspec.Struct, frozen=True):
    """A cause that the evidence excludes, and why."""

    id: str
    title: str
    why: str
    quotes: tuple[Quote, ...] = ()


class OpenQuestion(msgspec.Struct, frozen=True):
    """Something that could not be checked, the command that brings it, and the causes that it would settle."""

    ask: str
    command: str | None
    would_settle: tuple[str, ...]


class Coverage(msgspec.Struct, frozen=True):
    """What became of one artifact. ``state``: read, partly, empty, skipped, unreadable, duplicate."""

    artifact: str
    state: str
    records: int = 0
    unreadable: int = 0
    note: str | None = None


class Trouble(msgspec.Struct, frozen=True):
    """Something of the tool or the input went wrong; never a finding."""

    where: str
    what: str


class Client(msgspec.Struct, frozen=True):
    """Who this is about, as far as the evidence says."""

    name: str | None = None
    site_code: str | None = None


class Observed(msgspec.Struct, frozen=True):
    """The span of the evidence in UTC, and ``now``: the moment the bundle is judged at."""

    first: datetime | None = None
    last: datetime | None = None
    now: datetime | None = None


class Outcome(StrEnum):
    """The one-word answer, which also decides the exit code (0, 1, 3)."""

    HEALTHY = "nothing-wrong-found"
    CAUSE = "cause-found"
    INSUFFICIENT = "not-enough-evidence"


class Diagnosis(msgspec.Struct, frozen=True):
    """Everything a report shows; its JSON form is the contract ``ccmdoctor.diagnosis/1``.

    ``update_steps`` follows the update that was asked for and is empty without one; ``probe_steps`` are those of a
    probe, in order, and empty where nothing was asked.
    ``causes`` is ranked with root causes first; ``ruled_out`` and ``open_questions`` are the honest rest.
    """

    schema: str
    tool: str
    language: str
    outcome: Outcome
    client: Client
    observed: Observed
    symptom: Symptom | None
    update: str | None
    stages: tuple[StageReport, ...]
    causes: tuple[Cause, ...]
    ruled_out: tuple[RuledOut, ...]
    open_questions: tuple[OpenQuestion, ...]
    timeline: tuple[Quote, ...]
    coverage: tuple[Coverage, ...]
    troubles: tuple[Trouble, ...]
    update_steps: tuple[UpdateStep, ...] = ()
    probe_steps: tuple[ProbeStep, ...] = ()


SCHEMA = "ccmdoctor.diagnosis/1"


class HResult(msgspec.Struct, frozen=True):
    """An error code with its unsigned 32-bit value."""

    value: int

    def __str__(self) -> str:
        return f"0x{self.value:08x}"

    @property
    def ok(self) -> bool:
        """True for success codes: the severity bit is clear (WU_S_REBOOT_REQUIRED is 0x00240005)."""
        return self.value < 0x80000000

    @classmethod
    def parse(cls, text: str) -> HResult | None:
        """Read hex (with or without 0x), signed or unsigned decimal; None when it is not a 32-bit number.

        Eight bare digits or letters are hex, as WindowsUpdate.log and ReportingEvents.log write them.
        """
        word = text.strip().rstrip(".,;)").lstrip("(")
        try:
            bare = len(word) == 8 and not word.startswith("-")
            number = int(word, 16 if bare or word.lower().startswith("0x") else 10)
        except ValueError:
            return None
        if not -0x80000000 <= number <= 0xFFFFFFFF:
            return None
        return cls(number & 0xFFFFFFFF)


class Progress:
    """A way to say how far long work has come. The default says nothing; the terminal shows a bar."""

    def __init__(self, tell: Callable[[str, int, int], None] | None = None) -> None:
        self._tell = tell

    def step(self, what: str, done: int, total: int) -> None:
        """Report ``done`` of ``total`` bytes or items of ``what``."""
        if self._tell:
            self._tell(what, done, total)
