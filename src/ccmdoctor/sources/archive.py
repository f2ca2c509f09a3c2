"""Zip archives, found by content wherever they lie, and zips inside zips (Support Center, "Collect client logs").

Nothing is ever extracted to a path: a member is inflated in bounded pieces into memory or an unnamed temporary file,
so that ``../`` in a name is only a strange name. Totals are counted on what really comes out, not on what is declared.
"""

from __future__ import annotations

import io
import lzma
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from ccmdoctor.sources.artifact import Artifact, Data, RefusedError, Unread, spooled

MAGIC = b"PK\x03\x04"
DEEPEST = 4  # zips inside zips
MOST_MEMBERS = 100_000
LARGEST_DIRECTORY = 32 << 20  # bytes of a zip's list of members; it is held in memory whole, about tenfold
MOST_BYTES = 32 << 30  # inflated, over one archive and all that is in it
RATIO_FROM = 64 << 20  # bytes; below this size no ratio is suspicious
MOST_RATIO = 400  # logs inflate 10 to 60 times; deflate's limit is about 1,030
_UNSAFE = re.compile(r"^[A-Za-z]:|^[\\/]+|(?:^|[\\/])\.\.(?=[\\/]|$)|[\x00-\x1f]")
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, RuntimeError, ValueError,
    OverflowError, IndexError, KeyError, struct.error,
)  # fmt: skip


class Budget:
    """What may still come out of an archive, shared by everything nested in it."""

    def __init__(self, bytes_left: int = MOST_BYTES) -> None:
        self.bytes_left = bytes_left

    def take(self, count: int) -> None:
        """Count inflated bytes. Raises RefusedError when it is too much."""
        self.bytes_left -= count
        if self.bytes_left < 0:
            raise RefusedError("zip-bomb")


def is_archive(head: bytes) -> bool:
    """Whether bytes begin as a zip does (an empty one too)."""
    return head.startswith((MAGIC, b"PK\x05\x06"))


def is_whole(data: Data) -> bool:
    """Whether the directory at the end of a zip is there."""
    try:
        return zipfile.is_zipfile(_reader(data))
    except (*_DAMAGED, OSError):
        return False


def members(data: Data, name: str, budget: Budget, depth: int = 1) -> Iterator[Artifact | Unread]:
    """The files inside a zip as artifacts named ``outer.zip!inner/path``; what cannot be read is named with why."""
    if depth > DEEPEST:
        yield Unread(name, "zip-too-deep")
        return
    try:
        if _directory_size(data) > LARGEST_DIRECTORY:
            yield Unread(name, "too-many-files")
            return
        archive = zipfile.ZipFile(_reader(data))
    except (*_DAMAGED, OSError, MemoryError):
        yield Unread(name, "zip-damaged")
        return
    with archive:
        listing = archive.infolist()
        if len(listing) > MOST_MEMBERS:
            yield Unread(name, "too-many-files")
            listing = listing[:MOST_MEMBERS]
        for info in sorted(listing, key=lambda one: one.filename):
            if info.filename.endswith("/"):
                continue
            shown = f"{name}!{_name(info)}"
            if info.flag_bits & 1:
                yield Unread(shown, "zip-encrypted")
                continue
            note = "unsafe-name" if _UNSAFE.search(info.filename) else None
            yield Artifact(shown, info.file_size, lambda info=info: _member(archive, info, budget), note)  # type: ignore[misc]


def _directory_size(data: Data) -> int:
    """Bytes of the list of members, as the module that will read it sees them."""
    end = zipfile._EndRecData(_reader(data))  # type: ignore[attr-defined]
    return int(end[5]) if end else 0


def _reader(data: Data) -> io.BufferedIOBase:
    return io.BytesIO(data) if isinstance(data, bytes) else _Mapped(data)


class _Mapped(io.BufferedIOBase):
    """A seekable reader over mapped bytes; closing it leaves the mapping alone."""

    def __init__(self, data: Data) -> None:
        self._data = data
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = 0) -> int:
        base = (0, self._at, len(self._data))[whence]
        if base + offset < 0:
            raise ValueError("seek before the start")
        self._at = base + offset
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        stop = len(self._data) if size is None or size < 0 else self._at + size
        piece = bytes(self._data[self._at : stop])
        self._at += len(piece)
        return piece


def _name(info: zipfile.ZipInfo) -> str:
    """The member's name for display; names without the UTF-8 flag may be in the code page of a Japanese Windows."""
    name = info.filename
    if not info.flag_bits & 0x800:
        with suppress(UnicodeDecodeError, UnicodeEncodeError):
            name = name.encode("cp437").decode("cp932")
    return _UNSAFE.sub("_", name.replace("\\", "/")).lstrip("/")


@contextmanager
def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: Budget) -> Iterator[Data]:
    packed = max(info.compress_size, 1)
    taken = 0

    def guard(total: int) -> None:
        nonlocal taken
        budget.take(total - taken)
        taken = total
        if total > RATIO_FROM and total / packed > MOST_RATIO:
            raise RefusedError("zip-bomb")

    if info.file_size > RATIO_FROM and info.file_size / packed > MOST_RATIO:
        raise RefusedError("zip-bomb")
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(archive.open(info))
            data = stack.enter_context(spooled(stream.read, guard))
        except _DAMAGED as error:
            raise RefusedError("zip-damaged") from error
        yield data
