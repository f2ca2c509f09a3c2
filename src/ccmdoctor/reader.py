"""From the bytes of all sources to events and states: one pass over each artifact.

Raw bytes go once through the automaton of all known messages; only the record around a hit is framed and decoded.
Every artifact ends as one line of coverage: read, partly read, empty, skipped, unreadable or a duplicate.
"""

from __future__ import annotations

import bisect
import importlib
import pkgutil
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from functools import cache
from hashlib import blake2b
from operator import attrgetter
from re import Match
from types import ModuleType
from typing import Any, NamedTuple

import msgspec

from ccmdoctor import formats
from ccmdoctor.formats import cmtrace, collected, lines, registry_pol, text
from ccmdoctor.formats.text import Data
from ccmdoctor.knowledge import logs
from ccmdoctor.knowledge.messages import Message, Template, automaton, known_logs, patterns, said
from ccmdoctor.model import Coverage, Event, InputError, Instant, Place, Progress, Record, State, Trouble, Zone
from ccmdoctor.sources import Source, archive
from ccmdoctor.sources.artifact import Artifact, RefusedError, Unread, bounded, forget, spooled

HEAD = 65_536  # bytes by which an artifact is recognised
LARGEST_POLICY = 16 << 20  # bytes of a policy file
WINDOW = 8 << 20  # bytes of one artifact given to the automaton at a time
MOST_EVENTS = 5_000  # newest events kept of one message in one artifact; the report says when there were more
MANY_EVENTS = 50_000  # of all messages in one artifact; from there on only this many of one message:
FEWER_EVENTS = 500
FULL = -1  # in place of a byte position: no older event of a message would be kept
LARGEST_STATE_TEXT = 4 << 20  # bytes; command outputs are small, logs are not
MIXED = 64 << 20  # bytes; a larger log of one byte a character is not searched for UTF-16 pieces
PASTED = 1 << 20  # bytes; what people copied out of a page is small, and may hold its blanks and its line breaks
LONGEST_TEXT = 4_000  # characters of a record's text kept for quoting


class Kind(StrEnum):
    """What the bytes of an artifact are."""

    BLANK = "blank"
    ARCHIVE = "archive"
    POLICY = "policy"
    BINARY = "binary"
    TEXT = "text"


def kind_of(data: Data, name: str) -> Kind:
    """How an artifact is to be read, by its first bytes. A log that begins like an archive is one only when whole."""
    head = bytes(data[:HEAD])
    framed = cmtrace.OPEN in head
    if text.is_blank(data):
        return Kind.BLANK
    if archive.is_archive(head) and (not framed or archive.is_whole(data)):
        return Kind.ARCHIVE
    if not framed and registry_pol.is_policy_file(head, name):
        return Kind.POLICY
    return Kind.BINARY if text.is_binary(head) else Kind.TEXT


class Reading(NamedTuple):
    """All that was read. ``events`` are in written order within a log, ``states`` by file; instants in UTC if known."""

    events: dict[str, list[Event]]
    states: list[State]
    coverage: list[Coverage]
    troubles: list[Trouble]
    first: datetime | None
    last: datetime | None
    collected: datetime | None


