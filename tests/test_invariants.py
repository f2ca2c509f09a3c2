"""What must not change a verdict: how a bundle was packed, saved, split, doubled or soiled on its way here.

Every change is made to cases of rules and to healthy clients. A change that loses nothing leaves every verdict as it
is. One that loses records gives the verdicts of what is left, and invents nothing.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from fuzz.memory import Memory

from casefiles import cases_of
from ccmdoctor.formats import cmtrace, lines, text
from ccmdoctor.model import Event, InputError
from ccmdoctor.reader import Reading, read
from ccmdoctor.reasoning.diagnosis import conclude
from ccmdoctor.rules.catalogue import rules

HEALTHY = Path(__file__).parent / "healthy"
Files = dict[str, bytes]
TEXTS = (".log", ".lo_", ".txt", ".json", ".csv", ".reg", ".html", ".xml")
FOREIGN = "*** copied by the help desk 2 <b>of</b> 3 ***"


@cache
def bundles() -> dict[str, tuple[Files, str | None, str | None]]:
    """Every fifth positive and every ninth other case, and the healthy clients; with ``--update`` and ``--now``."""
    found: dict[str, tuple[Files, str | None, str | None]] = {}
    cases = [case for rule in rules() for case in cases_of(rule.folder)]
    positive = [case for case in cases if case.is_positive][::12]
    others = [case for case in cases if not case.is_positive][::24]
    for case in (*positive, *others):
        found[f"{case.rule}: {case.title}"] = case.files, case.options.get("update"), case.options.get("now")
    for folder in sorted(HEALTHY.iterdir()):
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        found[folder.name] = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}, None, None
    return found


def reading_of(files: Files) -> Reading | None:
    """What is read, None when it is too little; never a trouble."""
    try:
        reading = read([Memory(files)])
    except InputError:
        return None
    assert not reading.troubles
    return reading


def verdicts(files: Files, update: str | None, now: str | None) -> dict[str, str]:
    """Cause to verdict, without those that are unknown."""
    reading = reading_of(files)
    if reading is None:
        return {}
    conclusion = conclude(reading, update=update, now=datetime.fromisoformat(now) if now else None)
    assert not conclusion.troubles
    return {one.rule.id: str(one.finding.verdict) for one in (*conclusion.causes, *conclusion.excluded)}


def each(change: Callable[[str, bytes], bytes]) -> Callable[[Files], Files]:
    """A change of the content of every text file."""
    return lambda files: {
        name: change(name, raw) if name.lower().endswith(TEXTS) and not text.is_wide(raw) else raw
        for name, raw in files.items()
    }


def is_log(raw: bytes) -> bool:
    return raw.count(cmtrace.OPEN) > 0 and all(frame.trailer for frame in cmtrace.frames(raw))


def unix(name: str, raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n")


def windows(name: str, raw: bytes) -> bytes:
    return unix(name, raw).replace(b"\n", b"\r\n")


def marked(name: str, raw: bytes) -> bytes:
    return b"\xef\xbb\xbf" + raw.removeprefix(b"\xef\xbb\xbf")


def saved_as(encoding: str) -> Callable[[str, bytes], bytes]:
    def change(name: str, raw: bytes) -> bytes:
        try:
            return raw.decode("utf-8-sig").encode(encoding)
        except UnicodeError:
            return raw

    return change


def soiled(dirt: bytes) -> Callable[[str, bytes], bytes]:
    """Something between the records of a log."""

    def change(name: str, raw: bytes) -> bytes:
        if not is_log(raw):
            return raw
        pieces = [raw[one.start : one.end] for one in cmtrace.frames(raw)]
        return (b"\r\n" + dirt).join(pieces) + b"\r\n" + dirt

    return change


def backwards(files: Files) -> Files:
    return dict(reversed(files.items()))


def doubled(files: Files) -> Files:
    return files | {f"copy of it/{name}": raw for name, raw in files.items()}


def split(files: Files) -> Files:
    """Every log of the client cut between two records into an older and a newer part, as ConfigMgr rolls it."""
    out: Files = {}
    for name, raw in files.items():
        found = list(cmtrace.frames(raw))
        if not is_log(raw) or len(found) < 2 or not name.lower().endswith(".log") or not _in_order(raw):
            out[name] = raw
            continue
        at = found[len(found) // 2].start
        out[f"{name[:-4]}-20200101-000000.log"], out[name] = raw[:at], raw[at:]
    return out


def _in_order(raw: bytes) -> bool:
    """Parts are put in order by their times: each record has its own, later than the one before."""
    at = [cmtrace.read_trailer(raw[one.trailer]).when for one in cmtrace.frames(raw) if one.trailer]
    times = [one.local for one in at if one]
    return len(times) == len(at) and all(one < two for one, two in pairwise(times))


KEEPS_ALL: dict[str, Callable[[Files], Files]] = {
    "files in another order": backwards,
    "every file twice": doubled,
    "line feeds only": each(unix),
    "carriage returns everywhere": each(windows),
    "a byte order mark": each(marked),
    "UTF-16": each(saved_as("utf-16")),
    "UTF-16 without a mark": each(saved_as("utf-16-le")),
    "cp932": each(saved_as("cp932")),
    "rotations": split,
    "blank lines": each(soiled(b"\r\n")),
    "foreign lines": each(soiled(FOREIGN.encode() + b"\r\n")),
    "NULs": each(soiled(bytes(300) + b"\r\n")),
    "torn writes": each(soiled(b'<![LOG[half a rec\r\n5:1.000-540" date="03-25-2025" component="x">\r\n')),
    "noise": each(soiled(b"\x81\xff\xfe\x1b[2J\x80\r\n")),
}


@cache
def untouched(name: str) -> dict[str, str]:
    return verdicts(*bundles()[name])


WEAKER = {
    "confirmed": ("likely", "possible", None),
    "likely": ("possible", None),
    "possible": (None,),
    "ruled-out": (None,),
}
MAY_WEAKEN = ("torn writes", "UTF-16 without a mark")  # lines that belong together move apart; kana have no pattern


@pytest.mark.parametrize("change", KEEPS_ALL)
def test_what_loses_nothing_changes_nothing(change: str) -> None:
    changed = {}
    for name, (files, *asked) in bundles().items():
        before, after = untouched(name), verdicts(KEEPS_ALL[change](files), *asked)
        turned = {
            cause: (before.get(cause), after.get(cause))
            for cause in before.keys() | after.keys()
            if before.get(cause) != after.get(cause)
        }
        if change in MAY_WEAKEN:
            turned = {cause: (was, is_) for cause, (was, is_) in turned.items() if is_ not in WEAKER.get(str(was), ())}
        if turned:
            changed[name] = turned
    assert not changed


def said(reading: Reading | None) -> set[tuple[str, str, int, tuple[tuple[str, str], ...], str]]:
    """Every event with its place, its fields and its time as written."""

    def row(event: Event) -> tuple[str, str, int, tuple[tuple[str, str], ...], str]:
        record = event.record
        written = record.when.as_written if record.when else ""
        return event.id, record.place.file, record.place.offset, tuple(sorted(event.fields.items())), written

    return {row(event) for kept in (reading.events.values() if reading else ()) for event in kept}


def whole_before(raw: bytes, cut: int) -> bytes:
    """What stands before the record in which the cut falls."""
    if raw.count(cmtrace.OPEN):
        inside = [one.start for one in cmtrace.frames(raw) if one.start < cut < one.end]
        return raw[: inside[0]] if inside else raw[:cut]
    return raw[: raw.rfind(b"\n", 0, cut) + 1]


def test_a_log_cut_at_any_byte_says_what_its_whole_records_say() -> None:
    """Every record before the cut is kept, none is invented, and the torn one says no more than it said whole."""
    chance = random.Random(20250325)
    tried = 0
    for files, _, _ in bundles().values():
        for name, raw in files.items():
            if not is_log(raw) or len(raw) > 20_000:
                continue
            everything = said(reading_of({name: raw}))
            for cut in chance.sample(range(len(raw)), min(12, len(raw))):
                left = said(reading_of({name: raw[:cut]}))
                assert said(reading_of({name: whole_before(raw, cut)})) <= left, (name, cut)
                whole = {(id, place): dict(fields) for id, _, place, fields, _ in everything}
                for id, _, place, fields, _ in left:
                    told = whole.get((id, place), {})
                    # a shorter wording may tell less or another part, never another value
                    assert all(told.get(key, value) == value for key, value in fields), (name, cut, id, fields, told)
                    assert (id, place) in whole
                tried += 1
    assert tried > 300


@pytest.mark.parametrize("share", range(3))
def test_a_bundle_cut_anywhere_is_still_judged(share: int) -> None:
    chance = random.Random(share)
    for files, *asked in list(bundles().values())[share::3]:
        name = chance.choice(sorted(files))
        verdicts(files | {name: files[name][: chance.randrange(len(files[name]) + 1)]}, *asked)


def test_a_missing_file_never_makes_a_verdict_of_another_file_surer_by_itself() -> None:
    """Without any one file there is no crash and no trouble; a bundle of nothing is an error, not a verdict."""
    for files, *asked in list(bundles().values())[::2]:
        for name in files:
            verdicts({key: raw for key, raw in files.items() if key != name}, *asked)
    assert verdicts({"empty.log": b""}, None, None) == {}


def test_a_line_never_gets_a_time_that_it_does_not_state() -> None:
    for files, _, _ in bundles().values():
        for raw in files.values():
            for row in raw.splitlines()[:60]:
                for cut in range(0, len(row), 7):
                    when = lines.read_line(row[:cut]).when
                    assert when is None or all(piece in text.decode(row[:cut]) for piece in when.as_written.split())
