"""All records of a CMTrace log as columns: where each stands, its time, thread, type and component.

For whoever wants every record and not only those around a hit. The usual record of the native client is taken apart
for a whole window of the file at once; every other one by :mod:`cmtrace`, one at a time, so that both agree by
construction on what a record is:

    <![LOG[text]LOG]!><time="10:02:03.412-540" date="03-25-2025" component="WUAHandler" context="" type="1" thread="4120" file="x.cpp:35">
"""  # noqa: E501

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ccmdoctor.formats import cmtrace
from ccmdoctor.formats.clock import is_native
from ccmdoctor.formats.text import Data, decode
from ccmdoctor.model import Instant, Zone

Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

WINDOW = 1 << 20  # bytes taken apart at a time; what is in the processor's cache is read several times for nothing
NO_TIME = np.iinfo(np.int64).min  # milliseconds of a record without a time
NO_BIAS = 10_000  # minutes; no zone is that far from UTC
_COMPONENT = re.compile(rb'component="([^"]*)"')
_NUMBER = re.compile(r"[0-9]{1,18}")
_TAIL = re.compile(rb"[+-]\d{1,4}")
_EPOCH = datetime(1970, 1, 1)
_ZEROS = np.uint64(0x3030303030303030)
_HIGH = np.uint64(0x8080808080808080)
_OVER = np.uint64(0x7676767676767676)  # carries a byte above 9 into its high bit
_MARGIN = 64  # bytes behind a window that may be looked at
_CPP = (3, 4, 2, 1, 5)  # digits of a line number in a source file, the usual first


class Block(NamedTuple):
    """Records in file order; every array has one element a record.

    ``start``, ``end``, ``text`` (first byte), ``text_end``, ``component`` (first byte), ``component_end`` are byte
    positions in the file. ``local`` is local time in milliseconds since 1970, ``bias`` minutes with UTC = local + bias
    (``NO_BIAS``: no proven zone), ``severity`` and ``thread`` -1 where there is none. A torn record has no time.
    """

    start: Ints
    end: Ints
    text: Ints
    text_end: Ints
    local: Ints
    bias: Ints
    severity: Ints
    thread: Ints
    component: Ints
    component_end: Ints

    @property
    def utc(self) -> Ints:
        """Milliseconds since 1970 in UTC; ``NO_TIME`` without a time or a proven zone."""
        known = (self.local != NO_TIME) & (self.bias != NO_BIAS)
        return np.where(known, self.local + self.bias * 60_000, NO_TIME)


def blocks(data: Data, window: int = WINDOW) -> Iterator[Block]:
    """All records of a log, a window of the file at a time. The same records as :func:`cmtrace.frames`."""
    at, size = 0, len(data)
    while at < size:
        stop = min(at + window, size)
        block, after = _window(data, at, stop)
        if block is not None:
            yield block
        at = after


def _window(data: Data, at: int, stop: int) -> tuple[Block | None, int]:
    """The records that begin from ``at`` on and are complete before ``stop``, and where to go on."""
    if stop + _MARGIN <= len(data):
        buffer = np.frombuffer(data, np.uint8, stop - at + _MARGIN, at)
    else:
        buffer = np.frombuffer(bytes(data[at:stop]) + bytes(_MARGIN), np.uint8)
    view = _View(buffer, stop - at, begins=at == 0 or data[at - 1] == ord("\n"))
    last = stop == len(data)
    opens = view.opens
    if len(opens) == 0:
        return None, stop if last else max(at + 1, stop - len(cmtrace.OPEN))
    usual = view.usual(last)
    block, after = _joined(data, view, usual, at, stop)
    return block, after