class _Collector:
    """What comes together while artifacts are read."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.states: list[State] = []
        self.coverage: list[Coverage] = []
        self.troubles: list[Trouble] = []
        self.edges: dict[str, tuple[Instant | None, Instant | None]] = {}  # by artifact
        self.lengths: dict[str, tuple[int, int | None]] = {}  # bytes and, of rotated parts, lines; by artifact
        self.proven: list[Instant] = []
        self.digests: dict[tuple[int, bytes], str] = {}

    def covered(
        self, artifact: str, state: str, records: int = 0, unreadable: int = 0, note: str | None = None
    ) -> None:
        self.coverage.append(Coverage(artifact, state, records, unreadable, note))


def read(sources: Sequence[Source], progress: Progress | None = None) -> Reading:
    """Read every artifact of the sources.

    Raises InputError when the sources hold nothing that can be read at all.
    """
    collector = _Collector()
    progress = progress or Progress()
    for source in sources:
        _read_all(bounded(source), collector, archive.Budget(), progress)
    if not any(item.state in ("read", "partly") or item.note == "not-recognised" for item in collector.coverage):
        _nothing_to_read(sources, collector)
    taken = collected.moments(collector.states)
    collector.proven.extend(taken)
    collector.coverage.extend(collected.coverage(collector.states))
    stated = [at for source in sources if (at := source.collected())] or [at.utc for at in taken if at.utc]
    return _assemble(collector, max(stated, default=None))


def _nothing_to_read(sources: Sequence[Source], collector: _Collector) -> None:
    """Say why: an empty folder, or the reason that stopped the (first) artifact."""
    where = ", ".join(source.address for source in sources)
    if not collector.coverage:
        raise InputError("nothing-there", source=where)
    refused = [item for item in collector.coverage if item.note]
    first = refused[0] if refused else collector.coverage[0]
    key = "nothing-from-there" if (first.note or "").startswith("remote-") else "nothing-readable"
    raise InputError(key, source=where, file=first.artifact, reason=first.note or first.state)


def _read_all(
    found: Iterable[Artifact | Unread],
    collector: _Collector,
    budget: archive.Budget,
    progress: Progress,
    depth: int = 1,
) -> None:
    for artifact in found:
        if isinstance(artifact, Unread):
            collector.covered(artifact.name, "unreadable", note=artifact.why)
            continue
        progress.step(artifact.name, 0, artifact.size)
        try:
            with artifact.open() as data:
                _read_artifact(data, artifact, collector, budget, progress, depth)
        except RefusedError as refusal:
            collector.covered(artifact.name, "unreadable", note=refusal.why)
        except OSError:
            collector.covered(artifact.name, "unreadable", note="cannot-be-opened")
        except Exception as error:  # a defect over one file must not cost the others
            collector.troubles.append(Trouble(f"reader {artifact.name}", f"{type(error).__name__}: {error}"))
            collector.covered(artifact.name, "unreadable", note="defect")


def _read_artifact(
    data: Data, artifact: Artifact, collector: _Collector, budget: archive.Budget, progress: Progress, depth: int
) -> None:
    name, kind = artifact.name, kind_of(data, artifact.name)
    if kind is Kind.BLANK:
        collector.covered(name, "empty")
    elif kind is Kind.ARCHIVE:
        _read_all(archive.members(data, name, budget, depth), collector, budget, progress, depth + 1)
    elif kind is Kind.POLICY:
        collector.states.extend(registry_pol.read(bytes(data[:LARGEST_POLICY]), name))
        collector.covered(name, "read", records=1, note=artifact.note)
    elif kind is Kind.BINARY:
        collector.covered(name, "skipped", note="not-text")
    elif _is_duplicate(data, name, collector):
        collector.covered(name, "duplicate", note=None)
    else:
        with narrowed(data) as narrow:
            _read_text(narrow, name, artifact.note, collector, progress)


def _is_duplicate(data: Data, name: str, collector: _Collector) -> bool:
    """Whether this was read before under the same log name."""
    return collector.digests.setdefault(fingerprint(data, name), name) != name


def fingerprint(data: Data, name: str) -> tuple[int, bytes]:
    """By which a copy is known: the log, the size, the first and last 64 kB."""
    digest = blake2b(bytes(data[:HEAD]) + bytes(data[-HEAD:]), digest_size=16)
    return len(data), digest.digest() + logs.by_file(name).log.lower().encode("utf-8", "replace")


@contextmanager
def narrowed(data: Data) -> Iterator[Data]:
    """The same text with one byte a character where it was UTF-16, wholly or in runs; line numbers stay."""
    head = bytes(data[:HEAD])
    wide = text.is_wide(head)
    if wide:
        with spooled(text.narrowed(data, wide), lambda total: None) as narrow:
            yield _blanks(narrow)
    elif len(data) <= MIXED and (text.holds_wide_runs(head) or text.holds_wide_runs(bytes(data[-HEAD:]))):
        yield text.narrow(bytes(data))
    else:
        yield _blanks(data)


def _blanks(data: Data) -> Data:
    """What was copied out of a page, with its blanks as blanks."""
    return bytes(data).replace(text.NO_BREAK, b" ") if len(data) <= PASTED and data.find(text.NO_BREAK) >= 0 else data


def _read_text(data: Data, name: str, note: str | None, collector: _Collector, progress: Progress) -> None:
    opened = closed = 0
    before = len(collector.events)
    log = logs.by_file(name)
    scan = _Scan(data, name, log.log, collector)
    for start in range(0, len(data), WINDOW):
        opens, closes = cmtrace.count(data, start, start + WINDOW)
        opened, closed = opened + opens, closed + closes
        scan.window(start)
        forget(data)
        progress.step(name, min(start + WINDOW, len(data)), len(data))
    scan.finish(framed=opened > 0)
    note = note or ("older-left-out" if scan.left_out else None)
    collector.lengths[name] = len(data), _Pages(data).newlines(0, len(data)) if log.older else None
    # command outputs stand alone or in a paste, never in a log of the client's own
    states = [] if opened > 20 or len(data) > LARGEST_STATE_TEXT else _read_states(bytes(data), name, collector)
    collector.states.extend(states)
    if opened:
        collector.edges[name] = cmtrace.edges(data)
        collector.proven.extend(at for at in collector.edges[name] if at and at.zone is Zone.PROVEN)
        torn = max(0, opened - closed)
        collector.covered(name, "partly" if torn else "read", records=opened, unreadable=torn, note=note)
    else:
        rows = _Pages(data).newlines(0, len(data)) + (bytes(data[-1:]) != b"\n")
        known = len(collector.events) > before or states or log.log.lower() in known_logs()
        collector.covered(name, "read" if known else "skipped", records=rows, note=note if known else "not-recognised")


class _Pages:
    """Gives the pages of a file back whenever a pass over it has gone on by a window, so that memory does not grow."""

    def __init__(self, data: Data, at: int = 0) -> None:
        self._data = data
        self._at = at

    def pass_by(self, at: int) -> None:
        """The pass has come to this byte."""
        if abs(at - self._at) >= WINDOW:
            self._at = at
            forget(self._data)

    def newlines(self, start: int, stop: int) -> int:
        """The number of line feeds between two bytes."""
        count = 0
        for at in range(start, stop, WINDOW):
            self.pass_by(at)
            count += text.newlines(self._data, at, min(at + WINDOW, stop))
        return count


@cache
def _state_formats() -> tuple[ModuleType, ...]:
    found = (
        importlib.import_module(f"{formats.__name__}.{module.name}")
        for module in pkgutil.iter_modules(formats.__path__)
    )
    return tuple(module for module in found if hasattr(module, "MARKERS"))


def _read_states(raw: bytes, name: str, collector: _Collector) -> list[State]:
    decoded = text.decode(raw)
    lowered = decoded.lower()
    states: list[State] = []
    for format in _state_formats():
        if any(marker in lowered for marker in format.MARKERS):
            try:
                states.extend(format.read(decoded, name))
            except Exception as error:  # a defect in one reader must not cost the rest of the bundle
                collector.troubles.append(Trouble(f"{format.__name__} {name}", f"{type(error).__name__}: {error}"))
    return states


class _Scan:
    """One artifact's way through the automaton: hits to records to events.

    All hits are noted first and read from the newest back, so that records of which nothing would be kept cost nothing.
    """

    def __init__(self, data: Data, name: str, log: str, collector: _Collector) -> None:
        self._data = data
        self._name = name
        self._known = log.lower() in known_logs()
        self._log = log
        self._collector = collector
        self._hits: list[tuple[int, int]] = []
        self._ends = array("Q")
        self._which = array("H")
        self._events: dict[str, list[Event]] = {}
        self._seen: tuple[int, int, Record] | None = None
        self._groups = tuple(patterns().values())
        self._longest = max(len(literal) for literal in patterns())
        self._done: set[str] = set()  # messages that were found in the record that was read last
        self._taken = [len(data)] * len(self._groups)
        self._kept = 0  # events
        self.left_out = False  # older events of which newer ones are kept in plenty
        self._framed = False
        self._torn = False  # the record that was read last ends before its own end mark

    def window(self, start: int) -> None:
        """Scan ``WINDOW`` bytes from ``start``; a literal that crosses the edge belongs to the window it ends in."""
        begin = max(0, start - self._longest + 1)
        piece = memoryview(self._data)[begin : start + WINDOW]
        try:
            # a byte count decides on a copy: the automaton wants one contiguous buffer and gets the mapping itself
            automaton().scan(piece, match_event_handler=self._hit, context=begin)
        finally:
            piece.release()
        hits, self._hits = self._hits, []
        hits.sort()
        if start:
            del hits[: bisect.bisect_right(hits, (start, len(self._groups)))]
        self._ends.extend(end for end, _ in hits)
        self._which.extend(pattern for _, pattern in hits)

    def _hit(self, pattern: int, start: int, end: int, flags: int, begin: Any) -> None:
        self._hits.append((begin + end, pattern))

    def _is_full(self, group: tuple[Template, ...]) -> bool:
        """Whether no event of these templates would be kept any more."""
        return all(len(self._events.get(template.message.id, ())) >= self._most for template in group)

    @property
    def _most(self) -> int:
        """How many events of one message are kept."""
        return MOST_EVENTS if self._kept < MANY_EVENTS else FEWER_EVENTS

    def _take(self, at: int, group: tuple[Template, ...]) -> int:
        """The events of the record around a hit; returns where that record starts, or FULL."""
        record_at, record_end, record = self._record(at)
        filled = False
        for template in group:
            message = template.message
            if message.id in self._done:
                continue
            log = self._log_of(record, message)
            if message.strict and log not in message.logs:
                continue
            found = said(message.id, record.text)
            if not found and (whole := self._with_next_line(record_end, record)):
                found = said(message.id, whole.text)
                record = whole if found else record
            if not found or (self._torn and _is_cut(found, record.text)):
                continue
            self._done.add(message.id)
            kept = self._events.setdefault(message.id, [])
            if len(kept) < self._most:
                self._kept += 1
                fields = {key: value.strip() for key, value in found.groupdict().items() if value is not None}
                kept.append(Event(message.id, message.means, fields, record, log))
            else:
                self.left_out = True
            filled = filled or len(kept) >= self._most
        return FULL if filled and self._is_full(group) else record_at

    def _with_next_line(self, end: int, record: Record) -> Record | None:
        """A pasted line and the bare one after it as one record: pages break long lines."""
        if self._framed or len(self._data) > PASTED or end + 1 >= len(self._data):
            return None
        start, stop = lines.line_at(self._data, end + 1)
        rest = lines.read_line(bytes(self._data[start:stop]))
        if not rest.text or rest.when or rest.component:
            return None
        return msgspec.structs.replace(record, text=f"{record.text} {rest.text}"[:LONGEST_TEXT])

    def _log_of(self, record: Record, message: Message) -> str:
        """File name, else component, else the message's own log: files get renamed, merged and pasted."""
        if self._known:
            return self._log
        return (logs.by_component(record.component) if record.component else None) or message.logs[0]

    def _record(self, at: int) -> tuple[int, int, Record]:
        if self._seen and self._seen[0] <= at < self._seen[1]:
            return self._seen
        frame = cmtrace.frame_at(self._data, at) if self._framed else None
        if frame:
            start, end = frame.start, frame.end
            body = text.decode(bytes(self._data[frame.text]))
            self._torn = frame.text.stop == frame.end
            trailer = cmtrace.read_trailer(bytes(self._data[frame.trailer])) if frame.trailer else None
            when = trailer.when if trailer else None
            component, thread, severity = (
                (trailer.component, trailer.thread, trailer.severity) if trailer else ("", "", None)
            )
        else:
            start, end = lines.line_at(self._data, at)
            body, when, component, thread = lines.read_line(bytes(self._data[start:end]))
            severity, self._torn = None, False
        place = Place(self._name, 0, start)  # the line is counted at the end, for what is kept
        self._done.clear()
        self._seen = start, end, Record(body[:LONGEST_TEXT], place, when, component, thread, severity)
        return self._seen

    def _count_lines(self) -> None:
        """Give every kept event the number of its line."""
        line, at = 1, 0
        pages = _Pages(self._data)
        events = [event for kept in self._events.values() for event in kept]
        for event in sorted(events, key=lambda one: one.record.place.offset):
            start = event.record.place.offset
            line, at = line + pages.newlines(at, start), start
            event.record = msgspec.structs.replace(event.record, place=Place(self._name, line, start))

    def finish(self, framed: bool) -> None:
        """Read the records around the hits and hand over what was found; ``framed`` when records of CMTrace stand here.

        The newest hit comes first, and one record may hold a literal many times: its last hit has taken it.
        """
        self._framed = framed
        pages = _Pages(self._data, len(self._data))
        for end, pattern in zip(reversed(self._ends), reversed(self._which), strict=True):
            pages.pass_by(end)
            if end - 1 < self._taken[pattern]:
                self._taken[pattern] = self._take(end - 1, self._groups[pattern])
            elif self._taken[pattern] == FULL:
                self.left_out = True
        self._count_lines()
        for kept in self._events.values():
            self._collector.events.extend(reversed(kept))


