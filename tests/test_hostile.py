"""Hostile input: time and memory stay bounded, what is wrong gets a word, and nothing reaches a terminal or a page."""

from __future__ import annotations

import os
import random
import re
import stat
import struct
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path

import msgspec
import pytest
from fuzz.memory import Memory
from fuzz.seeds import texts
from fuzz.targets import text_formats

import ccmdoctor
from archives import zipped
from ccmdoctor.formats import cmtrace, lines, text
from ccmdoctor.knowledge.messages import expression, messages
from ccmdoctor.model import InputError, Progress
from ccmdoctor.reader import read
from ccmdoctor.redaction import Redaction
from ccmdoctor.report.words import LANGUAGES, words
from ccmdoctor.sources import Artifact, Unread, open_source
from ccmdoctor.sources import artifact as artifacts
from ccmdoctor.sources.artifact import Data, mapped
from ccmdoctor.timeline.entries import Wanted
from ccmdoctor.timeline.streams import merged

RECORD = (
    '<![LOG[{}]LOG]!><time="10:02:03.412-540" date="03-25-2025" component="WUAHandler" context="" type="3" '
    'thread="4120" file="cwuahandler.cpp:3525">\r\n'
)
FAILED = RECORD.format("Scan failed with error = 0x80244022.")
POSIX = pytest.mark.skipif(os.name != "posix", reason="pipes, devices and links as POSIX has them")


# ---------------------------------------------------------------------------------------------------------------- time


def cost(run: Callable[[], object]) -> float:
    """Seconds of the processor."""
    begun = time.process_time()
    run()
    return time.process_time() - begun


REPEATED = {
    "openers": "<![LOG[", "openers on lines": "\n<![LOG[", "ends": "]LOG]!><time=", "ends of text": "]LOG]!>",
    "torn records": "<![LOG[x]LOG]!><time=\n", "trailers": FAILED.partition("]LOG]!>")[2], "less-than": "<",
    "greater-than": ">", "quotes": '"', "braces": "{", "brackets": "[", "parentheses": "(", "letters": "a", "digits": "1",
    "blanks": " ", "tabs": "\t", "blank, letter": " a", "lines": "\n", "returns": "\r", "colons": ":", "commas": ",",
    "backslashes": "\\", "slashes": "/", "equals": "=", "tags": "<a>", "closing tags": "</td>", "table rows": "<tr><td>",
    "entities": "&lt;", "here": "@{a=", "name and value": "A : b\n", "key": "[HKEY_LOCAL_MACHINE\\A]\n", "NULs": "\x00",
    "failed": "Scan failed with error = ", "dashes": "-", "dots": ".", "dollars": "$$<", "kana": "あ",
}  # fmt: skip


def diagnosing(raw: bytes) -> None:
    assert "scan-failed" in read([Memory({"WUAHandler.log": raw})]).events


def listing(raw: bytes) -> None:
    with merged([Memory({"WUAHandler.log": raw})], Wanted()) as (entries, _):
        assert sum(1 for _ in entries) >= 1


def redacting(raw: bytes) -> None:
    for source in Redaction([Memory({"WUAHandler.log": raw})], key=bytes(32)).sources:
        for one in source.artifacts():
            assert isinstance(one, Artifact)
            with one.open() as data:
                assert len(data)


