"""What is fuzzed: every reader of bytes, with what must hold for any bytes at all.

A target raises AssertionError (or anything else) when something is wrong and returns nothing. No target needs the
fuzzer, so that a kept case is replayed by the ordinary tests.
"""

from __future__ import annotations

import html
import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable
from functools import cache, partial
from types import ModuleType
from typing import Any, NamedTuple

import msgspec

from ccmdoctor import formats
from ccmdoctor.formats import clock, cmtrace, lines, registry_pol, text
from ccmdoctor.knowledge.messages import automaton, patterns
from ccmdoctor.model import InputError, Instant, Place, Record, State, Trouble
from ccmdoctor.reader import Reading, read
from ccmdoctor.reasoning.diagnosis import conclude, tell
from ccmdoctor.report import render
from ccmdoctor.report.json import writable
from ccmdoctor.report.words import LANGUAGES, words
from ccmdoctor.sources.archive import Budget, members
from ccmdoctor.sources.artifact import RefusedError, Unread
from ccmdoctor.timeline import columns, streams
from ccmdoctor.timeline.entries import Wanted
from fuzz import seeds
from fuzz.memory import Memory, unpacked

FILE = "some.file"
INFLATED = 4 << 20  # bytes that one archive may give


class Target(NamedTuple):
    """A reader under test: what is run on bytes, and what fuzzing starts from."""

    name: str
    run: Callable[[bytes], None]
    seeds: Callable[[], Iterable[bytes]]
    words: tuple[str, ...] = ()
    pace: int = 200  # inputs for a second of fuzzing to start from


@cache
def targets() -> dict[str, Target]:
    """Every target by name. A format with ``MARKERS`` and ``read`` is one without being named here."""
    found = [
        Target("archive", an_archive, seeds.archives),
        Target("clock", times, seeds.times),
        Target("cmtrace", frames, seeds.records, ("<![LOG[", "]LOG]!>", '<time="', '" date="', ' file="')),
        Target("columns", both_ways, seeds.records, ("<![LOG[", "]LOG]!><time="), 30),
        Target("diagnosis", a_diagnosis, seeds.whole, ("\n%%%% ", "<![LOG[", "²"), 3),
        Target("lines", one_line, seeds.lines, ("$$<", "><thread=", "[AGENT_", ", Info")),
        Target("messages", matches, seeds.lines),
        Target("reader", a_reading, seeds.whole, ("\n%%%% ", "<![LOG[", "²"), 50),
        Target("registry_pol", a_policy_file, seeds.policy_files, ("PReg", "**del.", "**delvals.")),
        Target("text", decoding, seeds.lines),
        Target("timeline", a_timeline, seeds.whole, ("\n%%%% ", "<![LOG[", "²"), 50),
    ]
    for name, module in text_formats().items():
        found.append(Target(name, partial(states, module), partial(seeds.texts, name, module.MARKERS), module.MARKERS))
    if redaction := _redaction():
        found.append(Target("redaction", partial(redacted, redaction), seeds.whole, ("\n%%%% ",), 50))
    return {one.name: one for one in found}


@cache
def text_formats() -> dict[str, Any]:
    """The formats of command outputs, as the reader finds them."""
    names = [module.name for module in pkgutil.iter_modules(formats.__path__)]
    loaded = {name: importlib.import_module(f"{formats.__name__}.{name}") for name in names}
    return {name: module for name, module in loaded.items() if hasattr(module, "MARKERS")}


def _redaction() -> ModuleType | None:
    try:
        return importlib.import_module("ccmdoctor.redaction")
    except ImportError:
        return None


def states(module: Any, data: bytes) -> None:
    """A text format gives states that stand in the file and fit into a report."""
    decoded = text.decode(data)
    rows = decoded.count("\n") + decoded.count("\r") + len(decoded.splitlines()) + 1
    for state in module.read(decoded, FILE):
        _check_state(state, rows)


def _check_state(state: State, rows: int) -> None:
    assert isinstance(state, State) and state.kind
    _check_place(state.place, rows)
    msgspec.json.encode(writable(msgspec.to_builtins(state)))
    if state.when:
        _check_instant(state.when)


def _check_place(place: Place, rows: int) -> None:
    assert place.file == FILE and 1 <= place.line <= rows and place.offset >= 0, place


