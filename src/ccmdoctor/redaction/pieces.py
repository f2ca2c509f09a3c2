"""Bytes of any encoding to pieces of whole lines in UTF-8, and back, so that what was not touched stays byte for byte.

UTF-8 with or without a mark, UTF-16 in both orders, UTF-16 in runs inside single bytes (PowerShell appending to a log),
and lines of cp932 or latin-1 between lines of UTF-8 all come back in the encoding they had.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress

from ccmdoctor.formats.text import Data, is_wide
from ccmdoctor.sources.artifact import forget

PIECE = 4 << 20  # bytes of a file taken at a time
LONGEST_LINE = 16 << 20  # bytes; a longer line is cut at a blank
_LONGEST_LIST = 1_000  # lines of a list of bytes that are kept together
_RUN = rb"(?:[\x09\x0a\x0d\x20-\x7e]\x00)"
# letters of other scripts between two runs belong to them: general punctuation to CJK, full-width forms
_OTHER = rb"(?:[\x00-\xff][\x01-\x1f\x20\x21\x25\x30-\x9f\xac-\xd7\xfe\xff])"
_WIDE = re.compile(rb"%s{4,}(?:%s{1,400}?%s{2,})*" % (_RUN, _OTHER, _RUN))
_STRAY = re.compile(rb"(?<=[^\x00-\x20])\x00+(?=[^\x00-\x20])")
_MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}

Change = Callable[[bytes], bytes]


def changed(data: Data, change: Change) -> Iterator[bytes]:
    """The bytes of ``data`` with ``change`` applied to pieces of UTF-8 text of whole lines.

    ``change`` must keep the number of lines.
    """
    head = bytes(data[:65536])
    wide = is_wide(head)
    if wide:
        yield from _changed_wide(data, wide, change)
        return
    mark = b"\xef\xbb\xbf" if head.startswith(b"\xef\xbb\xbf") else b""
    if mark:
        yield mark
    for piece in _pieces(data, len(mark)):
        yield _changed_narrow(piece, change)
        forget(data)


def _changed_narrow(piece: bytes, change: Change) -> bytes:
    if b"\x00" not in piece:
        return _by_lines(piece, change)
    made = []
    at = 0
    for run in _WIDE.finditer(piece):
        made.append(_by_lines(piece[at : run.start()], change))
        text = run.group().decode("utf-16-le", "surrogatepass")
        made.append(_wide(change(text.encode("utf-8", "surrogatepass")), "utf-16-le"))
        at = run.end()
    made.append(_by_lines(piece[at:], change))
    return b"".join(made)


def _by_lines(piece: bytes, change: Change) -> bytes:
    """A piece of single-byte text; when it is not all UTF-8, each line is read in its own encoding.

    NULs inside words are passed over, as every reader does: ``con\\0toso`` is a name.
    """
    if b"\x00" not in piece:
        with suppress(UnicodeDecodeError):
            piece.decode("utf-8")
            return change(piece)
    lines = piece.split(b"\n")
    read = [_STRAY.sub(b"", line) for line in lines]
    encodings = [_encoding(line) for line in read]
    work = [
        line if encoding == "utf-8" else line.decode(encoding).encode("utf-8")
        for line, encoding in zip(read, encodings, strict=True)
    ]
    new = change(b"\n".join(work)).split(b"\n")
    return b"\n".join(
        line if before == after else _back(after, encoding)
        for line, encoding, before, after in zip(lines, encodings, work, new, strict=True)
    )


def _encoding(line: bytes) -> str:
    """The encoding of a line that brings every one of its bytes back; latin-1 always does."""
    for encoding in ("utf-8", "cp932"):
        with suppress(UnicodeError):
            if line.decode(encoding).encode(encoding) == line:
                return encoding
    return "latin-1"


def _back(line: bytes, encoding: str) -> bytes:
    return line if encoding == "utf-8" else line.decode("utf-8").encode(encoding, "replace")


def _wide(work: bytes, encoding: str) -> bytes:
    return work.decode("utf-8", "surrogatepass").encode(encoding, "surrogatepass")


def _changed_wide(data: Data, encoding: str, change: Change) -> Iterator[bytes]:
    at = 2 if _MARKS.get(bytes(data[:2])) == encoding else 0
    if at:
        yield bytes(data[:2])
    stop = len(data) - (len(data) - at) % 2
    rest = ""
    while at < stop:
        end = min(stop, at + PIECE)
        rest += bytes(data[at:end]).decode(encoding, "surrogatepass")
        at = end
        cut = len(rest) if at >= stop else _cut(rest, "\n", " ", LONGEST_LINE // 2)
        if cut:
            yield _wide(change(rest[:cut].encode("utf-8", "surrogatepass")), encoding)
            rest = rest[cut:]
    if stop < len(data):
        yield bytes(data[stop:])


def _cut(text: str, end: str, blank: str, longest: int) -> int:
    """Where to cut: behind the last line end; in an endless line behind a blank; 0 to wait for more."""
    cut = text.rfind(end) + 1
    if cut or len(text) < longest:
        return cut
    return text.rfind(blank) + 1 or len(text)


def _pieces(data: Data, at: int) -> Iterator[bytes]:
    while at < len(data):
        end = min(len(data), at + PIECE)
        while end < len(data):
            cut = _line_end(data, at, end)
            if cut > at:
                end = cut + (data[cut : cut + 1] == b"\x00")  # the second byte of a line feed in UTF-16
                break
            if end - at >= LONGEST_LINE:
                end = (data.rfind(b" ", at, end) + 1) or end
                break
            end = min(len(data), end + PIECE)
        yield bytes(data[at:end])
        at = end


def _line_end(data: Data, start: int, end: int) -> int:
    """Behind the last line end, if possible not inside a list of bytes that goes on (``68,00,\\``)."""
    last = cut = data.rfind(b"\n", start, end) + 1
    for _ in range(_LONGEST_LIST):
        if not re.search(rb"(?:\\|,)[ \t]*\r?\n$", bytes(data[max(start, cut - 8) : cut])):
            return cut
        cut = data.rfind(b"\n", start, cut - 1) + 1
        if cut <= start:
            break
    return last
