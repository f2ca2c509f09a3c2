"""The sentences of a language: ``words.<language>.toml``. A language is complete or not offered (tested)."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import tomli

LANGUAGES = ("ja", "en")
FOLDER = Path(__file__).parent


@cache
def table(language: str) -> dict[str, Any]:
    """All words of a language, nested as in the file."""
    return tomli.loads((FOLDER / f"words.{language}.toml").read_text(encoding="utf-8"))


@cache
def words(language: str) -> Callable[..., str]:
    """A function from a dotted key and placeholder values to the sentence. It raises KeyError for an unknown key."""

    def say(key: str, **about: object) -> str:
        found: Any = table(language)
        for part in key.split("."):
            found = found[part]
        return str(found).format(**about) if about else str(found)

    return say
