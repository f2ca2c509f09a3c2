"""What all ways in over a network share: files that are fetched ahead of their reading, and why one was not to be had.

A remote file is a stream; small ones are fetched by a few threads while those before them are read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from threading import Lock
from typing import NamedTuple, TypeAlias

from ccmdoctor.sources.artifact import Artifact, Data, spooled

WORKERS = 3
SMALL = 8 << 20  # bytes; larger files are streamed when their turn comes
AHEAD = 48 << 20  # bytes fetched and not read yet
LARGEST = 32 << 30  # bytes of one file

Stream: TypeAlias = "Callable[[], AbstractContextManager[Callable[[int], bytes]]]"


class RemoteFile(NamedTuple):
    """A file on another machine; ``stream()`` opens it and gives ``read(n)``, which ends with b"".

    Opening and reading raise :class:`RefusedError` or OSError.
    """

    name: str
    size: int
    stream: Stream
    note: str | None = None


class Fetcher:
    """Turns remote files into artifacts and fetches the next ones while one is read."""

    def __init__(self, files: Sequence[RemoteFile]) -> None:
        self._files = files
        self._fetched: dict[int, Future[bytes]] = {}
        self._lock = Lock()
        self._pool: ThreadPoolExecutor | None = None

    def artifacts(self) -> Iterator[Artifact]:
        """One artifact for each file, in their order; each can be opened more than once."""
        for at, file in enumerate(self._files):
            yield Artifact(file.name, file.size, partial(self._open, at), file.note)

    @contextmanager
    def _open(self, at: int) -> Iterator[Data]:
        self._look_ahead(at)
        with self._lock:
            waiting = self._fetched.pop(at, None)
        if waiting is not None:
            yield waiting.result()
            return
        with self._files[at].stream() as read, spooled(read, lambda total: None) as data:
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
                self._pool = self._pool or ThreadPoolExecutor(WORKERS, "ccmdoctor-fetch")
                self._fetched[following] = self._pool.submit(self._whole, following)

    def _whole(self, at: int) -> bytes:
        pieces = []
        total = 0
        with self._files[at].stream() as read:
            # a log may have grown since it was listed; what came later is not waited for
            while total <= 2 * SMALL and (piece := read(1 << 20)):
                total += len(piece)
                pieces.append(piece)
        return b"".join(pieces)
