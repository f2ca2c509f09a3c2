"""Where artifacts come from. A new way in is one module here with ``detect(address)``.

A source yields artifacts in a stable order and says of each one that it cannot give why not.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from functools import cache
from types import ModuleType

from ccmdoctor.model import InputError
from ccmdoctor.sources.artifact import Artifact, Source, Unread

__all__ = ["Artifact", "Source", "Unread", "open_source"]


@cache
def _ways_in() -> tuple[ModuleType, ...]:
    found = (importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    return tuple(sorted((way for way in found if hasattr(way, "detect")), key=lambda way: way.ORDER))


def open_source(addresses: Sequence[str]) -> list[Source]:
    """One source for each address. Raises InputError when an address is none that any module knows."""
    sources: list[Source] = []
    for address in addresses:
        source = next((made for way in _ways_in() if (made := way.detect(address)) is not None), None)
        if source is None:
            raise InputError("source-not-found", source=address)
        sources.append(source)
    return sources
