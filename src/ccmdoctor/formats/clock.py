"""Times as the writers of logs put them, and what can honestly be said about their zone.

The suffix of a CMTrace time is a Windows bias in minutes: UTC = local + bias. Proof: thousands of public
``CCM_CcmHttp_Status`` records state their own UTC, and all agree with this sign. Only the native client
(``file="source.cpp:123"``) is known to use it; scripts write the opposite sign, .NET parts write none.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from ccmdoctor.model import Instant, Zone

_TIME = re.compile(r"\s*(\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.:,](\d{1,7}))?\s*(.*)$", re.DOTALL)
_BIAS = re.compile(r"[+-]\d{1,4}$")
_DATE = re.compile(r"\s*(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})\s*$")
_NATIVE = re.compile(r"\.(?:cpp|cxx|c|h|hpp|inl)(?::\d+)?$", re.IGNORECASE)
_LONGEST_BIAS = 14 * 60
_FIRST_YEAR, _LAST_YEAR = 1970, 9998  # a file time of zero is no time, and the calendar of Python has an end
_LONGEST_SPAN = timedelta(days=36_525)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AMPM = re.compile(r"\b(AM|PM)\b|午前|午後", re.IGNORECASE)


@lru_cache(maxsize=1024)
def is_native(source: str) -> bool:
    """Whether ``file="..."`` of a record names a C++ source of the native client."""
    return _NATIVE.search(source) is not None


@lru_cache(maxsize=256)
def _day(date: str) -> tuple[int, int, int] | None:
    """Year, month, day of ``MM-dd-yyyy`` (ConfigMgr's own), ``yyyy-MM-dd``, or ``dd-MM-yyyy`` where only that fits."""
    found = _DATE.match(date)
    if not found:
        return None
    first, second, third = (int(part) for part in found.groups())
    if first > 31:
        return first, second, third
    if third < 1000:
        return None
    return (third, second, first) if first > 12 else (third, first, second)


def _local(day: tuple[int, int, int], hour: str, minute: str, second: str, fraction: str | None) -> datetime | None:
    # Scripts print .Millisecond unpadded: ".5" is 5 ms. Three digits and fewer are a count of milliseconds.
    micro = 0
    if fraction:
        micro = int(fraction) * 1000 if len(fraction) <= 3 else int(fraction[:6].ljust(6, "0"))
    try:
        return plausible(datetime(*day, int(hour), int(minute), int(second), micro))
    except ValueError:
        return None


def cmtrace_instant(time: str, date: str, source: str) -> Instant | None:
    """The instant of ``time="10:02:03.412-540" date="03-25-2025"``; None when it is not a time at all.

    The zone is proven only for the native client with a well-formed bias; every other tail leaves it unknown.
    """
    found, day = _TIME.match(time), _day(date)
    if not found or not day:
        return None
    hour, minute, second, fraction, tail = found.groups()
    local = _local(day, hour, minute, second, fraction)
    if local is None:
        return None
    written = f"{date} {time}"
    if _BIAS.match(tail) and abs(int(tail)) <= _LONGEST_BIAS and is_native(source):
        return Instant(written, local, int(tail), Zone.PROVEN)
    return Instant(written, local)


def local_instant(date: str, time: str, written: str) -> Instant | None:
    """A local time without a zone (WindowsUpdate.log, CBS.log)."""
    found, day = _TIME.match(time), _day(date)
    local = _local(day, *found.groups()[:4]) if found and day else None
    return Instant(written, local) if local else None


def offset_instant(date: str, time: str, offset: str, written: str) -> Instant | None:
    """A local time with an ISO offset such as ``+0900``, east positive (ReportingEvents.log)."""
    plain = local_instant(date, time, written)
    digits = offset.replace(":", "")
    if plain is None or not re.fullmatch(r"[+-]\d{4}", digits):
        return plain
    minutes = int(digits[1:3]) * 60 + int(digits[3:])
    if minutes > _LONGEST_BIAS:
        return plain
    return Instant(written, plain.local, minutes if digits[0] == "-" else -minutes, Zone.PROVEN)


def viewer_instant(text: str) -> Instant | None:
    """A time as CMTrace shows and copies it, in the date order of whoever copied: ``3/25/2025 10:02:03 AM``.

    None where day and month cannot be told apart: a time is never invented.
    """
    parts = re.match(r"\s*(\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4})\s+(?:午前|午後)?\s*(\d{1,2}:\d{2}:\d{2}(?:\.\d+)?)", text)
    if not parts:
        return None
    date, time = parts.groups()
    numbers = [int(part) for part in re.split(r"[-/.]", date)]
    half = _AMPM.search(text)
    if numbers[0] <= 12 and numbers[1] <= 12 and not (half and half.group(1)) and numbers[0] != numbers[1]:
        return None
    plain = local_instant(date, time, text.strip())
    if plain is None or not half:
        return plain
    late = half.group() in ("午後",) or half.group().upper() == "PM"
    hour = plain.local.hour % 12 + (12 if late else 0)
    return Instant(plain.as_written, plain.local.replace(hour=hour))


def mof_instant(text: str) -> Instant | None:
    """A WMI date such as ``20250325010203.412000+000``: local time and minutes east of UTC."""
    found = re.match(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d{1,6}))?([+-]\d{3}|\*{3}|[+-]\*{3})?", text.strip())
    if not found:
        return None
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    local = _local((int(year), int(month), int(day)), hour, minute, second, (fraction or "0").ljust(6, "0"))
    if local is None:
        return None
    if offset and "*" not in offset and abs(int(offset)) <= _LONGEST_BIAS:
        return Instant(text, local, -int(offset), Zone.PROVEN)
    return Instant(text, local)


def plausible(at: datetime | None) -> datetime | None:
    """A time with which one can calculate: None at the ends of the calendar, where only noise and "never" lie."""
    return at if at and _FIRST_YEAR <= at.year <= _LAST_YEAR else None


def since_1970(milliseconds: int) -> datetime | None:
    """The instant in UTC (aware) of a count of milliseconds, as JSON of Windows writes it; None beyond the calendar."""
    try:
        return plausible(_EPOCH + timedelta(milliseconds=milliseconds))
    except OverflowError:
        return None


def span_of(**units: int) -> timedelta:
    """A length of time from counts of its units (weeks to seconds), at most a hundred years: noise has no end."""
    try:
        return min(timedelta(**units), _LONGEST_SPAN)
    except OverflowError:
        return _LONGEST_SPAN


def minutes_between(earlier: datetime, later: datetime) -> float:
    """Minutes from one instant to another."""
    return (later - earlier) / timedelta(minutes=1)
