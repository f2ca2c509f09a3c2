"""Text that stands in a file as a list of its bytes: read, changed and written again in the same form.

A registry export writes strings that may hold variables as hexadecimal bytes of UTF-16, ``gpresult /v`` writes every
string so in decimal, and PowerShell prints byte arrays::

    "WUServer"=hex(2):68,00,74,00,74,00,70,00,3a,00,2f,00,2f,00,73,00,75,00,70,00,\\
      00,00
    Value:       104, 0, 116, 0, 116, 0, 112, 0, 58, 0, 47, 0, 47, 0

The number of lines stays: a list that grows or shrinks is spread over the lines that it had.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

TRIGGER = rb"(?:[0-9a-f]{1,3}, {0,4}){8}"  # for the automaton: whether a piece of text holds such a list at all
_BREAK = rb"(?:\\?\r?\n[ \t]{0,60})?"
# what was begun is taken to its end whatever stands there, so that no list is looked at twice
_LIST = re.compile(rb"(?<![\w.,-])(?:[0-9A-Fa-f]{1,3},[ \t]{0,4}%s){8,}+(?:[0-9A-Fa-f]{1,3}(?![\w.-]))?" % _BREAK)
_ITEM = re.compile(rb"[0-9A-Fa-f]+")
_NARROW = re.compile(rb"[\x09\x20-\x7e]{4,}")
_WIDE = re.compile(rb"(?:[\x09\x20-\x7e]\x00){4,}")
_BINARY = re.compile("[\x01-\x08\x0b-\x1f\ufffe\uffff\ue000-\uf8ff]")

Change = Callable[[bytes], bytes]


def changed(work: bytes, change: Change) -> bytes:
    """``work`` with ``change`` applied to every text (UTF-8) that is written as a list of bytes in it."""
    return _LIST.sub(lambda found: _rewritten(found[0], change), work)


def texts(work: bytes) -> Iterator[bytes]:
    """Every such text, to learn names from."""
    found: list[bytes] = []

    def take(text: bytes) -> bytes:
        found.append(text)
        return text

    changed(work, take)
    return iter(found)


def _rewritten(written: bytes, change: Change) -> bytes:
    items = _ITEM.findall(written)
    base = 16 if all(len(item) == 2 for item in items) else 10
    if base == 10 and not all(item.isdigit() for item in items):
        return written
    numbers = [int(item, base) for item in items]
    if max(numbers) > 255:
        return written
    raw = bytes(numbers)
    new = _changed(raw, change)
    if new == raw:
        return written
    *gaps, tail = _ITEM.split(written)[1:]
    breaks = [gap for gap in gaps if b"\n" in gap]
    plain = next((gap for gap in gaps if b"\n" not in gap), b",")
    new = new.ljust(2 * (len(breaks) + 1), b"\x00")
    upper = written.isupper()
    spelled = [(b"%02X" if upper else b"%02x") % one if base == 16 else b"%d" % one for one in new]
    places = {len(spelled) * at // (len(breaks) + 1): gap for at, gap in enumerate(breaks, 1)}
    return b"".join(one + (places.get(at, plain) if at < len(spelled) else tail) for at, one in enumerate(spelled, 1))


def _changed(raw: bytes, change: Change) -> bytes:
    """Bytes with the texts in them changed: all of them when they are UTF-16, else every run of letters."""
    if len(raw) % 2 == 0:
        text = raw.decode("utf-16-le", "surrogatepass")
        if not _BINARY.search(text) and (b"\x00" in raw.strip(b"\x00") or not raw.isascii()):
            return "\x00".join(_of(one, change) for one in text.split("\x00")).encode("utf-16-le", "surrogatepass")
    wide = _WIDE.sub(lambda found: _of(found[0].decode("utf-16-le"), change).encode("utf-16-le"), raw)
    return _NARROW.sub(lambda found: change(found[0]), wide)


def _of(text: str, change: Change) -> str:
    return change(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass") if text else text
