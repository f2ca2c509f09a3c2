"""A folder of any shape, or a single file.

Links are not followed: a bundle is hostile input, and a link in it may point anywhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

from ccmdoctor.sources.artifact import Artifact, Source, Unread, mapped

ORDER = 90
MOST_FILES = 200_000


class Folder:
    """All files below a folder, sorted by path."""

    def __init__(self, path: Path) -> None:
        self.address = str(path)
        self._root = path

    def collected(self) -> datetime | None:
        """A plain folder does not say when it was taken."""
        return None

    def artifacts(self) -> Iterator[Artifact | Unread]:
        """Every regular file below the folder; a folder that cannot be listed is named."""
        if self._root.is_file():
            yield _artifact(self._root, self._root.name)
            return
        for count, found in enumerate(_walk(self._root, ""), 1):
            if count > MOST_FILES:
                yield Unread(self.address, "too-many-files")
                return
            yield found


def _walk(folder: Path, prefix: str) -> Iterator[Artifact | Unread]:
    try:
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
    except OSError:
        yield Unread(prefix or str(folder), "cannot-be-opened")
        return
    for entry in entries:
        name = f"{prefix}{entry.name}"
        if entry.is_symlink():
            yield Unread(name, "link-not-followed")
        elif entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path), f"{name}/")
        elif entry.is_file(follow_symlinks=False):
            yield _artifact(Path(entry.path), name)


def _artifact(path: Path, name: str) -> Artifact:
    try:
        size = path.stat().st_size
    except OSError:
        size = -1
    return Artifact(name, size, partial(mapped, path))


def detect(address: str) -> Source | None:
    """An existing folder or file."""
    path = Path(address)
    return Folder(path) if path.exists() else None
