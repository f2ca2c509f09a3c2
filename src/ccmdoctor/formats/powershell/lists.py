"""Format-List: a property a line, its colon in one column."""

from __future__ import annotations

from ccmdoctor.formats.powershell.blocks import CAMEL, QUOTED_LINES, Block, joined, width
from ccmdoctor.formats.powershell.values import is_system


def property_of(line: str) -> tuple[str, str, int] | None:
    """``Name   : value`` to name, value and the cell of the colon. The blank before the colon tells it from prose."""
    head, colon, value = line[:300].partition(":")
    name = head.strip()
    if not colon or not head.endswith(" ") or (value and value[0] != " ") or not name.replace(".", "_").isidentifier():
        return None
    return name, line[len(head) + 2 :], width(head)


def list_at(lines: list[str], index: int) -> Block:
    """The instance that begins on the line: properties with their colons in one column, and broken values."""
    first = property_of(lines[index])
    column = first[2] if first else 0
    parts: dict[str, list[str]] = {}
    pieces: list[str] = []
    quoted: list[tuple[int, str]] = []
    end = index
    while end < len(lines) and lines[end].strip():
        line = lines[end]
        found = property_of(line)
        if found is not None and found[2] == column and found[0] not in parts:
            pieces = parts[found[0]] = [found[1]]
            if found[1].strip() and not is_system(found[0].casefold(), ()) and len(quoted) < QUOTED_LINES:
                quoted.append((end, line.rstrip()))
        elif found is None and parts and not line[: column + 2].strip():
            pieces.append(line[column + 2 :].lstrip())
        else:
            break
        end += 1
    pairs = [(name, joined(broken)) for name, broken in parts.items()]
    at = quoted[0][0] if quoted else index
    names = list(parts)
    sure = all(name.isascii() for name in names) and (len(names) > 1 or CAMEL.match(names[0]) is not None)
    return Block([(pairs, at, "\n".join(text for _, text in quoted))], names, end, sure=sure)
