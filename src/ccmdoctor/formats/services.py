"""Windows services as ``sc query``, ``sc qc`` and ``Get-Service`` print them.

::

    SERVICE_NAME: MpsSvc
            STATE              : 1  STOPPED
            START_TYPE         : 4   DISABLED

    Status   Name               DisplayName
    ------   ----               -----------
    Stopped  MpsSvc             Windows Defender Firewall

    Name      : BITS
    Status    : Running
    StartType : Manual

``sc`` keeps its labels and words English on every Windows, and so do the names of PowerShell's properties. States
have kind ``service``, the service's name in lower case, and the values ``state`` and ``start`` (either may be missing).
"""

from __future__ import annotations

import re
from typing import Any

from ccmdoctor.model import Place, State

MARKERS: tuple[str, ...] = ("service_name", "displayname", "starttype", "startmode", "get-service", "start_type")

_SC_NAME = re.compile(r"^\s*SERVICE_NAME\s*:\s*(\S+)\s*$")
_SC_STATE = re.compile(r"^\s*STATE\s*:\s*\d+\s+([A-Z_]+)")
_SC_START = re.compile(r"^\s*START_TYPE\s*:\s*(\d+)\s+([A-Z_]+)")
_PROPERTY = re.compile(r"^\s*(Name|Status|State|StartType|StartMode)\s*:\s*(\S+)\s*$")
_STATES = {
    "running": "running", "stopped": "stopped", "start_pending": "starting", "startpending": "starting",
    "stop_pending": "stopping", "stoppending": "stopping", "paused": "paused",
}  # fmt: skip
_STARTS = {
    "auto_start": "automatic", "automatic": "automatic", "auto": "automatic", "automaticdelayedstart": "automatic",
    "demand_start": "manual", "manual": "manual", "disabled": "disabled",
}  # fmt: skip
_COLUMNS = {"name": "name", "status": "state", "state": "state", "starttype": "start", "startmode": "start"}


def read(text: str, file: str) -> list[State]:
    """Every service with a state or a start type."""
    lines = text.removeprefix("\ufeff").splitlines()
    return [*_from_sc(lines, file), *_from_tables(lines, file), *_from_lists(lines, file)]


def _service(name: str, values: dict[str, Any], place: Place, text: str) -> State | None:
    state = _STATES.get(str(values.get("state") or "").lower())
    start = _STARTS.get(str(values.get("start") or "").lower())
    if state is None and start is None:
        return None
    known = {key: value for key, value in (("state", state), ("start", start)) if value is not None}
    return State("service", name.lower(), known, place, text.strip())


def _from_sc(lines: list[str], file: str) -> list[State]:
    found: list[State] = []
    name = ""
    for number, line in enumerate(lines, 1):
        if named := _SC_NAME.match(line):
            name = named[1]
        elif name:
            state, start = _SC_STATE.match(line), _SC_START.match(line)
            values = {"state": state[1]} if state else {"start": start[2]} if start else {}
            one = _service(name, values, Place(file, number), f"{name}: {line.strip()}") if values else None
            found += [one] if one else []
    return found


def _from_tables(lines: list[str], file: str) -> list[State]:
    found: list[State] = []
    index = 1
    while index < len(lines):
        if set(lines[index].strip()) != {"-", " "} or not lines[index - 1].strip():
            index += 1
            continue
        columns = _columns(lines[index - 1], lines[index])
        index += 1
        while index < len(lines) and lines[index].strip():
            row = {key: lines[index][start:stop].strip() for key, start, stop in columns}
            if row.get("name"):
                one = _service(row["name"], row, Place(file, index + 1), lines[index])
                found += [one] if one else []
            index += 1
    return found


def _columns(head: str, ruler: str) -> list[tuple[str, int, int]]:
    """(key, start, stop) of the known columns, when the table is one of services."""
    starts = [found.start() for found in re.finditer(r"-+", ruler)]
    stops = [*starts[1:], 10_000]
    named = [
        (_COLUMNS.get(head[start:stop].strip().lower(), ""), start, stop)
        for start, stop in zip(starts, stops, strict=True)
    ]
    known = [one for one in named if one[0]]
    keys = {key for key, _, _ in known}
    return known if "name" in keys and keys & {"state", "start"} else []


def _from_lists(lines: list[str], file: str) -> list[State]:
    """One state for each line that tells something, so that the line itself is what is quoted."""
    found: list[State] = []
    told: dict[str, tuple[str, int, str]] = {}
    for number, line in enumerate([*lines, ""], 1):
        field = _PROPERTY.match(line)
        if field:
            key = _COLUMNS[field[1].lower()]
            told = {} if key in told else told
            told[key] = (field[2], number, line)
        elif not line.strip():
            name = told.pop("name", ("", 0, ""))[0]
            for key, (value, at, text) in told.items() if name else ():
                one = _service(name, {key: value}, Place(file, at), f"{name}: {text.strip()}")
                found += [one] if one else []
            told = {}
    return found
