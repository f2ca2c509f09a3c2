"""Lists of ConfigMgr boundaries: ``Get-CMBoundary`` as CSV, as printed or as JSON, or a copy of the console's list.

::

    "BoundaryType","DisplayName","GroupCount","SiteSystems","Value"
    "0","Tokyo HQ","1","System.String[]","10.0.0.0"

    境界,種類,説明
    10.0.1.1-10.0.1.254,IP アドレスの範囲,大阪

    DisplayName BoundaryType Value
    ----------- ------------ -----
    Tokyo HQ               0 10.0.0.0
"""

from __future__ import annotations

import csv
import ipaddress
import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from ccmdoctor.formats import powershell_objects
from ccmdoctor.model import InputError, Place, State

MARKERS: tuple[str, ...] = ("boundarytype", "boundary", "境界")

_COLUMNS = {
    "value": "value",
    "boundary": "value",
    "boundaryvalue": "value",
    "境界": "value",
    "値": "value",
    "type": "type",
    "boundarytype": "type",
    "種類": "type",
    "境界の種類": "type",
    "displayname": "display",
    "description": "display",
    "name": "display",
    "boundaryname": "display",
    "説明": "display",
    "名前": "display",
    "表示名": "display",
    "boundarygroup": "groups",
    "boundarygroups": "groups",
    "groupname": "groups",
    "groupnames": "groups",
    "groups": "groups",
    "境界グループ": "groups",
    "sitesystems": "systems",
    "sitesystem": "systems",
    "サイトシステム": "systems",
}
_TYPES = {
    "0": "ip-subnet",
    "1": "ad-site",
    "2": "ipv6-prefix",
    "3": "ip-range",
    "4": "vpn",
    "ipsubnet": "ip-subnet",
    "ipサブネット": "ip-subnet",
    "adsite": "ad-site",
    "activedirectorysite": "ad-site",
    "activedirectoryサイト": "ad-site",
    "ipv6prefix": "ipv6-prefix",
    "ipv6プレフィックス": "ipv6-prefix",
    "iprange": "ip-range",
    "ipaddressrange": "ip-range",
    "ipアドレスの範囲": "ip-range",
    "ipアドレス範囲": "ip-range",
    "vpn": "vpn",
}
_DELIMITERS = (",", "\t", ";")
_ITEMS = re.compile(r"[;,|\n]")


class _Header(NamedTuple):
    line: int  # 0-based
    delimiter: str
    columns: dict[str, int]
    names: list[str]


def read(text: str, file: str) -> list[State]:
    """The boundaries of every list in ``text`` whose header names both a boundary and its type."""
    listed = _separated(text, file)
    known = {state.place.line for state in listed}
    return [*listed, *(state for state in _printed(text, file) if state.place.line not in known)]


def _printed(text: str, file: str) -> Iterator[State]:
    """Boundaries as PowerShell prints them or writes them as JSON."""
    if "boundarytype" not in text.casefold():
        return
    for found in powershell_objects.read(text, file):
        if found.kind != "wmi" or found.name != "SMS_Boundary":
            continue
        cells: dict[str, str] = {}
        for name, value in found.values.items():
            meaning = _COLUMNS.get(_compact(name))
            if meaning is not None and value is not None:
                cells.setdefault(meaning, ";".join(map(str, value)) if isinstance(value, list) else str(value))
        state = _boundary(cells, found.place, found.text)
        if state is not None:
            yield state


def _separated(text: str, file: str) -> list[State]:
    lines = _lines(text)
    states: list[State] = []
    done = 0
    for index, line in enumerate(lines):
        if index < done or not _may_be_header(line):
            continue
        header = _header(lines, index)
        if header is not None and {"value", "type"} <= header.columns.keys():
            rows = list(_rows(lines, header, file))
            states += rows
            done = rows[-1].place.line if rows else index + 1
    return states