def _is_cut(found: Match[str], said: str) -> bool:
    """Whether a field reaches to the end of a torn text: half a number is another number."""
    ends = [found.end(name) for name in found.re.groupindex]
    return found.end() in ends and not said[found.end() :].strip()


def _assemble(collector: _Collector, collected: datetime | None) -> Reading:
    _order_rotations(collector)
    events = _without_copies(sorted(collector.events, key=attrgetter("order")))
    _settle_zones(events, collector.proven)
    by_id: dict[str, list[Event]] = {}
    for event in events:
        by_id.setdefault(event.id, []).append(event)
    instants = [at.utc for pair in collector.edges.values() for at in pair if at and at.utc]
    instants += [event.utc for event in events if event.utc]
    return Reading(
        by_id, sorted(collector.states, key=lambda state: state.place.file), collector.coverage, collector.troubles,
        min(instants, default=None), max(instants, default=None), collected,
    )  # fmt: skip


def _order_rotations(collector: _Collector) -> None:
    """Number the parts of each log by the records in them: the stamp in a rotated name is not the end of the file."""
    parts: dict[str, set[str]] = {}
    for event in collector.events:
        parts.setdefault(event.log, set()).add(event.record.place.file)
    ranks = {
        log: {file: rank for rank, file in enumerate(sorted(files, key=lambda file: _age(file, collector)))}
        for log, files in parts.items()
    }
    before = _before(collector)
    for event in collector.events:
        event.rotation = ranks[event.log][event.record.place.file]
        event.before = before.get(event.record.place.file)