class _View:
    """One window: where records open and close, and what the usual trailer says. Positions count from its start."""

    def __init__(self, buffer: npt.NDArray[np.uint8], size: int, *, begins: bool) -> None:
        self.size = size
        self.begins = begins  # the window begins with a line
        self.bytes = buffer
        # every position as the eight bytes from there on, without a copy
        self.words: Words = np.ndarray((len(buffer) - 8,), "<u8", buffer, 0, (1,))
        angles = np.flatnonzero(buffer[:size] == ord("<"))
        first = self.words[angles]
        self.opens: Ints = angles[(first & _mask(7)) == _word(cmtrace.OPEN)]
        trailers = angles[(first & _mask(6)) == _word(b"<time=")]
        behind = trailers[trailers >= len(cmtrace.CLOSE)]
        self.closes: Ints = behind[(self.words[behind - len(cmtrace.CLOSE)] & _mask(7)) == _word(cmtrace.CLOSE)] - len(
            cmtrace.CLOSE
        )

    def usual(self, last: bool) -> tuple[Ints, Block]:
        """Index among the openers, and columns, of the records in the usual form."""
        opens, closes, size = self.opens, self.closes, self.size
        following = np.append(opens[1:], size)
        number = np.searchsorted(closes, opens)
        has = number < len(closes)
        which = np.flatnonzero(has)
        close = closes[number[which]]
        after = np.append(closes, size)[number[which] + 1]
        lines = np.flatnonzero(self.bytes[:size] == ord("\n"))
        line = np.append(lines, size)[np.searchsorted(lines, close)]
        complete = line < size if not last else np.ones(len(line), np.bool_)
        end = np.where((line < size) & (self.bytes[np.maximum(line - 1, 0)] == ord("\r")), line - 1, line)
        start = opens[which]
        good = (close < following[which]) & (after >= following[which]) & (end <= following[which]) & complete
        good &= np.where(start == 0, self.begins, self.bytes[np.maximum(start - 1, 0)] == ord("\n"))
        good &= (end - close > 100) & (end - start < cmtrace.REACH)
        which, start, close, end = (column[good] for column in (which, start, close, end))
        return self._trailers(which, start, close, end)

    def _trailers(self, which: Ints, start: Ints, close: Ints, end: Ints) -> tuple[Ints, Block]:
        words = self.words
        quotes = np.flatnonzero(self.bytes[: self.size] == ord('"'))
        if len(quotes) == 0:
            quotes = np.zeros(1, np.int64)
        time = close + 14  # behind ]LOG]!><time="
        clock, good = _shape(words[time], b"00:00:00")
        clock = clock * np.uint64(10) + (clock >> np.uint64(8))
        hour, minute, second = ((clock >> np.uint64(place)) & _mask(1) for place in (0, 24, 48))
        good &= (hour < 24) & (minute < 60) & (second < 60) & (self.bytes[close + 13] == ord('"'))
        rest = words[time + 8]
        fraction, whole = _shape(rest & _mask(4) | _word(b"\0\0\0\x000000"), b".0000000")
        tenth, hundredth, thousandth = ((fraction >> np.uint64(place)) & _mask(1) for place in (8, 16, 24))
        sign = (rest >> np.uint64(32)) & _mask(1)
        good &= whole & ((sign == ord("+")) | (sign == ord("-")))
        length = 3 - (self.bytes[time + 15] == ord('"')) - 2 * (self.bytes[time + 14] == ord('"'))
        date = time + 13 + length + 8
        good &= (words[date - 8] == _word(b'" date="')) & (words[date + 10] == _word(b'" compon'))
        bias, whole = _number(words, date - 8, length)
        good &= whole & (bias <= 14 * 60)
        days, whole = _days(words[date], words[date + 6] & _mask(4))
        good &= whole
        component = date + 10 + len(b'" component="')
        number = np.searchsorted(quotes, component)
        good &= number + 8 < len(quotes)
        at = [quotes[np.minimum(number + step, len(quotes) - 1)] for step in range(9)]
        good &= (words[at[0]] == _word(b'" contex')) & (at[1] == at[0] + 10)
        good &= (words[at[2]] == _word(b'" type="')) & (at[4] == at[3] + 2)
        good &= (words[at[4]] == _word(b'" thread')) & (words[at[6]] == _word(b'" file="'))
        good &= (at[8] == end - 2) & (self.bytes[end - 1] == ord(">"))
        kind = self.bytes[at[3] + 1].astype(np.int64) - ord("0")
        thread, whole = _number(words, at[6], at[6] - at[5] - 1)
        good &= whole & (kind >= 0) & (kind <= 9)
        seconds = (days * 24 + hour.astype(np.int64)) * 3600 + (minute * np.uint64(60) + second).astype(np.int64)
        local = seconds * 1000 + (tenth * np.uint64(100) + hundredth * np.uint64(10) + thousandth).astype(np.int64)
        bias = np.where(sign == ord("-"), -bias, bias)
        bias = np.where(self._is_native(at[7], at[8], good), bias, NO_BIAS)
        block = Block(start, end, start + 7, close, local, bias, kind, thread, component, at[0])
        return which[good], Block(*(column[good] for column in block))

    def _is_native(self, first: Ints, last: Ints, of: Bools) -> Bools:
        """Whether the source ends in ``.cpp:NNN``; other spellings of C++ are looked at one by one."""
        native = np.zeros(len(first), np.bool_)
        open_ = np.flatnonzero(of)
        for digits in _CPP:
            before = last[open_] - digits - 5
            hit = (before > first[open_]) & (self.words[np.maximum(before, 0)] & _mask(5) == _word(b".cpp:"))
            found = open_[hit]
            native[found] = _number(self.words, last[found], np.full(len(found), digits))[1]
            open_ = open_[~hit]
        for one in open_:
            native[one] = is_native(decode(self.bytes[first[one] + 1 : last[one]].tobytes()))
        return native


