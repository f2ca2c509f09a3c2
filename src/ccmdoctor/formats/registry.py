"""Registry keys as text: ``.reg`` exports, ``reg query`` and ``Get-ItemProperty``.

::

    Windows Registry Editor Version 5.00

    [HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft\\Windows\\WindowsUpdate]
    "WUServer"="http://sup01.contoso.com:8530"

    HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft\\Windows\\WindowsUpdate
        WUServer    REG_SZ    http://sup01.contoso.com:8530

    WUServer    : http://sup01.contoso.com:8530
    PSPath      : Microsoft.PowerShell.Core\\Registry::HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\…\\WindowsUpdate

A key with no values counts only where the text is surely machine output (an export's header, a ``reg query`` echo
or values beside it): a path that stands in prose does not prove that the key exists.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ccmdoctor.model import Place, State

MARKERS: tuple[str, ...] = ("hkey_", "windows registry editor", "regedit4", "reg query", "reg.exe query")

_HIVES = {
    "HKEY_LOCAL_MACHINE": "HKLM",
    "HKEY_CURRENT_USER": "HKCU",
    "HKEY_CLASSES_ROOT": "HKCR",
    "HKEY_USERS": "HKU",
    "HKEY_CURRENT_CONFIG": "HKCC",
}
_SHORT = frozenset(_HIVES.values())
_BEFORE_HIVE = ("microsoft.powershell.core\\registry::", "registry::", "computer\\", "コンピューター\\")
_EXPORT_HEADS = ("windows registry editor version", "regedit4")
_QUERY_TYPE = re.compile(
    r"(?<=[ \t])REG_(SZ|EXPAND_SZ|MULTI_SZ|DWORD_BIG_ENDIAN|DWORD_LITTLE_ENDIAN|DWORD|QWORD|BINARY|NONE|LINK)(?=\s|$)"
)
_QUERY_COMMAND = re.compile(
    r"\breg(?:\.exe)?\s{1,8}query\s{1,8}(?:\"([^\"]{1,500})\"|([^\s\"]{1,500}))(.*)", re.IGNORECASE
)
_QUERY_NAME = re.compile(r"/v\s{1,8}(?:\"([^\"]{1,300})\"|([^\s\"]{1,300}))", re.IGNORECASE)
_ABSENT = ("unable to find the specified registry key or value", "指定されたレジストリ キーまたは値が見つかりません")
_DEFAULT_NAMES = frozenset({"(default)", "(既定)", "(規定)", "<no name>"})
_HEX_TYPES = {
    "": "binary",
    "0": "none",
    "1": "sz",
    "2": "expand_sz",
    "3": "binary",
    "4": "dword",
    "5": "dword_big_endian",
    "7": "multi_sz",
    "b": "qword",
}
_HEX = re.compile(r"hex(?:\(([0-9a-f]{1,8})\))?:", re.IGNORECASE)
_INTEGER = re.compile(r"-?\d{1,19}")
_PROVIDER_NAMES = frozenset({"pspath", "psparentpath", "pschildname", "psdrive", "psprovider", "pscomputername"})

Value = str | int | list[str] | None


class _Item(NamedTuple):
    """One value as it stands in the text; ``line`` is 0-based. ``name`` None stands for the key alone."""

    key: str
    key_line: int
    name: str | None
    type: str
    value: Value
    line: int
    text: str = ""  # what to quote, where that is not the line


def read(text: str, file: str) -> list[State]:
    """One ``registry`` state per key with all its values, and one ``registry-value`` state per value line.

    A deleted key, and a value that the text shows as deleted or not found, has None. The default value is ``@``.
    """
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    items = [*_exported(lines), *_queried(lines), *_provider(lines)]
    items.sort(key=lambda item: item.line)
    keys: dict[str, State] = {}
    values: list[State] = []
    for item in items:
        folded = item.key.casefold()
        if folded not in keys:
            keys[folded] = State(
                "registry", item.key, {}, Place(file, item.key_line + 1), lines[item.key_line].rstrip()
            )
        if item.name is None:
            continue
        keys[folded].values[item.name.casefold()] = item.value
        facts = {"value": item.value, "type": item.type}
        place = Place(file, item.line + 1)
        text = item.text or lines[item.line].rstrip()
        values.append(State("registry-value", f"{item.key}\\{item.name}", facts, place, text))
    return [*keys.values(), *values]


def _key(path: str) -> str | None:
    """The path with the short name of its hive: ``HKLM\\SOFTWARE\\…``; None when it does not begin with a hive."""
    bare = path.strip().strip("\"'")
    for prefix in _BEFORE_HIVE:
        if bare[: len(prefix)].casefold() == prefix:
            bare = bare[len(prefix) :]
    hive, slash, rest = bare.partition("\\")
    name = hive.removesuffix(":").upper()
    short = _HIVES.get(name, name if name in _SHORT else None)
    if short is None or not slash:
        return None
    return f"{short}\\{rest.strip(chr(92))}" if rest.strip("\\") else None


# --- .reg files ---------------------------------------------------------------------------------------------------


def _exported(lines: list[str]) -> list[_Item]:
    """The items of ``[key]`` sections. Keys without values count below an export's header line only."""
    items: list[_Item] = []
    key: str | None = None
    key_line = 0
    wide = True
    headed = False
    index = 0
    while index < len(lines):
        line = lines[index].strip()
        index += 1
        if line.casefold().startswith(_EXPORT_HEADS):
            headed, key, wide = True, None, not line.casefold().startswith("regedit4")
        elif line.startswith("[") and line.endswith("]"):
            deleted = line.startswith("[-")
            key, key_line = _key(line[2 if deleted else 1 : -1]), index - 1
            if key is not None and deleted:
                items.append(_Item(key, key_line, "@", "deleted", None, key_line))
                key = None
            elif key is not None and headed:
                items.append(_Item(key, key_line, None, "", None, key_line))
        elif key is not None and line.startswith(('"', "@")):
            start = index - 1
            data, index = _continued(lines, start)
            named = _assignment(data)
            if named is not None:
                kind, value = _export_value(named[1], wide)
                items.append(_Item(key, key_line, named[0], kind, value, start))
    return items


