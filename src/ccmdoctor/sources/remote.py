"""What all ways in over a network share: files that are fetched ahead of their reading, and when a host is given up.

A remote file is a stream; small ones are fetched by a few threads while those before them are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from threading import Lock
from typing import NamedTuple, TypeAlias

from ccmdoctor.sources.artifact import Artifact, Data, RefusedError, spooled

WORKERS = 3
SMALL = 8 << 20  # bytes; larger files are streamed when their turn comes
AHEAD = 48 << 20  # bytes fetched and not read yet
LARGEST = 32 << 30  # bytes of one file
MOST_LOSSES = 3  # times that a host falls silent before it is given up
GONE = ("remote-unreachable", "remote-connection-lost")

Stream: TypeAlias = "Callable[[], AbstractContextManager[Callable[[int], bytes]]]"


class RemoteFile(NamedTuple):
    """A file on another machine; ``stream()`` opens it and gives ``read(n)``, which ends with b"".

    Opening and reading raise :class:`RefusedError` or OSError.
    """

    name: str
    size: int
    stream: Stream
    note: str | None = None


class Losses:
    """How often a host fell silent. One that is gone is not asked for every file anew."""

    def __init__(self) -> None:
        self._count = 0

    def check(self) -> None:
        """Raises RefusedError when the host was given up."""
        if self._count >= MOST_LOSSES:
            raise RefusedError("remote-connection-lost")

    def note(self, refusal: RefusedError) -> bool:
        """Count the refusal if it means that the host is gone; whether it does."""
        gone = refusal.why in GONE
        self._count += gone
        return gone


class Fetcher:
    """Turns remote files into artifacts and fetches the next ones while one is read. A source has one."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._pool: ThreadPoolExecutor | None = None

    def artifacts(self, files: Sequence[RemoteFile]) -> Iterator[Artifact]:
        """One artifact for each file, in their order; each can be opened more than once."""
        batch = _Batch(files, self._submit)
        for at, file in enumerate(files):
            yield Artifact(file.name, file.size, partial(batch.open, at), file.note)

    def _submit(self, fetch: Callable[[], bytes | None]) -> Future[bytes | None]:
        with self._lock:
            self._pool = self._pool or ThreadPoolExecutor(WORKERS, "ccmdoctor-fetch")
            return self._pool.submit(fetch)


class _Batch:
    """Files that are read one after the other."""

    def __init__(
        self, files: Sequence[RemoteFile], submit: Callable[[Callable[[], bytes | None]], Future[bytes | None]]
    ) -> None:
        self._files = files
        self._submit = submit
        self._fetched: dict[int, Future[bytes | None]] = {}
        self._lock = Lock()

    @contextmanager
    def open(self, at: int) -> Iterator[Data]:
        self._look_ahead(at)
        with self._lock:
            waiting = self._fetched.pop(at, None)
        whole = waiting.result() if waiting else None
        if whole is not None:
            yield whole
            return
        _guard(self._files[at].size)
        with self._files[at].stream() as read, spooled(read, _guard) as data:
            yield data

    def _look_ahead(self, at: int) -> None:
        with self._lock:
            held = sum(self._files[one].size for one in self._fetched)
            for following in range(at + 1, min(at + 1 + 2 * WORKERS, len(self._files))):
                size = self._files[following].size
                if following in self._fetched or not 0 <= size <= SMALL:
                    continue
                held += size
                if held > AHEAD:
                    return
                self._fetched[following] = self._submit(partial(_whole, self._files[following]))


def _whole(file: RemoteFile) -> bytes | None:
    """The bytes of a small file; None when it has grown so much since it was listed that it must be streamed."""
    pieces = []
    total = 0
    with file.stream() as read:
        while piece := read(1 << 20):
            total += len(piece)
            if total > 2 * SMALL:
                return None
            pieces.append(piece)
    return b"".join(pieces)


def _guard(total: int) -> None:
    if total > LARGEST:
        raise RefusedError("file-too-large")