def _word(text: bytes) -> np.uint64:
    return np.uint64(int.from_bytes(text, "little"))


def _mask(count: int) -> np.uint64:
    return np.uint64((1 << (8 * count)) - 1)


def _shape(words: Words, like: bytes) -> tuple[Words, Bools]:
    """The eight bytes with digits as their values and zeros elsewhere, and whether they look like ``like``.

    A ``0`` stands for any digit.
    """
    plain = words ^ _word(like)
    fixed = _word(bytes(0 if one == ord("0") else 0xFF for one in like))
    return plain, ((plain & fixed) | (((plain + _OVER) | plain) & _HIGH)) == 0


def _number(words: Words, end: Ints, length: Ints) -> tuple[Ints, Bools]:
    """The decimal number of up to eight digits that ends before ``end``."""
    missing = ((8 - length).clip(0, 7) << 3).astype(np.uint64)
    digits = ((words[(end - 8).clip(0)] ^ _ZEROS) >> missing) << missing
    good = ((((digits + _OVER) | digits) & _HIGH) == 0) & (length > 0) & (length <= 8) & (end >= 8)
    # pairs, then fours, then all eight, added up within one word
    pairs = (digits * np.uint64(10) + (digits >> np.uint64(8))) & np.uint64(0x00FF00FF00FF00FF)
    fours = (pairs * np.uint64(100) + (pairs >> np.uint64(16))) & np.uint64(0x0000FFFF0000FFFF)
    whole = (fours * np.uint64(10_000) + (fours >> np.uint64(32))) & np.uint64(0xFFFFFFFF)
    return whole.astype(np.int64), good


def _days(date: Words, year: Words) -> tuple[Ints, Bools]:
    """Days since 1970 of ``MM-DD-YY`` and the four digits of the year; whether there is such a date (1970 to 2199).

    Records of one day stand together: each run of equal dates is worked out once.
    """
    if len(date) == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.bool_)
    first = np.flatnonzero(np.append(True, (date[1:] != date[:-1]) | (year[1:] != year[:-1])))
    plain, good = _shape(date[first], b"00-00-00")
    digits, whole = _shape(year[first] | _word(b"\0\0\0\x000000"), b"00000000")
    pairs = plain * np.uint64(10) + (plain >> np.uint64(8))
    month, day = (pairs & _mask(1)).astype(np.int64), ((pairs >> np.uint64(24)) & _mask(1)).astype(np.int64)
    numbers = [((digits >> np.uint64(8 * place)) & _mask(1)).astype(np.int64) for place in range(4)]
    years = numbers[0] * 1000 + numbers[1] * 100 + numbers[2] * 10 + numbers[3]
    good &= whole & (years >= 1970) & (years < 2200) & (month >= 1) & (month <= 12) & (day >= 1)
    months = np.where(good, (years - 1970) * 12 + month - 1, 0)
    begin, after = ((months + step).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) for step in (0, 1))
    good &= day <= after - begin
    length = np.diff(np.append(first, len(date)))
    return np.repeat(begin + day - 1, length), np.repeat(good, length)


