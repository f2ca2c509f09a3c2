"""Lines that fit a terminal, in Japanese as well: by cells, at blanks or between letters, never before a full stop."""

from __future__ import annotations

from rich.cells import get_character_cell_size as cells

# Japanese line breaking (kinsoku): what may not begin a line, and what may not end one.
_NOT_FIRST = frozenset(
    "、。，．・：；？！ー～）〕］｝〉》」』】”’…‥々ゝゞヽヾぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ%‰)]},.:;?!"
)
_NOT_LAST = frozenset("（〔［｛〈《「『【“‘([{")


def starts(text: str, width: int) -> list[int]:
    """Where each further line of a one-line text begins, so that none is wider than ``width`` cells.

    A word that is wider than a line is cut; blanks at the end of a line do not count.
    """
    found: list[int] = []
    begin = best = used = at = 0
    while at < len(text):
        size = cells(text[at])
        if at > begin and _breakable(text[at - 1], text[at]):
            best = at
        if used + size > width and at > begin and text[at] != " ":
            begin = best = best if best > begin else at
            found.append(begin)
            used = sum(cells(letter) for letter in text[begin:at])
            continue
        used += size
        at += 1
    return found


def _breakable(before: str, after: str) -> bool:
    if before == " ":
        return after != " "
    if after == " " or before in _NOT_LAST or after in _NOT_FIRST:
        return False
    return cells(before) == 2 or cells(after) == 2


def cut(text: str, width: int) -> str:
    """The beginning of a one-line text that fits, with an ellipsis when something is missing."""
    used = 0
    for at, letter in enumerate(text):
        used += cells(letter)
        if used > width - 1 and (at + 1 < len(text) or used > width):
            return text[:at].rstrip() + "…"
    return text
