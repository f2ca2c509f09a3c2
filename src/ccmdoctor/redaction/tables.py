"""Columns of names: what ``Format-Table`` and ``Export-Csv`` print of computers and users, and logs of a web server.

A log of IIS names its columns in a line of its own (w3.org/TR/WD-logfile)::

    #Fields: date time s-sitename s-computername s-ip cs-method cs-uri-stem cs-username
    2025-03-25 01:02:03 W3SVC1 SUP01 10.1.2.3 POST /ClientWebService/client.asmx CONTOSO\\PC0123$
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

from ccmdoctor.redaction import public
from ccmdoctor.redaction.spans import As, Span, text_of

_COLUMNS = {
    As.HOST: (
        "computer", "computername", "pscomputername", "machine", "machinename", "__server", "server", "servername",
        "host", "hostname", "dnshostname", "netbiosname", "device", "devicename", "client", "csname",
        "node", "systemname", "s-computername", "cs-host", "workstation", "workstationname",
        "コンピューター名", "デバイス名",
    ),
    As.USER: ("user", "username", "logonname", "samaccountname", "owner", "lastlogonuser", "primaryuser",
        "primaryownername", "cs-username", "ユーザー名"),
    As.SERIAL: ("serialnumber", "identifyingnumber", "assettag"),
}  # fmt: skip
_KIND = {name: what for what, names in _COLUMNS.items() for name in names}
_RULE = re.compile(rb"^[ ]*-+(?: +-+)*[ ]*\r?$", re.MULTILINE)
_LONGEST_ROW = 4_000  # bytes
_NAMES = re.compile(rb'^"?[\w .#-]{1,60}"?(?:,"?[\w .#-]{1,60}"?){1,200}\r?$', re.MULTILINE)
_FIELDS = re.compile(rb"^#Fields: ([^\r\n]{1,4000})", re.MULTILINE)
_PORT = re.compile(r":\d{1,5}$")
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
    """Below every line that holds nothing but words between commas, of which one names such a column."""
    done = 0
    for header in _NAMES.finditer(work):
        kinds = [_KIND.get(name.strip('"\r ').casefold()) for name in text_of(header[0]).split(",")]
        if not any(kinds) or header.start() < done:
            continue
        for place, row in _rows(work, header.start()):
            yield from _cells(row, place, kinds)
            done = place + len(row)


def logged(work: bytes, fields: bytes) -> tuple[list[tuple[As, str]], bytes]:
    """Names in rows of a web server's log, of which ``fields`` are the columns at first; and the columns at its end."""
    found: set[tuple[As, str]] = set()
    at = 0
    for header in (*_FIELDS.finditer(work), None):
        stop = header.start() if header else len(work)
        for place, name in enumerate(fields.split(b" ")):
            what = _KIND.get(text_of(name).casefold())
            if what:
                column = re.compile(rb"^(?:[^\s#][^\s]* ){%d}([^\s]+)" % place, re.MULTILINE)
                found.update((what, _PORT.sub("", text_of(value))) for value in set(column.findall(work[at:stop])))
        if header:
            at, fields = header.end(), header[1].rstrip()
    return sorted(one for one in found if _VALUE.fullmatch(one[1]) and _is_name(one[1])), fields


def _is_name(text: str) -> bool:
    return public.looks_like_name(text) and not public.is_ordinary(text)


def _cells(row: bytes, at: int, kinds: list[As | None]) -> Iterator[Span]:
    values = next(csv.reader([row.decode("utf-8", "surrogateescape").rstrip("\r")]), [])
    for what, value in zip(kinds, values, strict=False):
        raw = value.encode("utf-8", "surrogateescape")
        found = row.find(raw) if what and raw else -1
        if what and found >= 0:
            yield from _cell(what, raw, at + found)


def _cell(what: As, value: bytes, at: int) -> Iterator[Span]:
    text = text_of(value)
    if _VALUE.fullmatch(text) and _is_name(text):
        yield Span(at, at + len(value), what, 5)
