"""``collected.json``: what Collect-CcmEvidence.ps1 says of its own work, beside what it took.

::

    {
        "schema":  "ccmdoctor.collected/1",
        "collected":  "2025-03-25T01:02:03.0000000Z",
        "computer":  "PC0123",
        "bias":  -540,
        "steps":  [
                      {"id":  "gpresult-html", "to":  "policy/gpresult.html", "state":  "timeout", "seconds":  185}
                  ]
    }

``collected`` is UTC, ``bias`` the Windows bias of the client in minutes (UTC = local + bias). Windows PowerShell may
write a list as ``{"value": [...], "Count": n}``. Nothing in the file is trusted.

Kinds: ``collection`` (the moment, in ``when``), ``client`` (the computer), ``collection-step`` for every step that
brought less than it should: its name is the file that is missing, its ``note`` a key of [coverage] in the words files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from ccmdoctor.formats.text import json_object
from ccmdoctor.model import Coverage, Instant, Place, State, Zone

MARKERS: tuple[str, ...] = ("ccmdoctor.collected/1",)

NAME = "collected.json"
_SCHEMA = "ccmdoctor.collected/1"
_NOTES = {"absent": "step-absent", "failed": "step-failed", "timeout": "step-timeout", "skipped": "step-skipped"}
_LONGEST_BIAS = 14 * 60
_MOST_STEPS = 1_000
_SHOWN = 300


def read(text: str, file: str) -> list[State]:
    """The moment, the computer, and what is missing or was cut; nothing for a file that is not of the collector."""
    found = json_object(text, _SCHEMA)
    if found is None:
        return []
    lines = text.splitlines()
    name = found.get("computer")
    computer = name if isinstance(name, str) else ""
    at, line = _line(lines, '"collected"')
    script = str(found.get("script", ""))[:_SHOWN]
    states = [State("collection", computer, {"script": script}, Place(file, at), line, _moment(found))]
    if computer:
        at, line = _line(lines, '"computer"')
        states.append(State("client", computer, {"name": computer, "domain": None}, Place(file, at), line))
    folder = file.removesuffix(NAME)
    for step in _list(found.get("steps"))[:_MOST_STEPS]:
        if isinstance(step, dict):
            at, _ = _line(lines, f'"{step.get("id")}"')
            states.extend(_step(step, folder, Place(file, at)))
    return states


def coverage(states: Iterable[State]) -> Iterator[Coverage]:
    """A line of coverage for everything that the collector could not or did not take."""
    for state in states:
        if state.kind == "collection-step":
            kind = "skipped" if state.values["note"] in ("step-absent", "step-skipped", "step-cut") else "unreadable"
            yield Coverage(state.name, kind, note=state.values["note"])


def moments(states: Iterable[State]) -> list[Instant]:
    """When the collectors ran, each with the bias of its client."""
    return [state.when for state in states if state.kind == "collection" and state.when]


def _moment(found: dict[str, Any]) -> Instant | None:
    written, bias = found.get("collected"), found.get("bias")
    if not isinstance(written, str) or not isinstance(bias, int) or abs(bias) > _LONGEST_BIAS:
        return None
    try:
        at = datetime.fromisoformat(written)
        local = at.astimezone(UTC).replace(tzinfo=None) - timedelta(minutes=bias) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None
    return Instant(written, local, bias, Zone.PROVEN) if local else None


def _step(step: dict[str, Any], folder: str, place: Place) -> Iterator[State]:
    to, id = str(step.get("to", ""))[:_SHOWN], str(step.get("id", ""))[:_SHOWN]
    error = str(step.get("error") or "")[:_SHOWN]
    note = _NOTES.get(str(step.get("state")))
    # a class of WMI that could not be asked has its own file, which says so
    if note and not (note == "step-failed" and _list(step.get("files"))):
        yield State("collection-step", folder + to, {"id": id, "note": note, "error": error}, place, f"{id}: {error}")
    for key, short in (("cut", "step-cut"), ("failed", "step-failed")):
        for one in _list(step.get(key)):
            if isinstance(one, dict):
                part, why = str(one.get("file", ""))[:_SHOWN], str(one.get("error") or one.get("bytes") or "")[:_SHOWN]
                values = {"id": id, "note": short, "error": why}
                yield State("collection-step", f"{folder}{to}/{part}", values, place, f"{part}: {why}")


def _list(value: Any) -> list[Any]:
    if isinstance(value, dict):
        value = value.get("value", [value])
    return value if isinstance(value, list) else [] if value is None else [value]


def _line(lines: list[str], word: str) -> tuple[int, str]:
    """Number and text of the first line with the word; the first line when there is none."""
    for number, line in enumerate(lines, 1):
        if word in line:
            return number, line.strip()[:_SHOWN]
    return 1, word
