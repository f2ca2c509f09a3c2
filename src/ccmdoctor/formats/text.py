"""Which bytes are text, in which encoding, and where the line stands.

Windows tools save the same output as UTF-8 with or without a mark, UTF-16 (PowerShell 5.1 ``>``), or the machine's
code page (cp932 in Japan); a log that several tools append to can hold two of them. ConfigMgr's own texts are ASCII,
so a log is searched as bytes and only the record that matters is decoded.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable
from mmap import mmap
from typing import Any, TypeAlias

Data: TypeAlias = "bytes | mmap"

BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
NO_BREAK = b"\xc2\xa0"  # the no-break space of web pages, in UTF-8
_BINARY_MAGIC = (
    b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"MZ", b"%PDF", b"\x7fELF", b"ElfFile", b"regf", b"MSCF", b"\x1f\x8b",
    b"7z\xbc\xaf", b"Rar!", b"\xd0\xcf\x11\xe0", b"SQLite format 3", b"RIFF", b"OggS", b"\x00asm",
)  # fmt: skip
# PowerShell's Out-File -Append writes UTF-16 into an ASCII log: runs of ASCII letters with a NUL after each.
_WIDE_RUN = re.compile(rb"(?:[\x09\x0a\x0d\x20-\x7e]\x00){4,}")
_ENCODINGS = ("utf-8", "cp932", "cp1252")


def decode(raw: bytes) -> str:
    """One record or small file as text: UTF-8, else cp932, else cp1252, else UTF-8 with replacement; never raises.

    A byte order mark decides first. NULs and other debris of torn writes are kept out of the text.
    """
    if raw.startswith(b"\xff\xfe"):
        return raw[2:].decode("utf-16-le", "replace")
    if raw.startswith(b"\xfe\xff"):
        return raw[2:].decode("utf-16-be", "replace")
    if raw.startswith(b"\xef\xbb\xbf"):
        raw = raw[3:]
    if b"\x00" in raw:
        raw = narrow(raw)
    for encoding in _ENCODINGS:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", "replace")


def json_object(said: str, schema: str) -> dict[str, Any] | None:
    """The JSON object that names this schema; None for any other text."""
    try:
        found = json.loads(said.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and found.get("schema") == schema else None


def narrow(raw: bytes) -> bytes:
    """Plain bytes for text that is UTF-16 without a mark, wholly or in runs; stray NULs become nothing."""
    return _WIDE_RUN.sub(lambda run: run.group().replace(b"\x00", b""), raw).replace(b"\x00", b"")


def narrowed(data: Data, encoding: str) -> Callable[[int], bytes]:
    """A ``read(n)`` over UTF-16 data that gives UTF-8, in pieces of about n bytes; odd bytes become U+FFFD."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    at = 0
    begun = False

    def read(size: int) -> bytes:
        nonlocal at, begun
        piece = b""
        while not piece and at < len(data):
            raw, at = bytes(data[at : at + size]), at + size
            decoded = decoder.decode(raw, at >= len(data))
            if decoded and not begun:
                begun = True
                decoded = decoded.removeprefix("\ufeff")
            piece = decoded.encode("utf-8", "replace")
        return piece

    return read


def is_wide(head: bytes) -> str | None:
    """``utf-16-le`` or ``utf-16-be`` when the bytes are UTF-16 (by mark or by the pattern of NULs), else None."""
    if b"<![LOG[" in head:
        return None  # a record opens in single bytes, whatever a stray mark says
    if head.startswith(b"\xff\xfe"):
        return "utf-16-le"
    if head.startswith(b"\xfe\xff"):
        return "utf-16-be"
    sample = head[:4096]
    if len(sample) >= 8:
        half = len(sample) // 2
        if sample[1::2].count(0) > 0.7 * half and sample[0::2].count(0) < 0.1 * half:
            return "utf-16-le"
        if sample[0::2].count(0) > 0.7 * half and sample[1::2].count(0) < 0.1 * half:
            return "utf-16-be"
    return None


def holds_wide_runs(head: bytes) -> bool:
    """Whether UTF-16 pieces stand inside single-byte text (a log appended to by PowerShell 5.1)."""
    return b"\x00" in head and _WIDE_RUN.search(head) is not None


def is_binary(head: bytes) -> bool:
    """Whether the first bytes are those of an image, a program, a database and so on, or noise.

    Control characters and NUL padding alone do not make a log binary: such logs exist in the wild.
    """
    if b"<![LOG[" in head:
        return False
    if head.startswith(_BINARY_MAGIC):
        return True
    if is_wide(head):
        return False
    sample = head[:4096]
    controls = sum(sample.count(bytes((code,))) for code in (*range(1, 9), *range(14, 27), 0x7F))
    return bool(sample) and (controls > 0.05 * len(sample) or sample.count(0) > 0.5 * len(sample))


def is_blank(data: Data) -> bool:
    """True for a file of no bytes, of a byte order mark only, or of NULs and blanks only (first 64 kB)."""
    head = bytes(data[:65536])
    for mark in BOMS:
        head = head.removeprefix(mark)
    return len(data) <= 65536 and not head.strip(b"\x00 \r\n\t")


def newlines(data: Data, start: int, stop: int, chunk: int = 1 << 20) -> int:
    """The number of line feeds in ``data[start:stop]``, read in bounded pieces."""
    if stop - start <= chunk:
        return data[start:stop].count(b"\n")
    return sum(data[at : min(at + chunk, stop)].count(b"\n") for at in range(start, stop, chunk))