def _before(collector: _Collector) -> dict[str, Place]:
    """The newer parts of each log in one folder: what stands before them, so that an exchange may cross their edge."""
    parts: dict[tuple[str, str], list[str]] = {}
    for file in collector.lengths:
        parts.setdefault((logs.by_file(file).log.lower(), file[: -len(file.rpartition("/")[2])]), []).append(file)
    found: dict[str, Place] = {}
    for files in parts.values():
        if len(files) == 1 or not all(any(collector.edges.get(file, ())) for file in files):
            continue  # without times nothing says which part is the older
        first, *newer = sorted(files, key=lambda file: _age(file, collector))
        size, rows = collector.lengths[first]
        for file in newer:
            if rows is None:
                break
            found[file] = Place(first, rows, size)
            more, lines_more = collector.lengths[file]
            size, rows = size + more, None if lines_more is None else rows + lines_more
    return found


def _age(file: str, collector: _Collector) -> tuple[bool, datetime, str]:
    first, last = collector.edges.get(file, (None, None))
    at = last or first
    stamp = (at.utc.replace(tzinfo=None) if at.utc else at.local) if at else datetime.min
    return (not logs.by_file(file).older, stamp, file)


def _without_copies(events: list[Event]) -> list[Event]:
    """Drop a timed event that stands in two files of the same log (overlapping rotations, copies)."""
    several = {event.log for event in events if event.rotation}
    seen: dict[tuple[str, str, str, str, str], str] = {}
    kept = []
    for event in events:
        when = event.record.when
        if when is not None and event.log in several:
            key = (event.log, event.id, when.as_written, event.record.thread, event.record.text)
            if seen.setdefault(key, event.record.place.file) != event.record.place.file:
                continue
        kept.append(event)
    return kept


def _settle_zones(events: Iterable[Event], proven: list[Instant]) -> None:
    """Read local times without a zone with the bias that native records prove for that time, marked as assumed."""
    known = sorted(
        (at.local, at.bias)
        for at in [*proven, *(event.record.when for event in events if event.record.when)]
        if at.zone is Zone.PROVEN and at.bias is not None
    )
    for event in events:
        when = event.record.when
        if when is None:
            continue
        if when.zone is Zone.PROVEN and logs.zone_unproven(event.log):
            event.retime(Instant(when.as_written, when.local))
        elif when.bias is None and known and logs.is_local_time(event.log):
            at = min(bisect.bisect_left(known, (when.local, -10_000)), len(known) - 1)
            event.retime(when.assuming(known[at][1]))


def judged_at(reading: Reading, stated: datetime | None) -> datetime | None:
    """The moment the bundle is judged at (UTC): stated, else the collection time, else the newest instant in it."""
    return stated or reading.collected or reading.last
