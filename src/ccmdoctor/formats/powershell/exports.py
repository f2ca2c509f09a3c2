"""Export-Csv and ConvertTo-Csv, with or without the ``#TYPE`` line of their first line."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import NamedTuple

from ccmdoctor.formats.powershell.blocks import PROMPT, Block
from ccmdoctor.formats.powershell.classes import canonical


class Header(NamedTuple):
    """Where the names of the columns stand, how they are parted, and the class that a ``#TYPE`` line names."""

    line: int
    delimiter: str
    names: list[str]
    typed: str | None


def _delimiter(line: str) -> str | None:
    """The delimiter of a line that can be the header of a CSV: two names or more and nothing else."""
    if len(line) > 4000:
        return None
    for delimiter in (",", "\t", ";"):
        words = [word.strip().strip('"') for word in line.split(delimiter)]
        if len(words) >= 2 and all(word.isidentifier() for word in words):
            return delimiter
    return None


def header_at(lines: list[str], index: int) -> Header | None:
    """The names that begin a CSV on the line, or below the ``#TYPE`` line there."""
    typed = None
    if lines[index].lstrip().startswith("#TYPE "):
        # #TYPE System.Management.ManagementObject#root\ccm\SoftwareUpdates\UpdatesStore\CCM_UpdateStatus
        typed = canonical(re.split(r"[\\/#:. ]", lines[index].strip()[-300:])[-1])
        index += 1
    line = lines[index].strip() if index < len(lines) else ""
    delimiter = _delimiter(line)
    if delimiter is None:
        return None
    return Header(index, delimiter, [word.strip().strip('"') for word in line.split(delimiter)], typed)


def rows_below(lines: list[str], header: Header) -> Block:
    """The rows below a header up to an empty line."""
    names = header.names
    instances: list[tuple[list[tuple[str, str]], int, str]] = []
    reader = csv.reader(_until_blank(lines, header.line + 1), delimiter=header.delimiter)
    at = header.line + 1
    while True:
        try:
            cells = next(reader)
        except (StopIteration, csv.Error):
            break
        end = header.line + 1 + reader.line_num
        if len(cells) < 2:
            break
        pairs = [(name, cells[column] if column < len(cells) else "") for column, name in enumerate(names)]
        instances.append((pairs, at, "\n".join(line.rstrip() for line in lines[at:end])))
        at = end
    return Block(instances, names, at, header.typed)


def _until_blank(lines: list[str], start: int) -> Iterator[str]:
    for at in range(start, len(lines)):
        if not lines[at].strip() or PROMPT.match(lines[at]):
            return
        yield lines[at] + "\n"
