"""Named bytes as collected, and how they are held: mapped from disk, or in memory when small."""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, NamedTuple, Protocol, TypeAlias

Data: TypeAlias = "bytes | mmap.mmap"
IN_MEMORY = 32 << 20  # bytes; larger streams are spooled to a temporary file and mapped


class Artifact(NamedTuple):
    """``name`` is the path inside the source with forward slashes; ``size`` is in bytes (-1 unknown).

    ``open`` gives the bytes for the time of a ``with`` block and raises OSError or :class:`RefusedError`.
    """

    name: str
    size: int
    open: Callable[[], AbstractContextManager[Data]]
    note: str | None = None


class Unread(NamedTuple):
    """An artifact that is there and cannot be had; ``why`` is a key of the words files."""

    name: str
    why: str


class RefusedError(Exception):
    """The bytes are not safe or not possible to read; ``why`` is a key of the words files."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Source(Protocol):
    """Something that can be asked for its artifacts. ``collected`` is the collection time in UTC, when stated."""

    address: str

    def artifacts(self) -> Iterator[Artifact | Unread]:
        """Every artifact once, in a stable order."""
        ...

    def collected(self) -> datetime | None:
        """The moment the evidence was taken, when the source states it."""
        ...


@contextmanager
def mapped(path: Path) -> Iterator[Data]:
    """A file's bytes, mapped read-only; an empty file is empty bytes. Raises OSError."""
    with path.open("rb") as file:
        yield from _view(file, path.stat().st_size)


def _view(file: IO[bytes], size: int) -> Iterator[Data]:
    if size == 0:
        yield b""
        return
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        yield view


@contextmanager
def spooled(read: Callable[[int], bytes], guard: Callable[[int], None]) -> Iterator[Data]:
    """A stream's bytes: in memory when small, else from a temporary file that vanishes with the block.

    ``read(n)`` gives up to n bytes and b"" at the end; ``guard(total)`` may raise :class:`RefusedError`.
    """
    pieces: list[bytes] = []
    total = 0
    while piece := read(1 << 20):
        total += len(piece)
        guard(total)
        pieces.append(piece)
        if total > IN_MEMORY:
            break
    else:
        yield b"".join(pieces)
        return
    with tempfile.TemporaryFile() as file:
        for piece in pieces:
            file.write(piece)
        pieces.clear()
        while piece := read(1 << 20):
            total += len(piece)
            guard(total)
            file.write(piece)
        file.flush()
        yield from _view(file, total)


def forget(data: Data) -> None:
    """Let the system drop mapped pages that were read, so that memory does not grow with the file (POSIX only)."""
    if isinstance(data, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        data.madvise(mmap.MADV_DONTNEED)