@pytest.mark.parametrize(("run", "size"), [(diagnosing, 500_000), (listing, 100_000), (redacting, 50_000)])
@pytest.mark.parametrize("what", REPEATED)
def test_time_grows_with_the_size_and_not_with_its_square(what: str, run: Callable[[bytes], None], size: int) -> None:
    """A log of one and of four times the size: about four times the time, never sixteen."""
    piece = REPEATED[what]
    one, four = ((FAILED + piece * (length // len(piece)) + "\r\n" + FAILED).encode() for length in (size, 4 * size))
    run(one[:2000] + b"\r\n" + FAILED.encode())
    longer = cost(partial(run, four))
    assert longer < 1.0 or longer < 9 * cost(partial(run, one)), longer


@pytest.mark.parametrize("name", sorted(text_formats()))
def test_no_format_takes_long_over_anything_repeated(name: str) -> None:
    """Behind each of its markers, so that the format does look at it."""
    read_text = text_formats()[name].read
    slow = {}
    for marker in text_formats()[name].MARKERS[:12]:
        for what, piece in REPEATED.items():
            short, long = (f"{marker} : x\n{piece * (size // len(piece))}\n{marker}" for size in (5_000, 20_000))
            spent = cost(partial(read_text, short, "x"))
            if spent > 0.02 and (longer := cost(partial(read_text, long, "x"))) > max(0.3, 9 * spent):
                slow[marker, what] = spent, longer
    assert not slow


@pytest.mark.parametrize("name", sorted(text_formats()))
def test_a_sample_with_something_long_in_it_takes_no_time(name: str) -> None:
    """Blanks, letters and marks without end at places of real samples, where each expression is at work."""
    chance, module, slow = random.Random(7), text_formats()[name], {}
    samples = [text.decode(one) for one in sorted(set(texts(name, module.MARKERS))) if len(one) < 3000]
    samples = [one for one in samples if module.read(one, "x")]
    for sample in chance.sample(samples, min(len(samples), 8)):
        places = [found.start() for found in re.finditer(r"\b|(?<=\W)(?=\W)", sample)]
        for place in chance.sample(places, min(len(places), 12)):
            for filler in (" ", "a", "1 ", '"'):
                short, long = (
                    sample[:place] + filler * (size // len(filler)) + sample[place:] for size in (4_000, 16_000)
                )
                spent = cost(partial(module.read, short, "x"))
                if spent > 0.03 and (longer := cost(partial(module.read, long, "x"))) > max(0.3, 9 * spent):
                    slow[sample[max(0, place - 40) : place], filler] = spent, longer
    assert not slow


@pytest.mark.parametrize("what", REPEATED)
def test_a_line_is_taken_apart_quickly(what: str) -> None:
    raw = (REPEATED[what] * 16_384).encode()[: 2 * lines.REACH]
    assert cost(lambda: lines.read_line(raw)) < 0.5
    assert cost(lambda: lines.read_line(b"2025-03-25 10:02:03, Info " + raw)) < 0.5
    assert cost(lambda: text.decode(raw)) < 0.5
    assert cost(lambda: cmtrace.read_trailer(raw[:1024])) < 0.5


def test_no_wording_searches_long() -> None:
    """Every template against texts made of its own pieces, of blanks and of digits, as long as a text may be."""
    length, slow = 4_000, {}
    for message in messages().values():
        for template in message.texts:
            fixed = [one for one in re.split(r"\{[a-z_]+(?::[a-z]+)?\}", template) if one.strip()]
            found = re.compile(expression(template), re.IGNORECASE | re.DOTALL)
            texts = [" " * length, "1" * length, "a " * (length // 2)]
            for count in range(1, len(fixed) + 1):
                share = length // count
                texts.append("".join((one * (share // len(one) + 1))[:share] for one in fixed[:count]))
                texts += [(fixed[count - 1] + filler * length)[:length] for filler in (" ", "1", "a")]
            spent = max(cost(partial(found.search, text)) for text in texts)
            if spent > 1.0:
                slow[template] = spent
    assert not slow


# -------------------------------------------------------------------------------------------------------------- memory


class Tree:
    """Ten million files that nobody made: one log, and then names."""

    address = "tree"
    given = 0

    def artifacts(self) -> Iterator[Artifact | Unread]:
        def inside() -> AbstractContextManager[Data]:
            return nullcontext(FAILED.encode())

        yield Artifact("WUAHandler.log", 1, inside)
        for number in range(10_000_000):
            self.given += 1
            yield Unread(f"some/where/{number}.log", "cannot-be-opened")

    def collected(self) -> datetime | None:
        return None


def test_ten_million_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifacts, "MOST_FILES", 20_000)
    tree = Tree()
    tracemalloc.start()
    try:
        reading = read([tree])
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert tree.given <= 20_001 and peak < 60 << 20
    assert reading.events["scan-failed"]
    assert (reading.coverage[-1].artifact, reading.coverage[-1].note) == ("tree", "too-many-files")
    with merged([Tree()], Wanted()) as (entries, unread):
        assert len(list(entries)) == 1 and unread[-1] == ("tree", "too-many-files")


def test_a_folder_of_too_many_files_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ccmdoctor.sources import folder

    monkeypatch.setattr(artifacts, "MOST_FILES", 20)
    monkeypatch.setattr(folder, "MOST_FILES", 20)
    for number in range(30):
        (tmp_path / f"{number:02d}.log").write_text(FAILED, encoding="utf-8")
    notes = [item.note for item in read(open_source([str(tmp_path)])).coverage]
    assert notes.count("too-many-files") == 1 and len(notes) == 21


def test_a_bomb_beside_a_log_costs_little(tmp_path: Path) -> None:
    inner = zipped({"0.log": bytes(300 << 20)})
    (tmp_path / "x.zip").write_bytes(
        zipped({f"{number}.zip": inner for number in range(20)} | {"a.log": FAILED.encode()})
    )
    begun = time.process_time()
    reading = read(open_source([str(tmp_path)]))
    assert time.process_time() - begun < 10 and reading.events["scan-failed"]
    assert {item.note for item in reading.coverage if item.state == "unreadable"} == {"zip-bomb"}


def test_a_zip_of_a_million_names_is_not_listed(tmp_path: Path) -> None:
    """Names only, forty million bytes of them: the list alone would fill the memory."""
    one = b"PK\x01\x02" + bytes(24) + b"\x01" + bytes(17) + b"a"
    count = 1_000_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(one) * count, 4, 0)
    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04" + one * count + end)
    begun = time.process_time()
    with pytest.raises(InputError) as error:
        read(open_source([str(tmp_path)]))
    assert error.value.about["reason"] == "too-many-files" and time.process_time() - begun < 2


# --------------------------------------------------------------------------------------------------------------- files


@POSIX
def test_links_pipes_and_devices_are_named_and_not_opened(tmp_path: Path) -> None:
    (tmp_path / "WUAHandler.log").write_text(FAILED, encoding="utf-8")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "zero.log").symlink_to("/dev/zero")
    os.mkfifo(tmp_path / "pipe.log")
    reading = read(open_source([str(tmp_path)]))
    notes = {item.artifact: item.note for item in reading.coverage}
    assert notes == {
        "WUAHandler.log": None, "loop": "link-not-followed", "pipe.log": "no-file", "zero.log": "link-not-followed",
    }  # fmt: skip
    assert all(words(language)("coverage.no-file") for language in LANGUAGES)


@POSIX
@pytest.mark.parametrize("what", ["pipe", "device"])
def test_what_is_no_file_never_blocks(tmp_path: Path, what: str) -> None:
    path = Path("/dev/zero") if what == "device" else tmp_path / "pipe"
    if what == "pipe":
        os.mkfifo(path)
    with pytest.raises(OSError), mapped(path):
        pass
    with pytest.raises(InputError) as error:
        read(open_source([str(path)]))
    assert error.value.key == "nothing-readable"


@POSIX
def test_a_deep_folder_is_walked(tmp_path: Path) -> None:
    """Deeper than Python recurses. (What only recurses cannot delete it either: that is left to ``rm``.)"""
    deep = tmp_path.joinpath(*["d"] * 1200)
    try:
        subprocess.run(["mkdir", "-p", str(deep)], check=True)
        (deep / "WUAHandler.log").write_text(FAILED, encoding="utf-8")
        assert "scan-failed" in read(open_source([str(tmp_path)])).events
    finally:
        subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)


NAMES = [
    "a\u202egol.exe",
    "\x1b[2Jx.log",
    "line\nfeed.log",
    "名前" * 40 + ".log",
    "<script>alert(1)<!script>.log",
    "'; rm -rf ~.log",
]


@POSIX
@pytest.mark.parametrize("medium", ["text", "markdown", "html", "json"])
def test_names_and_texts_of_files_reach_no_terminal(tmp_path: Path, medium: str) -> None:
    hostile = "Scan failed with error = 0x80244022. \x1b]0;x\x07\x1b[31m\u202e\u2066<script>alert(1)</script>\x9b5n"
    for name in NAMES:
        (tmp_path / name).write_text(RECORD.format(hostile + name), encoding="utf-8")
    (tmp_path / os.fsdecode(b"\xff\x81.log")).write_text(FAILED, encoding="utf-8")
    diagnosis = ccmdoctor.diagnose(open_source([str(tmp_path)]), language="en")
    shown = ccmdoctor.render(diagnosis, medium)
    shown.encode("utf-8")
    if medium == "json":
        assert msgspec.json.decode(shown.encode())["coverage"]
        assert "\x1b" not in shown  # escaped as JSON does
        return
    assert not set(re.sub("\x1b\\[[0-9;]*m", "", shown)) & {"\x1b", "\x07", "\x9b", "\u202e", "\u2066", "\r"}
    assert "<script>alert" not in shown or medium != "html"


def test_half_a_character_of_collected_json_is_written(tmp_path: Path) -> None:
    row = '{"__CLASS":"CCM_UpdateStatus","UniqueId":"\\ud800x","Title":"KB5053598 \\udc00","Article":"5053598","Status":"Missing"}'
    (tmp_path / "a.json").write_text(f"[{row}]", encoding="utf-8")
    (tmp_path / "WUAHandler.log").write_text(FAILED, encoding="utf-8")
    diagnosis = ccmdoctor.diagnose(open_source([str(tmp_path)]), language="en", update="KB5053598")
    for medium in ("text", "json", "markdown", "html"):
        ccmdoctor.render(diagnosis, medium).encode("utf-8")


@contextmanager
def written(path: Path, ago: float) -> Iterator[Path]:
    """A log of about 40 MB, last written to some seconds ago."""
    path.write_bytes(RECORD.format("x" * 3000).encode() * 13_000 + FAILED.encode())
    then = time.time() - ago
    os.utime(path, (then, then))
    yield path


CUT = """
import os, sys
from ccmdoctor.model import Progress
from ccmdoctor.reader import read
from ccmdoctor.redaction import Redaction
from ccmdoctor.sources import open_source
def tell(what, done, total):
    if done:
        os.truncate(sys.argv[1], 10)
print(len(read(open_source([sys.argv[1]]), Progress(tell)).events["scan-failed"]))
"""


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(ccmdoctor.__file__).parent.parent)}


@POSIX
def test_a_log_that_is_cut_while_it_is_read(tmp_path: Path) -> None:
    """In a process of its own: a mapping would end it."""
    with written(tmp_path / "WUAHandler.log", ago=1) as path:
        done = subprocess.run(
            [sys.executable, "-c", CUT, str(path)], env=ENVIRONMENT, capture_output=True, text=True, timeout=60
        )
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr


def test_a_quiet_log_is_mapped_and_a_living_one_is_copied(tmp_path: Path) -> None:
    path = tmp_path / "WUAHandler.log"
    path.write_text(FAILED, encoding="utf-8", newline="")
    with mapped(path) as data:
        assert isinstance(data, bytes)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    with mapped(path) as data:
        assert not isinstance(data, bytes) and bytes(data[:]) == FAILED.encode()


class Vanishing(Tree):
    """A share that is gone behind its first file."""

    def artifacts(self) -> Iterator[Artifact | Unread]:
        yield from islice(super().artifacts(), 1)
        raise ConnectionResetError("gone")


def test_a_source_that_goes_away_while_it_is_listed() -> None:
    reading = read([Vanishing(), Memory({"ScanAgent.log": FAILED.encode()})])
    assert reading.events["scan-failed"] and not reading.troubles
    assert [(item.artifact, item.note) for item in reading.coverage][:2] == [
        ("WUAHandler.log", None),
        ("tree", "went-away"),
    ]
    assert all(words(language)("coverage.went-away") for language in LANGUAGES)
    with merged([Vanishing()], Wanted()) as (entries, unread):
        assert len(list(entries)) == 1 and unread == [("tree", "went-away")]


def test_a_defect_over_one_file_costs_no_other() -> None:
    """Whatever goes wrong: a trouble, a line of coverage, and the rest is judged."""

    class Broken(Tree):
        def artifacts(self) -> Iterator[Artifact | Unread]:
            yield Artifact("a.log", 1, lambda: nullcontext(None))  # type: ignore[arg-type,return-value]
            yield from islice(super().artifacts(), 1)

    reading = read([Broken()])
    assert reading.events["scan-failed"] and len(reading.troubles) == 1
    assert [item.note for item in reading.coverage] == ["defect", None]


def test_files_that_disappear_in_the_middle(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}").mkdir()
        (tmp_path / f"{number}" / "WUAHandler.log").write_text(
            FAILED.replace("10:02", f"10:0{number}"), encoding="utf-8"
        )

    def tell(what: str, done: int, total: int) -> None:
        for number in range(2, 5):
            (tmp_path / f"{number}" / "WUAHandler.log").unlink(missing_ok=True)

    reading = read(open_source([str(tmp_path)]), Progress(tell))
    assert reading.events["scan-failed"] and not reading.troubles
    assert {item.note for item in reading.coverage if item.state == "unreadable"} <= {"cannot-be-opened"}


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(FAILED, encoding="utf-8")
    (tmp_path / "b.log").write_text(FAILED, encoding="utf-8")
    (tmp_path / "b.log").chmod(0)
    if os.access(tmp_path / "b.log", os.R_OK):
        pytest.skip("this account may read everything")
    notes = {item.artifact: item.note for item in read(open_source([str(tmp_path)])).coverage}
    assert notes == {"a.log": None, "b.log": "cannot-be-opened"}
    (tmp_path / "b.log").chmod(stat.S_IRUSR | stat.S_IWUSR)
