"""The collector as part of a source: one run of its script, the zip that it brings, and what it says of itself.

The last line that the script writes is one JSON object::

    {"schema":"ccmdoctor.collector/1","written":true,"computer":"PC0123","bytes":1843200,"ok":58,"seconds":94.1}
    {"schema":"ccmdoctor.collector/1","written":false,"error":"constrained-language"}
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from threading import Lock
from typing import TypeAlias

from ccmdoctor.collect import manifest
from ccmdoctor.sources.artifact import Artifact, Data, RefusedError, spooled

NAME = "collector.zip"
_SCHEMA = "ccmdoctor.collector/1"
_ERRORS = {"constrained-language": "collector-constrained"}

Run: TypeAlias = "Callable[[], AbstractContextManager[Callable[[int], bytes]]]"


class Collected:
    """The zip of one run: it is made when somebody first wants it, and kept, since a second run takes minutes again.

    ``run()`` runs the script and gives ``read(n)`` over the zip; both raise :class:`RefusedError` or OSError.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._lock = Lock()
        self._data: Data | None = None
        self._refusal: RefusedError | None = None
        self._kept = ExitStack()
        weakref.finalize(self, self._kept.close)

    def artifact(self) -> Artifact:
        """The zip; opening it runs the collector."""
        return Artifact(NAME, -1, self._open)

    def succeeded(self) -> bool:
        """Whether there is a zip; the collector is run for this if it was not."""
        try:
            self._made()
        except RefusedError:
            return False
        return True

    @contextmanager
    def _open(self) -> Iterator[Data]:
        yield self._made()

    def _made(self) -> Data:
        with self._lock:
            if self._data is None and self._refusal is None:
                try:
                    with self._run() as read:
                        self._data = self._kept.enter_context(spooled(read, _guard))
                except RefusedError as refusal:
                    self._refusal = refusal
                except OSError:  # no room for it here
                    self._refusal = RefusedError("cannot-be-opened")
        if self._data is None:
            raise RefusedError(self._refusal.why if self._refusal else "collector-failed")
        return self._data


def _guard(total: int) -> None:
    if total > 2 * manifest()["limits"]["all_bytes"]:
        raise RefusedError("file-too-large")


def size_of(line: str) -> int:
    """Bytes of the zip by the script's last line. Raises RefusedError when it says that there is none."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or found.get("schema") != _SCHEMA:
        raise RefusedError("collector-failed")
    size = found.get("bytes")
    if found.get("written") is not True or "error" in found or not isinstance(size, int):
        raise RefusedError(_ERRORS.get(str(found.get("error")), "collector-failed"))
    return size
