"""The diagnosis as JSON, schema ``ccmdoctor.diagnosis/1``."""

from __future__ import annotations

from typing import Any

import msgspec

from ccmdoctor.model import Diagnosis


def render(diagnosis: Diagnosis) -> str:
    """Indented JSON, instants in UTC with Z."""
    try:
        raw = msgspec.json.encode(diagnosis)
    except UnicodeEncodeError:
        raw = msgspec.json.encode(writable(msgspec.to_builtins(diagnosis)))
    return msgspec.json.format(raw, indent=2).decode()


def writable(value: Any) -> Any:
    """Built-in values with half characters (an escaped ``\\ud800`` in collected JSON) as question marks."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {writable(key): writable(one) for key, one in value.items()}
    return [writable(one) for one in value] if isinstance(value, list) else value


def schema() -> dict[str, Any]:
    """The JSON Schema of what :func:`render` gives, generated from the types."""
    return msgspec.json.schema(Diagnosis)