def parse_csv(text: str, file: str) -> list[State]:
    """The boundaries of a file that a user named as such: a header with a value column is enough.

    Raises InputError("boundaries-unreadable") when no column can be told to hold the boundaries.
    """
    lines = _lines(text)
    first: _Header | None = None
    for index, line in enumerate(lines):
        if not line.strip() or line.lstrip().startswith("#"):  # Export-Csv begins with a #TYPE line
            continue
        header = _header(lines, index)
        if header is not None and "value" in header.columns:
            return list(_rows(lines, header, file, whole=True)) or list(_printed(text, file))
        first = first or header
        if index > 20:  # a header stands at the top
            break
    printed = list(_printed(text, file))
    if printed:
        return printed
    columns = ", ".join(first.names) if first else ""
    raise InputError("boundaries-unreadable", file=file, line=first.line + 1 if first else 1, columns=columns)


def _lines(text: str) -> list[str]:
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _may_be_header(line: str) -> bool:
    """A cheap look before the line is taken apart: this runs over whole logs that mention a boundary."""
    if len(line) > 2000 or "<![LOG[" in line:
        return False
    lower = line.casefold()
    return ("boundary" in lower or "境界" in lower) and any(mark in line for mark in _DELIMITERS)


def _header(lines: list[str], index: int) -> _Header | None:
    """The line taken as a header with the delimiter that gives the most known columns; None without any cell."""
    found: list[_Header] = []
    for delimiter in _DELIMITERS:
        names = next(_cells(lines[index : index + 1], delimiter), [])
        columns: dict[str, int] = {}
        for at, name in enumerate(names):
            meaning = _COLUMNS.get(_compact(name))
            if meaning is not None:
                columns.setdefault(meaning, at)
        found.append(_Header(index, delimiter, columns, [name.strip() for name in names]))
    best = max(found, key=lambda header: (len(header.columns), len(header.names)))
    return best if any(best.names) else None


def _compact(cell: str) -> str:
    return "".join(unicodedata.normalize("NFKC", cell).casefold().split())


def _cells(lines: list[str], delimiter: str) -> Iterator[list[str]]:
    """The rows as the csv module reads them; a row that it refuses ends the list."""
    try:
        yield from csv.reader((line + "\n" for line in lines), delimiter=delimiter)
    except csv.Error:
        return


def _rows(lines: list[str], header: _Header, file: str, whole: bool = False) -> Iterator[State]:
    """One state for every row below the header: up to the end of a ``whole`` file, else to the first empty line."""
    blank = (at for at in range(header.line + 1, len(lines)) if not lines[at].strip())
    end = len(lines) if whole else next(blank, len(lines))
    body = lines[header.line + 1 : end]
    reader = csv.reader((line + "\n" for line in body), delimiter=header.delimiter)
    before = 0
    while True:
        try:
            cells = next(reader)
        except (StopIteration, csv.Error):
            return
        after = reader.line_num
        line = header.line + 2 + before
        named = {meaning: cells[at].strip() for meaning, at in header.columns.items() if at < len(cells)}
        state = _boundary(named, Place(file, line), "\n".join(x.rstrip() for x in body[before:after]))
        before = after
        if state is not None:
            yield state


def _boundary(cells: dict[str, str], place: Place, text: str) -> State | None:
    """The boundary of cells by their meaning (the values of ``_COLUMNS``)."""
    value = cells.get("value")
    if not value:
        return None
    kind = _TYPES.get(_compact(cells.get("type", ""))) or _kind(value)
    values = {
        "type": kind,
        "value": value,
        "display": cells.get("display") or None,
        "groups": _list(cells.get("groups", "")),
        "site_systems": _list(cells.get("systems", "")),
    }
    return State("boundary", value, values, place, text)


def _kind(value: str) -> str:
    """What a value is by its look, when the list has no (known) type."""
    low, dash, high = value.partition("-")
    if dash and _is_address(low) and _is_address(high):
        return "ip-range"
    bare = value.partition("/")[0]
    if not _is_address(bare):
        return "ad-site"
    return "ipv6-prefix" if ":" in bare else "ip-subnet"


def _is_address(word: str) -> bool:
    try:
        ipaddress.ip_address(word.strip())
    except ValueError:
        return False
    return True


def _list(cell: str) -> list[str]:
    """``A;B`` or ``{A, B}`` to its items; Export-Csv writes ``System.String[]`` for a list and loses its items."""
    if cell.startswith("System."):
        return []
    return [item.strip() for item in _ITEMS.split(cell.strip("{}")) if item.strip()]
