"""Format-Table: names above dashes, and rows cut at the cells that are blank in all of them."""

from __future__ import annotations

import re
from itertools import pairwise

from ccmdoctor.formats.powershell.blocks import CAMEL, PROMPT, Block, cells_of, joined

_WAYS = ("WF", "WFA", "")  # East Asian widths that take two cells: on most consoles, on a Japanese one, in a file
_MAX_COLUMNS = 64
_MAX_GAP = 400
_MAX_BROKEN = 40


def is_ruler(line: str) -> bool:
    """The line of dashes below the names of a table."""
    return "-" in line and not line.strip("- \t")


def table_at(lines: list[str], index: int) -> Block | None:
    """The table whose names stand on the line ``index`` and whose dashes stand below it."""
    header = lines[index].expandtabs()
    spans = [match.span() for match in re.finditer("-+", lines[index + 1].expandtabs())]
    if not _is_header(header, spans):
        return None
    end = index + 2
    while end < len(lines) and lines[end].strip() and not PROMPT.match(lines[end]) and "<![LOG[" not in lines[end]:
        end += 1
    names, rows = _cut(header, [line.expandtabs() for line in lines[index + 2 : end]], spans)
    instances: list[tuple[list[tuple[str, str]], int, str]] = []
    for at, row in enumerate(rows):
        if row is None:
            continue
        text = lines[index + 2 + at].rstrip()
        filled = [column for column, cell in enumerate(row) if cell]
        if instances and len(names) > 1 and len(filled) == 1 and not row[0]:
            pairs, first, above = instances[-1]  # the rest of a cell that was broken over lines
            if above.count("\n") > _MAX_BROKEN:
                continue
            column = filled[0]
            pairs[column] = (names[column], joined([pairs[column][1], row[column]]))
            instances[-1] = (pairs, first, f"{above}\n{text}")
        else:
            instances.append((list(zip(names, row, strict=True)), index + 2 + at, text))
    sure = len(names) > 1 or CAMEL.match(names[0]) is not None or names[0] in ("Name", "Title")
    return Block(instances, names, end, sure=sure)


def _is_header(header: str, spans: list[tuple[int, int]]) -> bool:
    """Whether the dashes are as long as the names above them: a title that somebody underlined is no table."""
    if len(spans) > _MAX_COLUMNS:
        return False
    return any(_fits(cells_of(header, wide), spans) for wide in _WAYS)


def _fits(header: str, spans: list[tuple[int, int]]) -> bool:
    """Whether every run of dashes lies below one name, and nothing else stands in the line."""
    names = [header[start:stop] for start, stop in spans]
    if len("".join("".join(names).split())) != len("".join(header.split())):
        return False
    full = all(len(name.strip()) == stop - start for name, (start, stop) in zip(names, spans, strict=True))
    return full and (len(names) > 1 or names[0].replace("\0", "").isidentifier())


def _cut(header: str, body: list[str], spans: list[tuple[int, int]]) -> tuple[list[str], list[list[str] | None]]:
    """Names and rows cut into columns; None for a row that fits no way of counting.

    PowerShell keeps one blank cell between columns in every row, and sets every value to the left or right of its
    column. How many cells a character takes depends on the console, so that way of counting is taken with which the
    most rows are so; the others are split at their gaps.
    """
    tried = [_cut_as(header, body, spans, wide) for wide in (_WAYS if not "".join(body).isascii() else _WAYS[:1])]
    names, rows, _ = min(tried, key=lambda cut: (sum(row is None for row in cut[1]), cut[2]))
    for at, row in enumerate(rows):
        if row is None:
            parts = re.split(r"\s{2,}", body[at].strip())
            rows[at] = parts if len(parts) == len(spans) else None
    return names, rows


def _cut_as(
    header: str, body: list[str], spans: list[tuple[int, int]], wide: str
) -> tuple[list[str], list[list[str] | None], int]:
    """Names, rows, and how many values stand neither at the left nor at the right of their column."""
    cells = [cells_of(line, wide) for line in body]
    top = cells_of(header, wide)
    edges = [_edge(top, cells, left[1], right[0]) for left, right in pairwise(spans)]
    names = [top[start:stop].replace("\0", "").strip() for start, stop in spans]
    rows = [_row(line, edges) for line in cells]
    ends = [*edges, spans[-1][1]]
    astray = sum(
        bool(value) and not _aligned(line, start, end)
        for line, row in zip(cells, rows, strict=True)
        for value, (start, _), end in zip(row or (), spans if row else (), ends if row else (), strict=True)
    )
    return names, rows, astray


def _edge(header: str, rows: list[str], start: int, stop: int) -> int:
    """The cell between two columns: the rightmost one in the gap that is blank in the header and the most rows.

    Numbers stand at the right of their column and may begin left of its dashes, text begins exactly there.
    """
    best, most = stop - 1, -1
    for at in range(stop - 1, max(start, stop - _MAX_GAP) - 1, -1):
        if header[at : at + 1].strip():
            continue
        blank = sum(1 for row in rows if not row[at : at + 1].strip())
        if blank > most:
            best, most = at, blank
        if blank == len(rows):
            break
    return best


def _aligned(cells: str, start: int, end: int) -> bool:
    """Whether a value begins at the first cell of its column or ends at the last one."""
    left = bool(cells[start : start + 1].strip()) and not cells[max(start - 1, 0) : start].strip()
    return left or bool(cells[end - 1 : end].strip())


def _row(cells: str, edges: list[int]) -> list[str] | None:
    if any(cells[edge : edge + 1].strip() for edge in edges):  # a NUL is no blank: half a wide character
        return None
    bounds = [0, *edges, len(cells)]
    return [cells[start:stop].replace("\0", "").strip() for start, stop in pairwise(bounds)]
