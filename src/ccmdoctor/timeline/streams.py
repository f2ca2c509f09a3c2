"""Every log of a source as a stream of entries in file order, in bounded memory.

A file stays open (mapped, or spooled to a temporary file when it comes out of a zip) until its last entry is taken.
"""

from __future__ import annotations

import bisect
import heapq
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from ccmdoctor.formats import cmtrace, lines, text
from ccmdoctor.formats.text import Data
from ccmdoctor.knowledge import logs
from ccmdoctor.model import InputError, Instant, Progress, Zone
from ccmdoctor.reader import HEAD, Kind, fingerprint, kind_of, narrowed
from ccmdoctor.sources import Source, archive
from ccmdoctor.sources.artifact import Artifact, RefusedError, Unread, bounded, forget
from ccmdoctor.timeline import columns
from ccmdoctor.timeline.columns import NO_BIAS, NO_TIME, Block
from ccmdoctor.timeline.entries import Entry, Wanted

_EPOCH = datetime(1970, 1, 1)
_MILLISECOND = timedelta(milliseconds=1)
_LONGEST = 4_000  # characters of a text that are shown
_NO_LOG = {Kind.BLANK: "empty", Kind.BINARY: "not-text", Kind.POLICY: "no-times"}  # keys of the words files
_CHUNK = 1 << 20  # bytes of lines read at a time


class Log(NamedTuple):
    """One log file that is open. ``shown`` is its name inside the source, ``framed`` whether CMTrace records open."""

    shown: str
    log: str
    data: Data
    framed: bool


class Opened(NamedTuple):
    """The logs of a source, and what could not be read with the reason (a key of the words files)."""

    logs: list[Log]
    unread: list[tuple[str, str]]


def opened(sources: Sequence[Source], stack: ExitStack, progress: Progress | None = None) -> Opened:
    """All text files of the sources. Raises InputError when there is none."""
    found = Opened([], [])
    seen: set[tuple[int, bytes]] = set()
    for source in sources:
        _open_all(bounded(source), found, seen, stack, archive.Budget(), progress or Progress(), 1)
    if not found.logs:
        where = ", ".join(source.address for source in sources)
        if not found.unread:
            raise InputError("nothing-there", source=where)
        raise InputError("nothing-readable", source=where, file=found.unread[0][0], reason=found.unread[0][1])
    return found


def _open_all(
    artifacts: Iterable[Artifact | Unread],
    found: Opened,
    seen: set[tuple[int, bytes]],
    stack: ExitStack,
    budget: archive.Budget,
    progress: Progress,
    depth: int,
) -> None:
    for artifact in artifacts:
        if isinstance(artifact, Unread):
            found.unread.append((artifact.name, artifact.why))
            continue
        progress.step(artifact.name, 0, artifact.size)
        try:
            data = stack.enter_context(artifact.open())
        except RefusedError as refusal:
            found.unread.append((artifact.name, refusal.why))
            continue
        except OSError:
            found.unread.append((artifact.name, "cannot-be-opened"))
            continue
        kind = kind_of(data, artifact.name)
        if kind is Kind.ARCHIVE:
            inner = archive.members(data, artifact.name, budget, depth)
            _open_all(inner, found, seen, stack, budget, progress, depth + 1)
        elif kind is not Kind.TEXT:
            found.unread.append((artifact.name, _NO_LOG[kind]))
        elif (key := fingerprint(data, artifact.name)) not in seen:  # the same file again would double every entry
            seen.add(key)
            narrow = stack.enter_context(narrowed(data))
            framed = narrow.find(cmtrace.OPEN) >= 0
            if framed or _has_times(narrow):
                found.logs.append(Log(artifact.name, logs.by_file(artifact.name).log, narrow, framed))
            else:
                found.unread.append((artifact.name, "no-times"))


def _has_times(data: Data) -> bool:
    """Whether one of the first lines states a time; command outputs and notes have no place in an order of times."""
    return any(lines.read_line(raw).when for _, raw in _split(data, 0, min(len(data), HEAD)))


class _Zones:
    """The bias of the bundle at a local time, proven by the records of its native logs."""

    def __init__(self, found: Iterable[Log]) -> None:
        proven = [
            (at.local, at.bias)
            for one in found
            if one.framed and not logs.zone_unproven(one.log)
            for at in cmtrace.edges(one.data)
            if at and at.zone is Zone.PROVEN and at.bias is not None
        ]
        self._known = sorted(proven)

    def settled(self, when: Instant, log: str) -> Instant:
        """The instant, read with the proven bias where it states none itself and the log is of the same machine."""
        if when.zone is Zone.PROVEN and logs.zone_unproven(log):
            return Instant(when.as_written, when.local)
        if when.bias is None and self._known and logs.is_local_time(log):
            return when.assuming(self.near(when.local))
        return when

    def near(self, local: datetime) -> int:
        """The bias (minutes) proven nearest to a local time; 0 when none is."""
        if not self._known:
            return 0
        at = min(bisect.bisect_left(self._known, (local, -NO_BIAS)), len(self._known) - 1)
        return self._known[at][1]


@contextmanager
def merged(
    sources: Sequence[Source], wanted: Wanted, progress: Progress | None = None
) -> Iterator[tuple[Iterator[Entry], list[tuple[str, str]]]]:
    """The wanted entries of all logs by their instants, and what could not be read.

    Entries of one file keep their order, whatever their times say. Raises InputError when there is no log at all.
    """
    with ExitStack() as stack:
        found = opened(sources, stack, progress)
        zones = _Zones(found.logs)
        streams = [_numbered(entries(one, zones, wanted), place) for place, one in enumerate(found.logs)]
        try:
            yield (entry for _, _, entry in heapq.merge(*streams, key=itemgetter(0, 1))), found.unread
        finally:
            for stream in streams:
                stream.close()


