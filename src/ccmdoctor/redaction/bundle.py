"""A redacted copy of the evidence as a zip: the same folders, safe names, and a note of what was done and left out."""

from __future__ import annotations

import csv
import os
import re
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, NoReturn

from ccmdoctor.model import InputError
from ccmdoctor.redaction.names import Kind
from ccmdoctor.redaction.sources import Redaction, is_text
from ccmdoctor.sources import Unread
from ccmdoctor.sources.artifact import RefusedError, forget

NOTE = "REDACTED.txt"
_MOMENT = (1980, 1, 1, 0, 0, 0)  # of every member, so that the same evidence makes the same archive
_UNSAFE = re.compile(r"[\x00-\x1f<>:\"|?*]")
_RESERVED = re.compile(r"^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)", re.IGNORECASE)


class Summary(NamedTuple):
    """What became of the evidence: files written, replacements by kind, and what was left out with the reason."""

    files: int
    replaced: Counter[Kind]
    left_out: tuple[Unread, ...]


def write(redaction: Redaction, output: Path, note: Callable[[Summary], str]) -> Summary:
    """Write the redacted copy to ``output``, which is there only when it is whole.

    Raises OSError, and InputError when there is nothing to write.
    """
    handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=output.parent)
    partial = Path(name)
    try:
        with (
            os.fdopen(handle, "wb") as file,
            zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, allowZip64=True) as archive,
        ):
            files, left_out = _fill(archive, redaction)
            if not files:
                _nothing(redaction, left_out)
            summary = Summary(files, redaction.replacer.counts, tuple(left_out))
            archive.writestr(zipfile.ZipInfo(NOTE, _MOMENT), note(summary).encode("utf-8"), zipfile.ZIP_DEFLATED)
        partial.replace(output)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return summary


def write_key(redaction: Redaction, output: Path) -> None:
    """Write what stands for what as CSV, readable by its owner only. Raises OSError."""
    handle = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8-sig", errors="replace", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("kind", "original", "replacement"))
        rows.writerows(tuple(map(_cell, row)) for row in redaction.replacer.pairs())


def _cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula: the names are those of a stranger."""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _nothing(redaction: Redaction, left_out: list[Unread]) -> NoReturn:
    where = ", ".join(source.address for source in redaction.sources)
    if left_out:
        raise InputError("nothing-readable", source=where, file=left_out[0].name, reason=left_out[0].why)
    raise InputError("nothing-there", source=where)


def _fill(archive: zipfile.ZipFile, redaction: Redaction) -> tuple[int, list[Unread]]:
    left_out: list[Unread] = []
    taken: set[str] = {NOTE.casefold()}
    files = 0
    several = len(redaction.sources) > 1
    for number, source in enumerate(redaction.sources, 1):
        bare = not several and Path(source.address).is_file()
        for artifact in source.artifacts():
            if isinstance(artifact, Unread):
                left_out.append(artifact)
                continue
            try:
                with artifact.open() as data:
                    if not is_text(data, artifact.name):
                        left_out.append(Unread(artifact.name, "not-text"))
                        continue
                    name = _member(f"{number}/{artifact.name}" if several else artifact.name, bare, taken)
                    info = zipfile.ZipInfo(name, _MOMENT)
                    info.compress_type = zipfile.ZIP_DEFLATED
                    with archive.open(info, "w", force_zip64=len(data) > 1 << 30) as member:
                        for at in range(0, len(data), 1 << 20):
                            member.write(data[at : at + (1 << 20)])
                            forget(data)
                    files += 1
            except RefusedError as refusal:
                left_out.append(Unread(artifact.name, refusal.why))
    return files, left_out


def _member(name: str, bare: bool, taken: set[str]) -> str:
    """A safe path for an artifact, of its own: what was inside an archive lies in a folder of the archive's name.

    The one archive that was given (``bare``) needs no folder of its own.
    """
    parts = [part for part in re.split(r"[\\/!]", name) if part not in ("", ".", "..")]
    outer = re.match(r"[^\\/!]+!", name)
    if outer and bare:
        parts = parts[1:]
    safe = [_RESERVED.sub(r"_\g<0>", _UNSAFE.sub("_", part)).rstrip(" .") or "_" for part in parts] or ["_"]
    path = "/".join(safe)
    for spelled in _spellings(path):
        if spelled.casefold() not in taken:
            taken.add(spelled.casefold())
            return spelled
    raise AssertionError("endless")


def _spellings(path: str) -> Iterator[str]:
    """The path, then ``name (2).log`` and so on, which the reader takes for the same log."""
    yield path
    folder, slash, last = path.rpartition("/")
    stem, dot, ending = last.rpartition(".")
    if not stem:
        stem, dot, ending = last, "", ""
    number = 2
    while True:
        yield f"{folder}{slash}{stem} ({number}){dot}{ending}"
        number += 1
