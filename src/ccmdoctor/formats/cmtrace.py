"""The CMTrace frame of ConfigMgr client logs.

    <![LOG[Scan failed with error = 0x80244022.]LOG]!><time="10:02:03.412-540" date="03-25-2025"
    component="WUAHandler" context="" type="3" thread="4120" file="cwuahandler.cpp:3525">

(on one line). The frame is found from a byte inside it, looking only a bounded way to both sides, so that a damaged
record costs itself and never its neighbours, whatever the size of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ccmdoctor.formats.clock import cmtrace_instant
from ccmdoctor.formats.text import Data, decode
from ccmdoctor.model import Instant

OPEN = b"<![LOG["
CLOSE = b"]LOG]!>"
_END = b"]LOG]!><time="
REACH = 1 << 17  # bytes looked at to either side; the longest real message seen has 58,549 characters
_TRAILER_REACH = 1024
# Forum software turns quotes into typographic ones; some writers break the quoting of one attribute.
_QUOTES = '"\u201c\u201d\u2033\u02ba'
_ATTRIBUTE = re.compile(rf"([A-Za-z]+)\s*=\s*[{_QUOTES}]([^{_QUOTES}]*)[{_QUOTES}]")

_NAMES = ("time", "date", "component", "context", "type", "thread", "file")
# as the product itself writes it
_USUAL = re.compile("<" + " ".join(f'{name}="([^{_QUOTES}]*)"' for name in _NAMES) + ">")


class Frame(NamedTuple):
    """Byte positions of one record: where it starts and ends, its text, and its trailer (None when torn off)."""

    start: int
    end: int
    text: slice
    trailer: slice | None


class Trailer(NamedTuple):
    """What the trailer of a record says. ``severity`` is the type as a number, or None."""

    when: Instant | None
    component: str
    thread: str
    severity: int | None
    source: str


def frame_at(data: Data, at: int) -> Frame | None:
    """The frame that holds byte ``at``, or None when that byte stands outside any record."""
    start = at
    floor = max(0, at - REACH)
    while True:
        start = data.rfind(OPEN, floor, start + len(OPEN))
        if start < 0:
            return None
        if _opens(data, start):
            break
        start -= 1
        if start < floor:
            return None
    frame = frame_from(data, start)
    return frame if frame.start <= at < frame.end else None


def _opens(data: Data, at: int) -> bool:
    """An opener counts at the start of a line, of the file, or straight behind a trailer; not inside a message."""
    if at == 0:
        return True
    before = bytes(data[max(0, at - 4) : at]).rstrip(b" \t\x00")
    return not before or before[-1:] in (b"\n", b"\r", b">", b"\xbf", b"\xfe", b"\xff")


def _ends(data: Data, at: int) -> bool:
    """Whether a record may end at ``at``: a line end, the end of the file or the next opener follows."""
    after = bytes(data[at : at + 16]).lstrip(b" \t\x00")
    return not after or after[:1] in (b"\r", b"\n") or after.startswith(OPEN)


def frame_from(data: Data, start: int) -> Frame:
    """The frame that begins at ``start``. It reaches at most to the next line that opens a record."""
    body = start + len(OPEN)
    limit = min(len(data), start + REACH)
    following = data.find(b"\n" + OPEN, body, limit)
    stop = following + 1 if following >= 0 else limit
    first: Frame | None = None
    close = data.find(_END, body, stop)
    while close >= 0:
        trailer = close + len(CLOSE)
        again = data.find(_END, close + 1, stop)
        # an attribute may hold a ">", but not the end of another record
        edge = min(stop if again < 0 else again, trailer + _TRAILER_REACH)
        end = data.find(b">", trailer, edge) + 1
        # a torn trailer runs into the next line; it costs only itself
        while end and data.find(b"\n", trailer, end) < 0:
            frame = Frame(start, end, slice(body, close), slice(trailer, end))
            if _ends(data, end):
                return frame
            # a record quoted inside a message is followed by more message, not by a line end
            first = first or frame
            end = data.find(b">", end, edge) + 1
        close = again
    if first:
        return first
    close = data.find(CLOSE, body, stop)
    return Frame(start, stop, slice(body, close if close >= 0 else stop), None)


def read_trailer(raw: bytes) -> Trailer:
    """The attributes of a trailer, in any order, some may be missing; never raises."""
    said = decode(raw)
    if usual := _USUAL.fullmatch(said):
        time, date, component, _, kind, thread, source = usual.groups()
    else:
        named = {name.lower(): value for name, value in _ATTRIBUTE.findall(said)}
        time, date, component, _, kind, thread, source = (named.get(name, "") for name in _NAMES)
    return Trailer(
        when=cmtrace_instant(time, date, source),
        component=component,
        thread=thread,
        severity=int(kind) if kind.isdecimal() and len(kind) == 1 else None,
        source=source,
    )


def frames(data: Data, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
    """Every record of a log in file order; a torn one has no trailer."""
    stop = len(data) if stop is None else stop
    at = data.find(OPEN, start, stop)
    while at >= 0:
        if _opens(data, at):
            frame = frame_from(data, at)
            yield frame
            at = data.find(OPEN, frame.end, stop)
        else:
            at = data.find(OPEN, at + 1, stop)


def count(data: Data, start: int, stop: int) -> tuple[int, int]:
    """How many records open and how many close with a trailer between two bytes, by counting marks.

    A mark belongs to the range in which it begins, so ranges side by side count each mark once.
    """
    piece = bytes(data[start : stop + len(_END) - 1])
    edge = stop - start
    return (
        piece[: edge + len(OPEN) - 1].count(OPEN),
        piece.count(_END),
    )


def edges(data: Data) -> tuple[Instant | None, Instant | None]:
    """The times of the first and the last record that carry one, looked for a bounded way from both ends."""
    first = next((at for frame in frames(data, 0, min(len(data), REACH)) if (at := _when(data, frame))), None)
    stop = len(data)
    for _ in range(_LAST_TRIES):
        start = data.rfind(OPEN, max(0, len(data) - REACH), stop)
        if start < 0:
            break
        at = _when(data, frame_from(data, start)) if _opens(data, start) else None
        if at:
            return first, at
        stop = start
    return first, None


_LAST_TRIES = 16


def _when(data: Data, frame: Frame) -> Instant | None:
    return read_trailer(bytes(data[frame.trailer])).when if frame.trailer else None