def _numbered(found: Iterator[Entry], place: int) -> Generator[tuple[int, int, Entry], None, None]:
    newest = NO_TIME
    for entry in found:
        newest = max(newest, entry.at)
        yield newest, place, entry


def entries(log: Log, zones: _Zones, wanted: Wanted) -> Iterator[Entry]:
    """The wanted entries of one log in file order."""
    return _framed(log, zones, wanted) if log.framed else _lines(log, zones, wanted)


class _Lines:
    """Line numbers of places that are asked for in rising order."""

    def __init__(self, data: Data) -> None:
        self._data = data
        self._at, self._line = 0, 1

    def of(self, at: int) -> int:
        if at > self._at:
            self._line += text.newlines(self._data, self._at, at)
            self._at = at
        return self._line


def _framed(log: Log, zones: _Zones, wanted: Wanted) -> Iterator[Entry]:
    data, numbers = log.data, _Lines(log.data)
    names: dict[bytes, str] = {}
    before, covered = NO_TIME, 0
    for block in columns.blocks(data):
        at, before = _instants(block, log, zones, before)
        pieces = zip(
            block.start.tolist(), block.end.tolist(), block.text.tolist(), block.text_end.tolist(),
            block.component.tolist(), block.component_end.tolist(), block.severity.tolist(), block.thread.tolist(),
            block.local.tolist(), block.bias.tolist(), at.tolist(), _chosen(at, wanted),
            strict=True,
        )  # fmt: skip
        for start, end, begin, stop, name, name_end, kind, thread, local, bias, instant, chosen in pieces:
            if start > covered + 2:
                yield from _strays(log, numbers, covered, start, instant, wanted)
            covered = end
            if not chosen:
                continue
            raw = bytes(data[name:name_end])
            component = names.get(raw)
            if component is None:
                component = names[raw] = text.decode(raw)
            if not wanted.named(component, log.log):
                continue
            said = text.decode(bytes(data[begin:stop]))
            severity = kind if kind >= 0 else None
            if wanted.says(said, severity):
                when = columns.instant(data, stop, end, local, bias)
                shown = zones.settled(when, log.log) if when else None
                yield Entry(
                    instant, shown, log.shown, numbers.of(start), component,
                    str(thread) if thread >= 0 else "", severity, said[:_LONGEST],
                )  # fmt: skip
        forget(data)
    yield from _strays(log, numbers, covered, len(data), before, wanted)


def _chosen(at: columns.Ints, wanted: Wanted) -> list[bool]:
    """Whether the time of each record fits; the text is looked at only then."""
    fits = np.ones(len(at), np.bool_)
    if wanted.first is not None:
        fits &= at >= wanted.first
    if wanted.last is not None:
        fits &= at <= wanted.last
    return list(fits.tolist())


def _instants(block: Block, log: Log, zones: _Zones, before: int) -> tuple[columns.Ints, int]:
    """The instant of each record in milliseconds, one without a time at that of the record before it."""
    at = np.full_like(block.local, NO_TIME) if logs.zone_unproven(log.log) else block.utc
    for index in np.flatnonzero((at == NO_TIME) & (block.local != NO_TIME)).tolist():
        local = int(block.local[index])
        at[index] = local + zones.near(_EPOCH + local * _MILLISECOND) * 60_000
    known = at != NO_TIME
    last = np.maximum.accumulate(np.where(known, np.arange(len(at)), -1))
    filled = np.where(last >= 0, at[np.maximum(last, 0)], before)
    return filled, int(filled[-1]) if len(filled) else before


def _strays(log: Log, numbers: _Lines, start: int, stop: int, at: int, wanted: Wanted) -> Iterator[Entry]:
    """Lines that stand between records: foreign text, or the rest of a torn one. They have no time of their own."""
    if not wanted.at(at) or not wanted.named(log.log):
        return
    for begin, raw in _split(log.data, start, stop):
        said = text.decode(raw).strip()
        if said and wanted.says(said, None):
            yield Entry(at, None, log.shown, numbers.of(begin), "", "", None, said[:_LONGEST])


def _split(data: Data, start: int, stop: int) -> Iterator[tuple[int, bytes]]:
    """The physical lines between two bytes; a very long one in pieces."""
    while start < stop:
        end = data.find(b"\n", start, min(start + _CHUNK, stop))
        after = end + 1 if end >= 0 else min(start + _CHUNK, stop)
        yield start, bytes(data[start:after])
        start = after


def _lines(log: Log, zones: _Zones, wanted: Wanted) -> Iterator[Entry]:
    """A log whose record is one line; a line without a time belongs to the one before it."""
    at = NO_TIME
    for line, (_, raw) in enumerate(_split(log.data, 0, len(log.data)), 1):
        found = lines.read_line(raw)
        if not found.text:
            continue
        when = zones.settled(found.when, log.log) if found.when else None
        if when:
            with suppress(OverflowError):
                bias = when.bias if when.bias is not None else zones.near(when.local)
                at = (when.local - _EPOCH) // _MILLISECOND + bias * 60_000
        if wanted.at(at) and wanted.named(found.component, log.log) and wanted.says(found.text, None):
            yield Entry(at, when, log.shown, line, found.component, found.thread, None, found.text[:_LONGEST])
