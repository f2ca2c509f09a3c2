"""``registry.pol``: the local (or a domain) policy as Windows keeps it, binary.

Layout: ``PReg``, the number 1 as 32 bits, then entries ``[key;value;type;size;data]`` in UTF-16LE, where key and
value end in a NUL character and type and size are 32-bit numbers::

    50 52 65 67 01 00 00 00  5b 00 53 00 6f 00 66 00 …   PReg....[.S.o.f.…

A file that does not look so makes every write of the Windows Update policy fail, so the header is a finding of its
own. Nothing in the file is trusted: a size beyond the data ends the reading, what was read before it is kept.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

from ccmdoctor.model import Place, State

_SIGNATURE = b"PReg"
_HEADER = b"PReg\x01\x00\x00\x00"
_MAX_ENTRIES = 100_000
_OPEN, _SEMICOLON, _CLOSE = b"[\x00", b";\x00", b"]\x00"
_TYPES = {
    0: "none",
    1: "sz",
    2: "expand_sz",
    3: "binary",
    4: "dword",
    5: "dword_big_endian",
    6: "link",
    7: "multi_sz",
    11: "qword",
}
_DELETE_ONE = "**del."
_DELETE_ALL = "**delvals."
_DELETE_LISTED = ("**deletevalues", "**deletekeys")
_SHOWN = 200  # characters of an entry that are worth quoting


class _Entry(NamedTuple):
    key: str
    name: str
    type: int
    data: bytes
    offset: int


def is_policy_file(data: bytes, name: str) -> bool:
    """Whether the file is, or should be, a policy file: by its name or by its first four bytes."""
    return name.casefold().endswith("registry.pol") or data.startswith(_SIGNATURE)


def read(data: bytes, file: str) -> list[State]:
    """One ``registry-pol`` state about the file, then one ``policy-value`` state for every entry.

    Offsets of the places are byte offsets; the line is always 1, since the file has no lines.
    """
    entries: list[_Entry] = []
    whole = True
    for entry in _entries(data):
        if entry is None:
            whole = False
        else:
            entries.append(entry)
    reason = _reason(data, whole)
    values = {"valid": reason == "ok", "reason": reason, "entries": len(entries)}
    header = State("registry-pol", "header", values, Place(file, 1), data[:8].hex(" ") or "0 bytes")
    return [header, *(state for entry in entries for state in _states(entry, file))]


def _reason(data: bytes, whole: bool) -> str:
    if not data:
        return "empty"
    if not data.startswith(_HEADER):
        return "bad-header"
    return "ok" if whole else "bad-body"


def _entries(data: bytes) -> Iterator[_Entry | None]:
    """The entries in order; None as the last item when the body is not a run of entries up to the end."""
    if not data.startswith(_HEADER):
        return
    at = len(_HEADER)
    count = 0
    while at < len(data) and count < _MAX_ENTRIES:
        read = _entry(data, at)
        if read is None:
            yield None
            return
        entry, at = read
        count += 1
        yield entry


def _entry(data: bytes, start: int) -> tuple[_Entry, int] | None:
    """The entry at ``start`` and where the next one begins, or None when no whole entry stands there."""
    if data[start : start + 2] != _OPEN:
        return None
    key = _terminated(data, start + 2)
    name = _terminated(data, key[1]) if key else None
    if key is None or name is None:
        return None
    at = name[1]
    fixed = data[at : at + 12]  # type ; size ; - each number 4 bytes, each semicolon 2
    if len(fixed) < 12 or fixed[4:6] != _SEMICOLON or fixed[10:12] != _SEMICOLON:
        return None
    kind, size = struct.unpack_from("<I2xI", fixed)
    end = at + 12 + size
    if data[end : end + 2] != _CLOSE:  # also when the size points beyond the data
        return None
    return _Entry(key[0], name[0], kind, data[at + 12 : end], start), end + 2


def _terminated(data: bytes, start: int) -> tuple[str, int] | None:
    """The UTF-16 text at ``start`` up to its NUL, and the place behind the semicolon that must follow it."""
    end = data.find(b"\x00\x00", start)
    while end != -1 and (end - start) % 2:  # two zero bytes that belong to two different characters
        end = data.find(b"\x00\x00", end + 1)
    if end == -1 or data[end + 2 : end + 4] != _SEMICOLON:
        return None
    return data[start:end].decode("utf-16-le", "replace"), end + 4


def _states(entry: _Entry, file: str) -> Iterator[State]:
    place = Place(file, 1, entry.offset)
    kind = _TYPES.get(entry.type, str(entry.type))
    value = _value(entry)
    text = f"[{entry.key};{entry.name};{kind};{len(entry.data)};{value}]"[:_SHOWN]
    for name, deleted in _names(entry):
        values = {"value": None if deleted else value, "type": kind, "deleted": deleted}
        yield State("policy-value", f"HKLM\\{entry.key}\\{name}", values, place, text)


def _names(entry: _Entry) -> Iterator[tuple[str, bool]]:
    """The value names that an entry is about, and whether it deletes them."""
    lower = entry.name.casefold()
    if lower.startswith(_DELETE_ALL):
        yield "*", True
    elif lower.startswith(_DELETE_ONE):
        yield entry.name[len(_DELETE_ONE) :], True
    elif lower in _DELETE_LISTED:
        for name in _text(entry.data).split(";"):
            if name.strip():
                yield name.strip(), True
    else:
        yield entry.name or "@", False


def _value(entry: _Entry) -> str | int | list[str] | None:
    if entry.type in (1, 2, 6):
        return _text(entry.data)
    if entry.type == 7:
        return [item for item in entry.data.decode("utf-16-le", "replace").split("\x00") if item]
    if entry.type in (4, 11):
        return int.from_bytes(entry.data[:8], "little")
    if entry.type == 5:
        return int.from_bytes(entry.data[:4], "big")
    return entry.data.hex() if entry.data else None


def _text(data: bytes) -> str:
    return data.decode("utf-16-le", "replace").partition("\x00")[0]
