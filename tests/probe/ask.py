"""The command as a user types it, and what the tests read out of its answer."""

from __future__ import annotations

import json
from typing import Any

from click.testing import CliRunner

from ccmdoctor.cli import main

SECONDS = "1.5"
Told = dict[str, Any]


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
