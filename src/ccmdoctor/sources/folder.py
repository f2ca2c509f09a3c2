"""A folder of any shape, or a single file.

Links are not followed: a bundle is hostile input, and a link in it may point anywhere.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path

from ccmdoctor.sources.artifact import MOST_FILES, Artifact, Source, Unread, mapped

ORDER = 90
_JUNCTION = 0xA000_0003  # IO_REPARSE_TAG_MOUNT_POINT, MS-FSCC 2.1.2.1


class Folder:
    """All files below a folder, sorted by path."""

    def __init__(self, path: Path) -> None:
        self.address = _shown(str(path))
        self._root = path

    def collected(self) -> datetime | None:
        """A plain folder does not say when it was taken."""
        return None

    def artifacts(self) -> Iterator[Artifact | Unread]:
        """Every regular file below the folder; a folder that cannot be listed is named."""
        if self._root.is_file():
            yield _artifact(self._root, _shown(self._root.name))
            return
        yield from _walk(self._root)


def _walk(root: Path) -> Iterator[Artifact | Unread]:
    """Everything below a folder, sorted by name within each folder, however deep it lies."""
    waiting = [_listed(root, "", str(root))]
    while waiting:
        item = next(waiting[-1], None)
        if item is None:
            waiting.pop()
        elif isinstance(item, Unread | Artifact):
            yield item
        else:
            path, name = item
            waiting.append(_listed(path, f"{name}/", f"{name}/"))


def _listed(folder: Path, prefix: str, shown: str) -> Iterator[Artifact | Unread | tuple[Path, str]]:
    """What lies in one folder; folders in it as their path and name. A folder of too many files is not listed whole."""
    try:
        with os.scandir(folder) as listing:
            entries = sorted(islice(listing, MOST_FILES + 1), key=lambda entry: entry.name)
    except OSError:
        yield Unread(shown, "cannot-be-opened")
        return
    for entry in entries:
        name = f"{prefix}{_shown(entry.name)}"
        try:
            yield _found(entry, name)
        except OSError:  # some file systems say only when asked what an entry is
            yield Unread(name, "cannot-be-opened")


def _found(entry: os.DirEntry[str], name: str) -> Artifact | Unread | tuple[Path, str]:
    if entry.is_symlink() or (sys.platform == "win32" and _is_junction(entry)):
        return Unread(name, "link-not-followed")
    if entry.is_dir(follow_symlinks=False):
        return Path(entry.path), name
    if entry.is_file(follow_symlinks=False):
        return _artifact(Path(entry.path), name)
    return Unread(name, "no-file")


def _is_junction(entry: os.DirEntry[str]) -> bool:
    """Whether a folder of Windows is a link to another, which Python does not count as one."""
    return getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0) == _JUNCTION


def _shown(name: str) -> str:
    """A file name as text that can be written: what is not valid in it stands as its code."""
    return name.encode("utf-8", "backslashreplace").decode()


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
