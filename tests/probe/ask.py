"""The command as a user types it, and what the tests read out of its answer."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from ccmdoctor.cli import main

SECONDS = "1.5"
DOCS = Path(__file__).parent.parent.parent / "docs"
Told = dict[str, Any]
_ROW = re.compile(r"^\| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
_ID = re.compile(r"`([a-z]+-[a-z0-9-]+)`")


@cache
def table(page: str = "probe.md") -> dict[str, tuple[list[str], list[str]]]:
    """The table of the documentation: a fault, and the causes that it has at a management and at an update point."""
    text = (DOCS / page).read_text(encoding="utf-8")
    rows = _ROW.findall(text[text.index("| HTTP 401") :])
    return {fault: (_ID.findall(mp), _ID.findall(sup)) for fault, mp, sup in rows}


def wanted(fault: str) -> tuple[str, str]:
    """The first cause at either server in the row whose fault begins so; "" where the row names none."""
    (row,) = [causes for name, causes in table().items() if name.startswith(fault)]
    return (row[0] or [""])[0], (row[1] or [""])[0]


def probe(*arguments: object, code: int | None = None, timeout: str = SECONDS) -> Told:
    done = CliRunner().invoke(
        main, ["probe", *map(str, arguments), "--timeout", timeout, "--format", "json", "--lang", "en"]
    )
    assert done.exit_code in (0, 1, 3), done.output
    assert code is None or done.exit_code == code, done.stdout
    found: Told = json.loads(done.stdout)
    assert found["schema"] == "ccmdoctor.diagnosis/1" and found["troubles"] == []
    return found


def causes(found: Told) -> dict[str, str]:
    return {cause["id"]: cause["verdict"] for cause in found["causes"]}


def first(found: Told) -> str:
    return str(found["causes"][0]["id"]) if found["causes"] else ""


def steps(found: Told) -> dict[str, str | None]:
    return {step["step"]: step["error"] for step in found["probe_steps"]}
