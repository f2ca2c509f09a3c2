"""What is collected from a client, and the script that collects it.

``manifest.toml`` is the single truth; ``Collect-CcmEvidence.ps1`` is written from it and ``template.ps1``.
Nothing here reads evidence: that every entry is read, and every evidence collected, is a matter of the tests.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import tomli

FOLDER = Path(__file__).parent
SCRIPT = FOLDER / "Collect-CcmEvidence.ps1"
_PACKING = 120  # seconds to write 200 MB into the zip, with room


@cache
def manifest() -> dict[str, Any]:
    """``limits``, ``privacy``, ``entries`` by id in order of priority, ``not_collected``; shared, so read-only."""
    return tomli.loads((FOLDER / "manifest.toml").read_text(encoding="utf-8"))


def longest() -> int:
    """Seconds after which the script cannot be running any more: its limit, the step begun last, the packing."""
    limits = manifest()["limits"]
    steps = (int(entry.get("seconds", limits["seconds"])) for entry in manifest()["entries"].values())
    return int(limits["all_seconds"]) + max(steps) + _PACKING


def script() -> str:
    """The PowerShell script, plain ASCII, ready to run on a client."""
    return SCRIPT.read_text(encoding="ascii")
