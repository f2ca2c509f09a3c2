"""What is printed: a block of lines that holds objects, and how wide its characters are."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from typing import NamedTuple

PROMPT = re.compile(r"^\s{0,8}(?:\[[^\]\n]{1,80}\]: )?PS(?: [^>\n]{0,260})?>{1,2} ?(.*)$")
CAMEL = re.compile(r"_*[A-Z]+[a-z0-9]+[A-Z]")
QUOTED_LINES = 8  # of an object


class Block(NamedTuple):
    """What one reader made of the lines from its start to ``end``: name and value pairs with the lines to quote."""

    instances: list[tuple[list[tuple[str, str]], int, str]]  # (pairs, 0-based line, text)
    names: list[str]  # the columns, also of a list that has no row
    end: int
    typed: str | None = None  # the class that a #TYPE line names
    sure: bool = True  # False for lines that people write as well: ``Result : none`` is not an object for that


def cells_of(line: str, wide: str) -> str:
    """The line with a NUL behind every character that takes two cells, so that an index is a cell."""
    if line.isascii() or not wide:
        return line
    return "".join(char + "\0" if unicodedata.east_asian_width(char) in wide else char for char in line)


def width(text: str) -> int:
    """How many cells a text takes on most consoles."""
    return len(cells_of(text, "WF"))


def joined(parts: list[str]) -> str:
    """The pieces of a broken value in one. PowerShell cuts inside a word only when the word is wider than the line."""
    widest = max(width(part) for part in parts)
    whole = parts[:1]
    for before, part in pairwise(parts):
        left, right = before.rpartition(" ")[2], part.partition(" ")[0]
        cut = before.endswith(" ") or width(left) + width(right) > widest
        whole += [part] if cut else [" ", part]
    return "".join(whole)