def _check_instant(when: Instant, written_in: str | None = None) -> None:
    """An instant has a UTC reading or none, and says only what was written."""
    assert when.utc is None or when.utc.tzinfo is not None
    year, *_, minute, second = (f"{number:02d}" for number in when.local.timetuple()[:6])
    digits = [int(one) for one in re.findall(r"\d+", when.as_written)]
    together = "".join(str(one % 10) for one in map(int, re.findall(r"\d", when.as_written)))
    for part in (year, minute, second):
        assert int(part) in digits or part in together, when
    if written_in is not None:
        assert all(piece in written_in for piece in when.as_written.split()), (when, written_in)


def times(data: bytes) -> None:
    """No text at all makes a reader of times raise."""
    time, date, source = (*text.decode(data).split("\n", 2), "", "")[:3]
    found = [
        clock.cmtrace_instant(time, date, source), clock.local_instant(date, time, f"{date} {time}"),
        clock.offset_instant(date, time, source, f"{date} {time} {source}"), clock.viewer_instant(f"{date} {time}"),
        clock.viewer_instant(time), clock.mof_instant(time),
    ]  # fmt: skip
    for when in found:
        if when:
            _check_instant(when)


def frames(data: bytes) -> None:
    """Records stand in order, do not overlap, and are found again from a byte inside them."""
    before = 0
    for frame in cmtrace.frames(data):
        assert before <= frame.start < frame.end <= len(data) and frame.start <= frame.text.start <= frame.text.stop
        assert data.startswith(cmtrace.OPEN, frame.start) and frame.text.stop <= frame.end
        before = frame.end
        for at in {frame.start, frame.text.start, frame.end - 1}:
            again = cmtrace.frame_at(data, at)
            # an opener inside a record counts for whoever comes from behind it
            assert again is None or again.start >= frame.start
        if frame.trailer:
            found = cmtrace.read_trailer(data[frame.trailer])
            assert found.severity is None or 0 <= found.severity <= 9
            if found.when:
                _check_instant(found.when, text.decode(data[frame.trailer]))
    cmtrace.edges(data)
    middle = len(data) // 2
    halves = zip(cmtrace.count(data, 0, middle), cmtrace.count(data, middle, len(data)), strict=True)
    assert tuple(map(sum, halves)) == cmtrace.count(data, 0, len(data))
    for at in range(0, len(data), max(1, len(data) // 16)):
        one = cmtrace.frame_at(data, at)
        assert one is None or one.start <= at < one.end
        start, end = lines.line_at(data, at)
        assert 0 <= start <= at <= end <= len(data)


def both_ways(data: bytes) -> None:
    """Records by the window, of whatever size, are the records one by one."""
    one_by_one = [(one.start, one.end, one.text.start, one.text.stop) for one in cmtrace.frames(data)]
    for window in (64, 500, 1 << 20):
        by_window = [
            row
            for block in columns.blocks(data, window)
            for row in zip(
                *(column.tolist() for column in (block.start, block.end, block.text, block.text_end)), strict=True
            )
        ]
        assert by_window == one_by_one, window


def one_line(data: bytes) -> None:
    """A line is taken apart without a word that does not stand in it."""
    decoded = text.decode(data)
    found = lines.read_line(data)
    for said in (found.text, found.component, found.thread):
        assert said in decoded or said.strip() in decoded
    if found.when:
        _check_instant(found.when, decoded)


def matches(data: bytes) -> None:
    """Whatever the automaton finds, the expressions behind it end soon and take only what stands there."""
    groups = tuple(patterns().values())
    hits: set[int] = set()
    automaton().scan(data, match_event_handler=lambda which, *_: hits.add(which) and None)
    decoded = text.decode(data)[:4000]
    said = decoded + html.unescape(decoded)  # a line may be copied from the source of a page
    for which in hits:
        for template in groups[which]:
            found = template.expression.search(decoded)
            assert not found or all(value in said for value in found.groupdict().values() if value is not None)


def decoding(data: bytes) -> None:
    """Any bytes are text, are of one kind, and come out the same whole or in pieces."""
    text.decode(data).encode("utf-8")
    assert text.narrow(text.narrow(data)) == text.narrow(data) and b"\x00" not in text.narrow(data)
    text.is_binary(data), text.is_blank(data), text.holds_wide_runs(data)
    assert text.is_wide(data) in (None, "utf-16-le", "utf-16-be")
    assert text.newlines(data, 0, len(data), 7) == data.count(b"\n")
    for encoding in ("utf-16-le", "utf-16-be"):
        pieces = [b"".join(iter(partial(text.narrowed(data, encoding), size), b"")) for size in (1, 7, 1 << 20)]
        assert pieces[0] == pieces[1] == pieces[2]


def a_policy_file(data: bytes) -> None:
    """A policy file gives one state about itself and those of its entries, none beyond the data."""
    header, *values = registry_pol.read(data, FILE)
    _check_state(header, 1)
    assert header.kind == "registry-pol"
    for state in values:
        _check_state(state, 1)
        assert state.place.offset < len(data)


def an_archive(data: bytes) -> None:
    """Members come out within bounds, or with a reason, and never under a name that climbs."""
    budget = Budget(INFLATED)
    for one in members(data, "x.zip", budget):
        assert one.name.startswith("x.zip") and "/../" not in f"/{one.name.partition('!')[2]}/"
        if isinstance(one, Unread):
            continue
        try:
            with one.open() as content:
                assert len(content) <= INFLATED
        except (RefusedError, OSError):
            pass


def _read(data: bytes, *, backwards: bool = False) -> Reading | None:
    files = unpacked(data)
    if backwards:
        files = dict(reversed(files.items()))
    try:
        reading = read([Memory(files)])
    except InputError as error:
        assert words("en")(f"errors.{error.key}", **error.about)
        return None
    names = [one.artifact.partition("!")[0] for one in reading.coverage]
    assert set(names) == set(files), "every file is accounted for"
    _check_troubles(reading.troubles)
    return reading


def _check_troubles(found: Iterable[Trouble]) -> None:
    """A defect that the program caught itself. The words are those by which the fuzzer tells defects apart."""
    for one in found:
        raise AssertionError(f"TROUBLE {one.where.split(' ')[0]} {one.what.partition(':')[0]}")


def a_reading(data: bytes) -> None:
    """Every file is accounted for, and every event stands in it with its time."""
    reading = _read(data)
    if not reading:
        return
    files = unpacked(data)
    for event in (one for kept in reading.events.values() for one in kept):
        _check_record(event.record, files)
        said = event.record.text + html.unescape(event.record.text)  # a line may be copied from the source of a page
        assert all(value in said for value in event.fields.values())
    for state in reading.states:
        msgspec.json.encode(writable(msgspec.to_builtins(state)))
    for item in reading.coverage:
        assert item.records >= 0 and item.unreadable >= 0


def _check_record(record: Record, files: dict[str, bytes]) -> None:
    outer = record.place.file.partition("!")[0]
    assert outer in files and record.place.line >= 1
    if record.when:
        _check_instant(record.when)


def verdicts(reading: Reading) -> dict[str, str]:
    """Cause to verdict."""
    conclusion = conclude(reading)
    _check_troubles(conclusion.troubles)
    return {one.rule.id: str(one.finding.verdict) for one in (*conclusion.causes, *conclusion.excluded)}


def a_diagnosis(data: bytes) -> None:
    """No rule fails, every medium shows the result, and the order of the files changes nothing."""
    reading = _read(data)
    if not reading:
        return
    conclusion = conclude(reading)
    _check_troubles(conclusion.troubles)
    for language in LANGUAGES:
        told = tell(conclusion, language, words(language))
        for medium in ("text", "json", "markdown"):
            shown = render(told, medium)
            assert "\x1b" not in shown.replace("\x1b[", "") or medium != "json"
    turned = _read(data, backwards=True)
    assert turned and verdicts(turned) == verdicts(reading)


def a_timeline(data: bytes) -> None:
    """Every entry of the merged logs stands in a file, and its instant is one that can be shown."""
    files = unpacked(data)
    try:
        with streams.merged([Memory(files)], Wanted()) as (entries, _):
            for entry in entries:
                assert entry.file.partition("!")[0] in files and entry.line >= 1
                assert entry.utc is None or entry.utc.tzinfo is not None
    except InputError as error:
        assert words("en")(f"errors.{error.key}", **error.about)


def redacted(module: Any, data: bytes) -> None:
    """Redaction of any bundle ends, and what comes out is read again."""
    redaction = module.Redaction([Memory(unpacked(data))], key=bytes(32))
    for source in redaction.sources:
        for one in source.artifacts():
            if isinstance(one, Unread):
                continue
            try:
                with one.open() as content:
                    bytes(content[:])
            except (RefusedError, OSError):
                pass