def _continued(lines: list[str], start: int) -> tuple[str, int]:
    """The assignment at ``start`` with the lines that its hex data goes on over, and the index behind it."""
    parts = [lines[start].strip()]
    index = start + 1
    if _HEX.search(parts[0]) is None:
        return parts[0], index
    while parts[-1].endswith("\\") and index < len(lines):
        parts[-1] = parts[-1][:-1]
        parts.append(lines[index].strip())
        index += 1
    return "".join(parts), index


def _assignment(line: str) -> tuple[str, str] | None:
    """``"Name"=data`` or ``@=data`` to name and data."""
    if line.startswith("@"):
        name, rest = "@", line[1:]
    else:
        end = _closing_quote(line, 1)
        if end is None:
            return None
        name, rest = _unescaped(line[1:end]), line[end + 1 :]
    rest = rest.lstrip()
    return (name, rest[1:].strip()) if rest.startswith("=") else None


def _closing_quote(line: str, start: int) -> int | None:
    at = start
    while at < len(line):
        if line[at] == "\\":
            at += 2
        elif line[at] == '"':
            return at
        else:
            at += 1
    return None


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _export_value(data: str, wide: bool) -> tuple[str, Value]:
    """The type and value of the right side of an assignment. ``wide``: hex strings are UTF-16 (version 5)."""
    if data.startswith("-"):
        return "deleted", None
    if data.startswith('"'):
        end = _closing_quote(data, 1)
        return "sz", _unescaped(data[1:end])  # without its closing quote a torn value still says what it says
    if data[:6].casefold() == "dword:":
        try:
            return "dword", int(data[6:].strip()[:8], 16)
        except ValueError:
            return "dword", data[6:].strip()
    match = _HEX.match(data)
    if match is None:
        return "unknown", data
    kind = _HEX_TYPES.get((match[1] or "").casefold(), f"hex({match[1]})")
    digits = re.sub(r"[^0-9a-f]", "", data[match.end() :].casefold())
    raw = bytes.fromhex(digits[: len(digits) & ~1])
    return kind, _hex_value(kind, raw, wide)


def _hex_value(kind: str, raw: bytes, wide: bool) -> Value:
    if kind in ("dword", "qword"):
        return int.from_bytes(raw[:8], "little")
    if kind == "dword_big_endian":
        return int.from_bytes(raw[:4], "big")
    if kind in ("sz", "expand_sz", "multi_sz"):
        text = raw.decode("utf-16-le" if wide else "cp932", "replace")
        return [part for part in text.split("\0") if part] if kind == "multi_sz" else text.partition("\0")[0]
    return raw.hex()


# --- reg query ----------------------------------------------------------------------------------------------------


