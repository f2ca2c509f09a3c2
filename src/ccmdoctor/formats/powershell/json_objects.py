"""ConvertTo-Json, and the collector's instances: objects wherever they lie in a JSON value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from ccmdoctor.formats.powershell.classes import canonical, class_in_path, class_of_properties
from ccmdoctor.formats.powershell.errors import error_code
from ccmdoctor.formats.powershell.values import Values, is_kept, is_text

_MAX_DEPTH = 8


class Node(NamedTuple):
    """One object found in JSON; ``raw`` None means that the class was asked and gave nothing."""

    name: str
    raw: Values | None
    values: Values
    code: str | None = None


def walk(node: Any, hint: str | None, depth: int) -> Iterator[Node]:
    """The instances in a JSON value, wherever they lie: lists, ``{"value": []}``, ``{"CCM_X": []}`` and our collector's
    ``{"class": "CCM_X", "instances": []}``."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(node, list) or node is None:
        yield from _walk_list(node or [], hint, depth)
    elif isinstance(node, dict):
        lower = {str(key).casefold(): value for key, value in node.items()}
        name = _json_class(lower)
        if name is not None and ("instances" in lower or "error" in lower):
            yield from _walk_collected(lower, name, depth)
        elif name is not None:
            yield Node(name, node, _json_values(lower))
        elif isinstance(lower.get("value"), list) and lower.keys() <= {"value", "count", "@odata.context"}:
            yield from _walk_list(lower["value"], hint, depth)
        else:
            yield from _walk_dict(node, lower, hint, depth)


def _walk_list(items: list[Any], hint: str | None, depth: int) -> Iterator[Node]:
    if not items and hint is not None:
        yield Node(hint, None, {})
    for item in items:
        if isinstance(item, (dict, list)):
            yield from walk(item, hint, depth + 1)


def _walk_collected(lower: Values, name: str, depth: int) -> Iterator[Node]:
    code = _json_code(lower.get("error"))
    if code is not None:
        yield Node(name, lower, {}, code)
    elif "instances" in lower:
        found = lower["instances"]
        yield from _walk_list([found] if isinstance(found, dict) else found or [], name, depth)


def _walk_dict(node: Values, lower: Values, hint: str | None, depth: int) -> Iterator[Node]:
    """An object of a class that its properties or the hint tell, or a wrapper with more inside."""
    told = class_of_properties(set(lower))
    classes = {key: canonical(str(key)) for key in node}
    lists = [value for value in node.values() if isinstance(value, list) and value and isinstance(value[0], dict)]
    if any(classes[key] and isinstance(value, (dict, list)) for key, value in node.items()):
        for key, value in node.items():
            if isinstance(value, (dict, list)) or (value is None and classes[key]):
                yield from walk(value, classes[key], depth + 1)
    elif told is not None or (hint is not None and not lists):
        yield Node(told or hint or "", node, _json_values(lower))
    else:
        for value in node.values():
            if isinstance(value, (dict, list)) and value:
                yield from walk(value, hint if value in lists else None, depth + 1)


def needles(value: str) -> list[str]:
    """The ways in which a text can stand in JSON. PowerShell 5.1 also escapes quotes and angle brackets."""
    plain = json.dumps(value, ensure_ascii=False)
    escaped = json.dumps(value)
    for char in "'<>&":
        escaped = escaped.replace(char, f"\\u{ord(char):04x}")
    return [plain] if plain == escaped else [plain, escaped, json.dumps(value)]


def _json_class(lower: Values) -> str | None:
    """The class that an object names: ``CimClass``, ``CimSystemProperties``, ``__CLASS``, ``__PATH``, ``class``."""
    for key in ("__class", "cimclass", "cimsystemproperties", "__path", "path", "classname", "class"):
        value = lower.get(key)
        if isinstance(value, dict):
            inner = {str(name).casefold(): item for name, item in value.items()}
            value = inner.get("cimclassname") or inner.get("classname")
        if not isinstance(value, str):
            continue
        found = class_in_path(value) if key in ("__path", "path", "cimclass") else canonical(value.strip())
        if found is not None:
            return found
    return None


def _json_code(value: Any) -> str | None:
    """An error code given as a number or somewhere in a text."""
    if isinstance(value, int) and not isinstance(value, bool) and value:
        return f"0x{value & 0xFFFFFFFF:08x}"
    if isinstance(value, dict):
        return next((code for code in map(_json_code, value.values()) if code is not None), None)
    return error_code(value) if isinstance(value, str) and value else None


def _json_values(lower: Values) -> Values:
    """The properties of a JSON object; its own types are kept, ids become text."""
    names = set(lower)
    return {
        name: _json_value(name, value)
        for name, value in lower.items()
        if is_kept(name, value, names) and name not in ("class", "classname", "namespace")
    }


def _json_value(name: str, value: Any) -> Any:
    if isinstance(value, dict):  # ConvertTo-Json writes lists and dates as {"value": …, "Count": …}
        inner = value.get("value", value.get("Value"))
        return _json_value(name, inner) if isinstance(inner, (str, list)) else json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return [item if isinstance(item, (str, int)) else json.dumps(item, ensure_ascii=False) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e18 else str(value)
    if isinstance(value, int):
        return str(value) if is_text(name) else value
    return value or None
