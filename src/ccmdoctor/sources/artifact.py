"""Named bytes as collected, and how they are held: mapped from disk, or in memory when small."""

from __future__ import annotations

import errno
import mmap
import os
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, NamedTuple, Protocol, TypeAlias

Data: TypeAlias = "bytes | mmap.mmap"
IN_MEMORY = 32 << 20  # bytes; larger streams are spooled to a temporary file and mapped
QUIET = 60  # seconds; a file that was written to later may still be written to
LARGEST_COPY = 512 << 20  # bytes
MOST_FILES = 200_000  # of one source


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
    """A file's bytes: mapped read-only, or copied when it was written to within the last ``QUIET`` seconds.

    A mapping ends the process when its file is cut meanwhile, and on Windows it keeps the writer from cutting it: a log
    that is being written to is therefore read, not mapped. An empty file is empty bytes. Raises OSError, also for what
    is no regular file.
    """
    with open(path, "rb", opener=_without_waiting) as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        with ExitStack() as stack:
            copy: Data | None = None
            if abs(time.time() - about.st_mtime) < QUIET and about.st_size <= LARGEST_COPY:
                with suppress(OSError):  # a full disk has no room for a large copy
                    copy = stack.enter_context(spooled(file.read, lambda total: None))
            if copy is None:
                yield from _view(file)
            else:
                yield copy


def _without_waiting(path: str, flags: int) -> int:
    """Open what may have become a pipe since it was listed, without waiting for its writer."""
    if sys.platform == "win32":
        return _sharing(path)
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _sharing(path: str) -> int:
    """Open on Windows so that the writer of a log can rename and delete it meanwhile, which Python alone forbids."""
    if sys.platform != "win32":
        raise OSError(errno.ENOSYS, "only on Windows", path)
    import _winapi
    import msvcrt

    everything, existing, normal = 0x7, 3, 0x80  # FILE_SHARE_*, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL
    handle = _winapi.CreateFile(os.fspath(path), _winapi.GENERIC_READ, everything, 0, existing, normal, 0)
    return msvcrt.open_osfhandle(handle, os.O_RDONLY | os.O_BINARY)


def _view(file: IO[bytes]) -> Iterator[Data]:
    if os.fstat(file.fileno()).st_size == 0:
        yield b""
        return
    try:
        view = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError as error:  # it was emptied just now
        raise OSError(errno.ESTALE, str(error)) from error
    with view:
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
        yield from _view(file)


def forget(data: Data) -> None:
    """Let the system drop pages of a large file that were read, so that memory does not grow with it (POSIX only)."""
    if isinstance(data, mmap.mmap) and len(data) > IN_MEMORY and hasattr(mmap, "MADV_DONTNEED"):
        data.madvise(mmap.MADV_DONTNEED)


def bounded(source: Source) -> Iterator[Artifact | Unread]:
    """The artifacts of a source; a word instead of those beyond ``MOST_FILES``, and when it goes away in the middle."""
    found = iter(source.artifacts())
    for _ in range(MOST_FILES):
        try:
            one = next(found, None)
        except RefusedError as refusal:
            one, found = Unread(source.address, refusal.why), iter(())
        except OSError:
            one, found = Unread(source.address, "went-away"), iter(())
        if one is None:
            return
        yield one
    if next(found, None) is not None:
        yield Unread(source.address, "too-many-files")