def _queried(lines: list[str]) -> list[_Item]:
    """The items of ``reg query`` answers: key lines at the margin, values indented under them."""
    items: list[_Item] = []
    bare: list[_Item] = []  # keys seen without values, kept when something near proves a real answer
    key: str | None = None
    key_line = 0
    proven = False
    asked: tuple[str, str, int] | None = None
    for index, line in enumerate(lines):
        value = _query_value(line) if key is not None else None
        if value is not None and key is not None:
            items += bare
            bare, proven = [], True
            items.append(_Item(key, key_line, value[0], value[1], value[2], index))
            continue
        if not line.strip():
            continue
        command = _QUERY_COMMAND.search(line)
        found = None if command else _key_line(line)
        if found is not None:
            key, key_line = found, index
            (items if proven else bare).append(_Item(found, index, None, "", None, index))
            continue
        key, bare, proven = None, [], command is not None
        if command is not None:
            asked = _asked(command, index)
        elif asked is not None and any(word in line.casefold() for word in _ABSENT):
            text = f"{lines[asked[2]].rstrip()}\n{line.rstrip()}"
            items.append(_Item(asked[0], asked[2], asked[1], "absent", None, asked[2], text))
            asked = None
    return items


def _key_line(line: str) -> str | None:
    """The key of a line that holds nothing else. ``reg query`` always prints the long name of the hive."""
    stripped = line.strip()
    return _key(stripped) if stripped.startswith("HKEY_") and len(line) - len(line.lstrip()) < 4 else None


def _query_value(line: str) -> tuple[str, str, Value] | None:
    """``    Name    REG_DWORD    0x1`` to ("Name", "dword", 1)."""
    if not line[:1].isspace():
        return None
    match = _QUERY_TYPE.search(line)
    if match is None:
        return None
    name = line[: match.start()]
    if not name.strip() or not name.endswith(("  ", "\t")):
        return None
    kind = match[1].casefold()
    return _name(name.strip()), kind, _query_data(kind, line[match.end() :].strip())


def _query_data(kind: str, data: str) -> Value:
    if kind.startswith(("dword", "qword")):
        try:
            return int(data.split(" ", 1)[0], 0)
        except ValueError:
            return data
    if kind == "multi_sz":
        return [part for part in data.split("\\0") if part]
    return data


def _name(name: str) -> str:
    return "@" if name.casefold() in _DEFAULT_NAMES else name


def _asked(command: re.Match[str], line: int) -> tuple[str, str, int] | None:
    """Key and value name that a ``reg query … /v Name`` asks for; only with a name does "not found" say something."""
    key = _key(command[1] or command[2])
    name = _QUERY_NAME.search(command[3][:1000])
    return (key, _name(name[1] or name[2]), line) if key is not None and name is not None else None


# --- Get-ItemProperty ---------------------------------------------------------------------------------------------


def _provider(lines: list[str]) -> list[_Item]:
    """The items of property lists that name their key in ``PSPath``."""
    items: list[_Item] = []
    done = 0
    for index, line in enumerate(lines):
        label, colon, _ = line.partition(":")
        if index >= done and colon and label.strip() == "PSPath" and "registry::" in line.casefold():
            first, done = _block(lines, index, done)
            items += _property_list(lines[first:done], first, line.index(":"))
    return items


def _block(lines: list[str], at: int, floor: int) -> tuple[int, int]:
    """The range of the lines around ``at`` that have their colon in the same column; not above ``floor``."""
    column = lines[at].index(":")
    first, end = at, at + 1
    while first > floor and _in_block(lines[first - 1], column):
        first -= 1
    while end < len(lines) and _in_block(lines[end], column):
        end += 1
    return first, end


def _property_list(block: list[str], first: int, column: int) -> list[_Item]:
    """The values of a ``Name : value`` block; the console breaks a long value and indents the rest."""
    names: list[tuple[str, int]] = []
    texts: list[list[str]] = []
    for index, line in enumerate(block):
        if line[column] == ":" and line[:column].strip():
            names.append((line[:column].strip(), first + index))
            texts.append([line[column + 2 :]])
        elif texts:
            texts[-1].append(line[column + 2 :])
    pairs = [(name, "".join(parts).strip(), at) for (name, at), parts in zip(names, texts, strict=True)]
    path, path_line = next(((text, at) for name, text, at in pairs if name == "PSPath"), ("", first))
    key = _key(path)
    if key is None:
        return []
    items = [_Item(key, path_line, None, "", None, path_line)]
    for name, text, at in pairs:
        if name.casefold() not in _PROVIDER_NAMES:
            kind, value = _property(text)
            items.append(_Item(key, path_line, _name(name), kind, value, at))
    return items


def _in_block(line: str, column: int) -> bool:
    if len(line) <= column or not line.strip():
        return False
    return line[column] == ":" or not line[: column + 2].strip()


def _property(text: str) -> tuple[str, Value]:
    """PowerShell prints no types: digits are taken for a number, braces for a list."""
    if _INTEGER.fullmatch(text):
        return "number", int(text)
    if text.startswith("{") and text.endswith("}") and not re.fullmatch(r"\{[0-9A-Fa-f-]{36}\}", text):
        return "list", [part.strip() for part in text[1:-1].split(",") if part.strip()]
    return "string", text
