"""Values of properties: numbers, truth, lists, texts; and the properties that PowerShell adds to every object."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Any

_GUID = re.compile(r"\{[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,17})")
_TEXT_PROPERTIES = frozenset(
    {"article", "bulletin", "title", "name", "displayname", "description", "schedules", "sitecode", "text"}
)
_TEXT_ENDINGS = ("id", "ids", "name")
_SYSTEM_NAMES = frozenset(
    {
        "psshowcomputername",
        "psobject",
        "pstypenames",
        "runspaceid",
        "cimclass",
        "ciminstanceproperties",
        "cimsystemproperties",
    }
)
_COMPUTER_NAMES = ("__server", "pscomputername")  # added as well, but which computer answered is worth knowing
_MANAGEMENT_NAMES = frozenset(  # what Get-WmiObject's own object adds to the properties of the class
    {"scope", "path", "options", "classpath", "properties", "systemproperties", "qualifiers", "site", "container"}
)

Values = dict[str, Any]


def values_of(pairs: Iterable[tuple[str, str]]) -> Values:
    """Properties by lower-case name, without those that PowerShell adds to every object but the computer."""
    named = [(name.casefold(), value) for name, value in pairs]
    beside = {name for name, _ in named}
    return {name: _value(name, value) for name, value in named if is_kept(name, value, beside)}


def is_kept(name: str, value: Any, beside: Collection[str]) -> bool:
    """Whether a property (in lower case) is one of the object's own, or names the computer that it is of."""
    return bool(str(value or "").strip()) if name in _COMPUTER_NAMES else not is_system(name, beside)


def is_system(name: str, beside: Collection[str]) -> bool:
    """Whether PowerShell or WMI adds a property (in lower case) to every object; ``beside`` are the others."""
    if name.startswith("__") or name in _SYSTEM_NAMES:
        return True
    return name in _MANAGEMENT_NAMES and "classpath" in beside


def _value(name: str, text: str) -> str | int | bool | list[str] | None:
    """The value of a printed property: bool, number, list or text; ids stay text."""
    word = text.strip()
    if not word:
        return None
    if word.casefold() in ("true", "false"):
        return word.casefold() == "true"
    if word.startswith("{") and word.endswith("}") and not _GUID.fullmatch(word):
        return [item.strip() for item in word[1:-1].split(",") if item.strip() not in ("", "...", "…")]
    if _NUMBER.fullmatch(word) and not is_text(name):
        return int(word)
    return word


def is_text(name: str) -> bool:
    """Whether a property stays text although its value looks like a number."""
    return name.endswith(_TEXT_ENDINGS) or name in _TEXT_PROPERTIES
