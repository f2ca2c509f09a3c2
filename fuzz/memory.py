"""A bundle in memory, and its form as one run of bytes that a fuzzer can change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import datetime

from ccmdoctor.sources.artifact import Artifact, Unread

MARK = b"\n%%%% "
FIRST = "WUAHandler.log"


class Memory:
    """A source over named bytes, in the order in which they are given."""

    address = "memory"

    def __init__(self, files: dict[str, bytes]) -> None:
        self._files = files

    def artifacts(self) -> Iterator[Artifact | Unread]:
        """Every file once."""
        for name, raw in self._files.items():
            yield Artifact(name, len(raw), lambda raw=raw: nullcontext(raw))  # type: ignore[misc]

    def collected(self) -> datetime | None:
        """It does not say."""
        return None


def packed(files: dict[str, bytes]) -> bytes:
    """Files as one run of bytes: each behind a line ``%%%% name``."""
    return b"".join(MARK + name.encode() + b"\n" + raw for name, raw in files.items())


def unpacked(data: bytes) -> dict[str, bytes]:
    """The files of :func:`packed`; bytes without any mark are one log, a name that stands twice gets a number."""
    first, *rest = data.split(MARK)
    files = {FIRST: first} if first or not rest else {}
    for number, piece in enumerate(rest):
        name, _, raw = piece.partition(b"\n")
        shown = name[:200].decode("utf-8", "replace").replace("!", "_") or "x"
        files[shown if shown not in files else f"{number}/{shown}"] = raw
    return files
