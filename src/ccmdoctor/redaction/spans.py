"""Pieces of a line: what they are, how sure that is, and how they are found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import NamedTuple


class As(StrEnum):
    """What a piece of text is, which decides its replacement."""

    HOST = "host"
    DOMAIN = "domain"
    USER = "user"
    ADDRESS = "address"
    ADDRESS6 = "address6"
    NETWORK = "network"  # the first parts of an address, with a wildcard behind them: "10.1" of 10.1.*
    MAC = "mac"
    SID = "sid"
    GUID = "guid"
    HEX = "hex"
    WIDE_HEX = "wide-hex"
    BASE64 = "base64"
    SERIAL = "serial"
    SITE = "site"
    UNIT = "unit"
    SHARE = "share"
    SECRET = "secret"
    KEPT = "kept"  # certainly no identifier, whatever it looks like


class Span(NamedTuple):
    """A piece of a line, what it is, and how sure that is: of spans that overlap, the lower ``rank`` wins.

    ``loose`` names are replaced elsewhere too; the others only where the context says what they are.
    """

    start: int
    end: int
    what: As
    rank: int = 5
    loose: bool = True


Find = Callable[[bytes, int, int], Iterator[Span]]


class Shape(NamedTuple):
    """Triggers (expressions of the automaton, case does not count) and the closer look at a line.

    ``teaches`` is False when what is found has to be known nowhere else: a GUID shows by itself wherever it stands.
    """

    triggers: tuple[bytes, ...]
    find: Find
    teaches: bool = True


def text_of(raw: bytes) -> str:
    """Bytes of a line as text; whatever is no UTF-8 survives."""
    return raw.decode("utf-8", "surrogateescape")


def whole(work: bytes, span: Span) -> Span:
    """A span that ends inside a letter of several bytes (a bound counts bytes) goes on to the end of that letter."""
    end = span.end
    while end < len(work) and work[end] & 0xC0 == 0x80:
        end += 1
    return span if end == span.end else span._replace(end=end)
