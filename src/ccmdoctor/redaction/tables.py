"""Columns of names in small outputs: what ``Format-Table`` and ``Export-Csv`` print of computers and users."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from ccmdoctor.redaction import public
from ccmdoctor.redaction.spans import As, Span

_COLUMNS = {
    As.HOST: (
        "computer", "computername", "pscomputername", "machine", "machinename", "__server", "server", "servername",
        "host", "hostname", "dnshostname", "netbiosname", "device", "devicename", "client", "csname",
        "コンピューター名", "デバイス名",
    ),
    As.USER: ("user", "username", "logonname", "samaccountname", "owner", "lastlogonuser", "primaryuser", "ユーザー名"),
    As.SERIAL: ("serialnumber", "identifyingnumber", "assettag"),
}  # fmt: skip
_KIND = {name: what for what, names in _COLUMNS.items() for name in names}
_RULE = re.compile(rb"^[ ]*-+(?: +-+)*[ ]*\r?$", re.MULTILINE)
_LONGEST_ROW = 4_000  # bytes
_MOST_HEADERS = 50  # lines from the top in which a header of comma-separated columns is looked for
_VALUE = re.compile(r"[\w.$-]+")


def columns(work: bytes) -> Iterator[Span]:
    """The values of such columns, where they can be nothing but a name."""
    for rule in _RULE.finditer(work):
        start = work.rfind(b"\n", 0, max(rule.start() - 1, 0)) + 1
        header = work[start : max(rule.start() - 1, 0)]
        if header.strip() and len(header) <= _LONGEST_ROW:
            yield from _ruled(work, header, rule)
    yield from _separated(work)


def _rows(work: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """(position, line) from the line behind ``at`` to the next blank line."""
    at = work.find(b"\n", at) + 1
    while 0 < at < len(work):
        stop = work.find(b"\n", at)
        stop = stop if stop >= 0 else len(work)
        row = work[at:stop]
        if not row.strip():
            return
        yield at, row
        at = stop + 1


def _ruled(work: bytes, header: bytes, rule: re.Match[bytes]) -> Iterator[Span]:
    starts = [found.start() for found in re.finditer(rb"-+", rule[0])]
    stops = [*starts[1:], None]
    kinds = [
        _KIND.get(header[start:stop].strip().decode("utf-8", "replace").casefold())
        for start, stop in zip(starts, stops, strict=True)
    ]
    if not any(kinds):
        return
    for at, row in _rows(work, rule.start()):
        for start, stop, what in zip(starts, stops, kinds, strict=True):
            cell = row[start:stop]
            value = cell.strip()
            if what and value:
                yield from _cell(what, value, at + start + cell.find(value))


def _separated(work: bytes) -> Iterator[Span]:
    at = 0
    for line in work.split(b"\n", _MOST_HEADERS)[:_MOST_HEADERS]:
        kinds = [_KIND.get(name.strip('"\r ').casefold()) for name in line.decode("utf-8", "replace").split(",")]
        if len(kinds) > 1 and any(kinds) and len(line) <= _LONGEST_ROW:
            for place, row in _rows(work, at):
                yield from _cells(row, place, kinds)
            return
        at += len(line) + 1


def _cells(row: bytes, at: int, kinds: list[As | None]) -> Iterator[Span]:
    values = next(csv.reader([row.decode("utf-8", "surrogateescape").rstrip("\r")]), [])
    for what, value in zip(kinds, values, strict=False):
        raw = value.encode("utf-8", "surrogateescape")
        found = row.find(raw) if what and raw else -1
        if what and found >= 0:
            yield from _cell(what, raw, at + found)


def _cell(what: As, value: bytes, at: int) -> Iterator[Span]:
    text = value.decode("utf-8", "surrogateescape")
    if not _VALUE.fullmatch(text) or not public.looks_like_name(text) or public.is_ordinary(text):
        return
    yield Span(at, at + len(value), what, 5)