def _joined(data: Data, view: _View, usual: tuple[Ints, Block], at: int, stop: int) -> tuple[Block | None, int]:
    """The usual records and the others in file order, in positions of the file, and where to go on."""
    which, block = usual
    fast = Block(
        *(column + at if name in _PLACES else column for name, column in zip(Block._fields, block, strict=True))
    )
    missing = np.ones(len(view.opens), np.bool_)
    missing[which] = False
    if not missing.any():
        return fast, int(fast.end[-1])
    rows: list[tuple[int, ...]] = []
    after = int(fast.end[-1]) if len(fast.end) else at
    covered = 0
    last = stop == len(data)
    for place in (view.opens[missing] + at).tolist():
        if place < covered or not cmtrace._opens(data, place):
            continue
        frame = cmtrace.frame_from(data, place)
        if frame.end > stop - len(cmtrace.OPEN) - 2 and not last and place > at:
            # the window may have cut what belongs to it: take it again from there
            after = place
            break
        rows.append(_row(data, frame))
        covered = frame.end
        after = max(after, frame.end)
    else:
        # no opener of this window is left, whatever became of it
        return _merged(fast, rows, len(data)), max(after, at + int(view.opens[-1]) + 1)
    return _merged(fast, rows, after), after


_PLACES = ("start", "end", "text", "text_end", "component", "component_end")


def _merged(fast: Block, rows: list[tuple[int, ...]], before: int) -> Block | None:
    slow = np.array(rows, np.int64).reshape(len(rows), len(Block._fields)).T
    columns = [np.concatenate([one, two]) for one, two in zip(fast, slow, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    order = order[columns[0][order] < before]
    # a record that was quoted inside another one is no record of its own
    reach = np.maximum.accumulate(columns[1][order]) if len(order) else columns[1][order]
    inside = np.append(False, columns[0][order][1:] < reach[:-1]) if len(order) else np.zeros(0, np.bool_)
    order = order[~inside]
    return Block(*(column[order] for column in columns)) if len(order) else None


def _row(data: Data, frame: cmtrace.Frame) -> tuple[int, ...]:
    text, trailer = frame.text, None
    if frame.trailer:
        trailer = cmtrace.read_trailer(bytes(data[frame.trailer]))
    when = trailer.when if trailer else None
    local = (when.local - _EPOCH) // timedelta(milliseconds=1) if when else NO_TIME
    bias = when.bias if when and when.bias is not None else NO_BIAS
    severity = trailer.severity if trailer and trailer.severity is not None else -1
    thread = int(trailer.thread) if trailer and _NUMBER.fullmatch(trailer.thread) else -1
    named = _COMPONENT.search(data, frame.trailer.start, frame.trailer.stop) if frame.trailer else None
    begin, finish = named.span(1) if named else (frame.end, frame.end)
    return (frame.start, frame.end, text.start, text.stop, local, bias, severity, thread, begin, finish)


def instant(data: Data, text_end: int, end: int, local: int, bias: int) -> Instant | None:
    """The time of a record whose columns are given, as :func:`cmtrace.read_trailer` reads it."""
    if local == NO_TIME:
        return None
    begins, time, then, date, *_ = (*bytes(data[text_end + 7 : text_end + 56]).split(b'"', 4), b"", b"", b"", b"")
    at = _EPOCH + timedelta(milliseconds=local)
    said = at.isoformat(" ", "milliseconds").encode("ascii")
    # a damaged trailer may state its time twice; then its reader decides which counts
    usual = (begins, then) == (b"<time=", b" date=") and (date, time[:12]) == (said[5:10] + b"-" + said[:4], said[11:])
    if not usual or not _TAIL.fullmatch(time[12:]) or int(time[12:]) != bias:
        return cmtrace.read_trailer(bytes(data[text_end:end])).when
    return Instant(f"{date.decode('ascii')} {time.decode('ascii')}", at, bias, Zone.PROVEN)
