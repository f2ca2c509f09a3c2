"""The timeline as text, as JSON lines and as one HTML page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from ccmdoctor.model import Zone
from ccmdoctor.report import view
from ccmdoctor.report.html import source_hash
from ccmdoctor.timeline.entries import ERROR, Entry, is_trouble

Say = Callable[..., str]
MOST_ROWS = 20_000  # of an HTML page; more make browsers slow
_INDENT = "\n    "
_MARKS = {Zone.PROVEN: "Z", Zone.ASSUMED: "Z~", Zone.UNKNOWN: " ?"}


class _Line(msgspec.Struct, omit_defaults=False):
    """One JSON line: ``when`` is UTC or null, ``as_written`` the time of the record, ``zone`` how sure it is."""

    when: datetime | None
    as_written: str | None
    zone: Zone
    file: str
    line: int
    component: str
    thread: str
    severity: int | None
    text: str


def moment(entry: Entry) -> str:
    """The instant in UTC as sure as it is known: ``Z`` proven, ``Z~`` assumed, ``?`` local time of an unknown zone."""
    if entry.when is None:
        return ""
    if entry.zone is not Zone.UNKNOWN:
        second, milliseconds = divmod(entry.at, 1000)
        return f"{_second(second)}.{milliseconds:03d}{_MARKS[entry.zone]}"
    return f"{entry.when.local.isoformat(' ', 'milliseconds')}{_MARKS[entry.zone]}"


@lru_cache(maxsize=1024)
def _second(since: int) -> str:
    return datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%d %H:%M:%S")


def as_text(entries: Iterable[Entry]) -> Iterator[str]:
    """One line a record, its further lines indented."""
    for entry in entries:
        mark = "E" if entry.severity == ERROR else "W" if entry.severity == ERROR - 1 else " "
        said = view.harmless(entry.text).replace("\n", _INDENT)
        yield f"{moment(entry):<26} {mark} {view.line(entry.file)}:{entry.line}  {said}\n"


def as_json(entries: Iterable[Entry]) -> Iterator[bytes]:
    """One JSON object a line."""
    encoder = msgspec.json.Encoder()
    for entry in entries:
        written = entry.when.as_written if entry.when else None
        yield (
            encoder.encode(
                _Line(
                    entry.utc.astimezone(UTC) if entry.utc else None, written, entry.zone, entry.file, entry.line,
                    entry.component, entry.thread, entry.severity, entry.text,
                )
            )
            + b"\n"
        )  # fmt: skip


def as_html(entries: Iterable[Entry], title: str, say: Say, language: str) -> Iterator[str]:
    """One page without scripts or network. At most ``MOST_ROWS`` rows; it says when there are more."""
    page = _page()
    yield page.begin(title, say, language, {"text": Markup(_style()), "hash": source_hash(_style())})
    count = 0
    for entry in entries:
        count += 1
        if count > MOST_ROWS:
            break
        kind = "error" if entry.severity == ERROR else "trouble" if is_trouble(entry.text) else ""
        place, name = view.line(entry.file), view.line(entry.component)
        yield page.row(moment(entry), kind, place, entry.line, name, view.harmless(entry.text))
    yield page.end(say, count, MOST_ROWS)


@cache
def _page() -> Any:
    """The macros of the page."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("timeline.html.jinja").module


@cache
def _style() -> str:
    return (Path(__file__).parent / "timeline.css").read_text(encoding="utf-8")
