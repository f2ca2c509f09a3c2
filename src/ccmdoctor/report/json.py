"""The diagnosis as JSON, schema ``ccmdoctor.diagnosis/1``."""

from __future__ import annotations

from typing import Any

import msgspec

from ccmdoctor.model import Diagnosis


def render(diagnosis: Diagnosis) -> str:
    """Indented JSON, instants in UTC with Z."""
    return msgspec.json.format(msgspec.json.encode(diagnosis), indent=2).decode()


def schema() -> dict[str, Any]:
    """The JSON Schema of what :func:`render` gives, generated from the types."""
    return msgspec.json.schema(Diagnosis)
