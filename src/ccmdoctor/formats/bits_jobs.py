"""The transfer jobs of BITS as ``bitsadmin /list /allusers /verbose`` prints them.

::

    GUID: {482FCAF0-74BF-469B-8929-5CCD028C9499} DISPLAY: 'CCMDTS Job'
    TYPE: DOWNLOAD STATE: TRANSIENT_ERROR OWNER: NT AUTHORITY\\SYSTEM
    PRIORITY: LOW FILES: 0 / 1 BYTES: 0 / UNKNOWN
    ERROR FILE:    http://dp.contoso.com/SMS_DP_SMSPKG$/... -> C:\\Windows\\ccmcache\\1\\x.cab
    ERROR CODE:    0x80200010 - There are currently no active network connections. ...
    JOB FILES:
        0 / UNKNOWN WORKING http://dp.contoso.com/SMS_DP_SMSPKG$/... -> C:\\Windows\\ccmcache\\1\\x.cab

The labels are English on every Windows; only the explanation behind a code is translated, so it is not read.
People often paste the lines of the error alone: they make a job without an id.
Source: https://learn.microsoft.com/windows-server/administration/windows-commands/bitsadmin-examples
"""

from __future__ import annotations

import re
from typing import Any

from ccmdoctor.model import Place, State

MARKERS: tuple[str, ...] = ("error context:", "error code:", "notification flags:")

_START = re.compile(r"^\s*GUID:\s*(\{[0-9A-Fa-f-]{36}\})\s+DISPLAY:(.*)")
_STATE = re.compile(r"^\s*TYPE:\s*\S+\s+STATE:\s*(\w+)\s+OWNER:(.*)")
_PRIORITY = re.compile(r"^\s*PRIORITY:\s*(\w+)\s+FILES:\s*\d+ / \d+\s+BYTES:\s*(\d{1,18}) / (\w+)")
_ERROR_FILE = re.compile(r"^\s*ERROR FILE:\s*(\S+)\s+->\s(.*)")
_ERROR_CODE = re.compile(r"^\s*ERROR CODE:\s*(0x[0-9A-Fa-f]{8})(?:\s|$)")
_CONTEXT = re.compile(r"^\s*ERROR CONTEXT:\s*0x0*\d{1,2}\b")
_FILE = re.compile(r"^\s*\d+ / \w+\s+(?:WORKING|COMPLETED)\s+(https?://\S+)\s+->\s")


def read(text: str, file: str) -> list[State]:
    """Every job as a state of kind ``bits-job``; values ``display``, ``state``, ``url``, ``error`` (hex) and more."""
    jobs: list[_Job] = []
    current: _Job | None = None
    lines = text.removeprefix("\ufeff").splitlines()
    for number, line in enumerate(lines, 1):
        if started := _START.match(line):
            current = _Job(started[1], number, line, display=started[2].strip().strip("'"))
            jobs.append(current)
        elif code := _ERROR_CODE.match(line):
            if (current is None or current.code) and _is_of_bits(lines, number):
                current = _Job("", number, line)
                jobs.append(current)
            if current is not None:
                current.code, current.line, current.text = code[1], number, line
        elif current is not None:
            current.take(line)
    return [job.as_state(file) for job in jobs]


def _is_of_bits(lines: list[str], number: int) -> bool:
    """An error line alone is of bitsadmin when its context stands right behind it."""
    return any(_CONTEXT.match(line) for line in lines[number : number + 3])


class _Job:
    """One job while its lines are read; the line to quote is that of its error, where it has one."""

    def __init__(self, id: str, line: int, text: str, display: str = "") -> None:
        self.id, self.line, self.text = id, line, text
        self.values: dict[str, Any] = {"display": display}
        self.code: str | None = None

    def take(self, line: str) -> None:
        if state := _STATE.match(line):
            self.values |= {"state": state[1].upper(), "owner": state[2].strip()}
        elif priority := _PRIORITY.match(line):
            self.values |= {"priority": priority[1].upper(), "bytes": int(priority[2]), "total": priority[3]}
        elif failed := _ERROR_FILE.match(line):
            self.values |= {"url": failed[1], "path": failed[2].strip()}
        elif listed := _FILE.match(line):
            self.values.setdefault("url", listed[1])

    def as_state(self, file: str) -> State:
        values = {**self.values, "error": self.code}
        return State("bits-job", self.id, values, Place(file, self.line), self.text.strip())
