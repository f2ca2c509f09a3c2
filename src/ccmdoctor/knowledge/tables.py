"""Loading of the TOML tables beside this module. They are parsed once, when first asked for."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import tomli

FOLDER = Path(__file__).parent


@cache
def table(name: str) -> dict[str, Any]:
    """The table ``<name>.toml``; the result is shared, so treat it as read-only."""
    return tomli.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
