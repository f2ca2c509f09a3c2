"""Logs whose record is one physical line, and lines without any frame.

Each shape is recognised by the line itself, so a file may mix them, as pasted text does:

    2021/07/14 08:53:25.9281234 10980 3032  ComApi          * START *   Federated Search ClientId = CcmExec
    2014-01-20<TAB>12:18:42:694<TAB> 3856<TAB>708<TAB>COMAPI<TAB>-- START --  COMAPI: Search [ClientId = CcmExec]
    {GUID}<TAB>2025-03-25 10:02:03:412+0900<TAB>1<TAB>148 [AGENT_DETECTION_FAILED]<TAB>101<TAB>{...}
    2023-02-01 01:02:03, Info                  CBS    Exec: Processing started.
    Sync failed: WSUS server not configured.  $$<SMS_WSUS_SYNC_MANAGER><11-30-2022 01:03:34.174-60><thread=4844>
    Scan failed with error = 0x80244022.<TAB>WUAHandler<TAB>3/25/2025 10:02:03 AM<TAB>5120 (0x1400)

One record goes over several lines: an event of the client, which says its own time in UTC:

    instance of CCM_CcmHttp_Status
    {
        DateTime = "20250325010203.412000+000";
        HostName = "mp.contoso.com";
    };
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from ccmdoctor.formats.clock import cmtrace_instant, local_instant, mof_instant, offset_instant, viewer_instant
from ccmdoctor.formats.text import Data, decode
from ccmdoctor.model import Instant

_LIST_MARK = re.compile(r"^(?:[-*]|\d{1,6}\.)\s{1,4}(?=[\d{])")  # paste sites number the lines of a log
REACH = 1 << 13  # bytes looked at to either side of a hit for the ends of its line
_INSTANCE = re.compile(rb"[^\w\r\n]{0,16}instance of \w{1,100}\s{0,80}\{")
_EVENT_TIME = re.compile(
    r"\W{0,16}(?:Raising event[^{}]{0,40}?)?instance of \w{1,100}\s{0,80}\{"
    r"[^{}]*?\bDateTime\s{0,8}=\s{0,8}\"(\d{14}\.[^\"]{1,20})\""
)


class Line(NamedTuple):
    """One line taken apart."""

    text: str
    when: Instant | None = None
    component: str = ""
    thread: str = ""


def line_at(data: Data, at: int) -> tuple[int, int]:
    """Start and end of the physical line around byte ``at``, at most ``REACH`` bytes to either side.

    Where an event begins on that line, the end is that of the event.
    """
    start = max(data.rfind(b"\n", max(0, at - REACH), at), data.rfind(b"\r", max(0, at - REACH), at)) + 1
    if start == 0:
        start = max(0, at - REACH)
    end = data.find(b"\n", at, at + REACH)
    end = end if end >= 0 else min(len(data), at + REACH)
    event = _INSTANCE.match(data[start : min(len(data), start + 256)])
    if event:
        end = max(end, data.find(b"}", start + event.end(), start + REACH) + 1)
    return start, end


_UPDATE_TRACE = re.compile(
    r"(?P<date>\d{4}[/.-]\d\d[/.-]\d\d)\s+(?P<time>\d\d:\d\d:\d\d\.\d{1,7})\s+\d+\s+(?P<thread>\d+)\s+(?P<component>\S+)\s+(?P<text>.*)"
)
_UPDATE_OLD = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)\s+(?P<time>\d\d:\d\d:\d\d:\d{3})\s+[0-9A-Fa-f]+\s+"
    r"(?P<thread>[0-9A-Fa-f]+)\s+(?P<component>\S+)\s+(?P<text>.*)"
)
_REPORTING = re.compile(
    r"(?:\{[0-9A-Fa-f-]{36}\}\s+)?(?P<date>\d{4}-\d\d-\d\d) (?P<time>\d\d:\d\d:\d\d:\d{3})(?P<offset>[+-]\d{4})"
    r"\s+(?P<text>.*)"
)
_EVENT_ROW = re.compile(r"(?P<text>[^\t]*\[AGENT_[A-Z0-9_]+\]\s.*)")  # ReportingEvents.log without its first columns
_SERVICING = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d) (?P<time>\d\d:\d\d:\d\d), (?P<level>\w+)\s+(?P<component>\w+)?\s+(?P<text>.*)"
)
_OLD_SERVER = re.compile(
    r"(?P<text>.*?)~*\s*\$\$<(?P<component>[^<>]*)>"
    r"<(?P<date>\d{1,2}-\d{1,2}-\d{4}) (?P<time>[\d:.]+(?:[+-]\d{1,4})?)><thread=(?P<thread>[^>]*)>"
)
_VIEWER = re.compile(
    r"(?P<text>[^\t]*)\t+(?P<component>[A-Za-z_][\w .-]*)"
    r"(?:\t+(?P<stamp>(?=[^\t]*\d[/.-]\d)[^\t]*)(?:\t+(?P<thread>[^\t]*))?(?:\t.*)?)?\t*$"
)
_DOCUMENTED = re.compile(
    r"(?P<text>\S.*?)\s{3,}(?P<component>[A-Z][A-Za-z]{3,})\s*(?P<stamp>\d[\d/.: -]{8,}(?:[AP]M)?)?\s*$"
)


def _trace(found: re.Match[str]) -> Line:
    when = local_instant(found["date"], found["time"], f"{found['date']} {found['time']}")
    return Line(found["text"], when, found["component"], found["thread"])


def _reporting(found: re.Match[str]) -> Line:
    written = f"{found['date']} {found['time']}{found['offset']}"
    return Line(found["text"], offset_instant(found["date"], found["time"], found["offset"], written))


def _bare(found: re.Match[str]) -> Line:
    return Line(found["text"])


def _servicing(found: re.Match[str]) -> Line:
    when = local_instant(found["date"], found["time"], f"{found['date']} {found['time']}")
    return Line(found["text"], when, found["component"] or "")


def _old_server(found: re.Match[str]) -> Line:
    # Only the native site server writes this form, with the same bias as the CMTrace frame.
    when = cmtrace_instant(found["time"], found["date"], ".cpp")
    return Line(found["text"].lstrip("~"), when, found["component"], found["thread"])


def _viewer(found: re.Match[str]) -> Line:
    stamp = found["stamp"]
    thread = found["thread"] if "thread" in found.re.groupindex else ""
    return Line(
        found["text"].strip(), viewer_instant(stamp) if stamp else None, found["component"].strip(), thread or ""
    )


# A literal that the line must hold, the shape, and how to take it apart. The literal keeps loose shapes off long lines.
_SHAPES: tuple[tuple[str, re.Pattern[str], Callable[[re.Match[str]], Line]], ...] = (
    (":", _UPDATE_TRACE, _trace),
    (":", _UPDATE_OLD, _trace),
    (":", _REPORTING, _reporting),
    ("[AGENT_", _EVENT_ROW, _bare),
    (", ", _SERVICING, _servicing),
    ("$$<", _OLD_SERVER, _old_server),
    ("\t", _VIEWER, _viewer),
    ("   ", _DOCUMENTED, _viewer),
)


# The last three shapes are loose; on very long lines they would cost quadratic time for nothing.
_LOOSE = 3
_SHAPED = 4000


def read_line(raw: bytes) -> Line:
    """One physical line (or event) taken apart by the first shape that fits it, or as bare text; never raises."""
    text = decode(raw).strip("\r\n").rstrip()
    event = _EVENT_TIME.match(text) if text.endswith(("}", "};")) else None
    if event:
        return Line(text.strip(), mof_instant(event[1]))
    stripped = _LIST_MARK.sub("", text.lstrip("\ufeff >"), count=1)
    for literal, pattern, take in _SHAPES if len(stripped) <= _SHAPED else _SHAPES[:-_LOOSE]:
        found = pattern.match(stripped) if literal in stripped else None
        if found:
            return take(found)
    return Line(text.strip())
