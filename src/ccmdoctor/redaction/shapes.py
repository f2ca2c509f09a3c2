"""Identifiers that show by themselves: GUIDs, SIDs, addresses, hashes, dotted names and so on.

All of it works on bytes in UTF-8, so that positions are those of the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import IPv6Address

from ccmdoctor.redaction import public
from ccmdoctor.redaction.addresses import is_special, parse
from ccmdoctor.redaction.spans import As, Shape, Span

# pages break long lines behind a hyphen, so a blank may follow it
_GUID = re.compile(
    rb"(?:(?<=%7[Bb])|(?<![0-9A-Fa-f]))[0-9A-Fa-f]{8}([-_]) ?[0-9A-Fa-f]{4}\1 ?[0-9A-Fa-f]{4}\1 ?"
    rb"[0-9A-Fa-f]{4}\1 ?[0-9A-Fa-f]{12}(?![0-9A-Fa-f])"
)
_HEX = re.compile(rb"(?:(?<=%7[Bb])|(?<=0[xX])|(?<![0-9A-Fa-f]))[0-9A-Fa-f]{32,}")
# a thumbprint as certutil and some logs print it: 01 23 45 ... of 16 bytes or more
_SPACED_HEX = re.compile(rb"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{2}[ :]){15,127}[0-9A-Fa-f]{2}(?![0-9A-Za-z])")
_SCHEDULE = re.compile(rb"schedule", re.IGNORECASE)
_MICROSOFT_FILE = re.compile(rb"(?:kb\d{6,7}|x64|x86|arm64|amd64|neutral)[\w.-]*_$", re.IGNORECASE)
_WIDE_HEX = re.compile(rb"(?<![0-9A-Fa-f])(?:[2-7][0-9A-Fa-f]00){5,}(?![0-9A-Fa-f])")
_BASE64 = re.compile(rb"(?<![A-Za-z0-9+/=_.\\-])[A-Za-z0-9+/]{80,}={0,2}(?![A-Za-z0-9+/=_.\\-])")
_SID = re.compile(rb"(?<![A-Za-z0-9])[Ss]([-_])1\1(?:5(?:\1)21|12(?:\1)1)(?:\1\d{1,10}){1,8}(?!\d)")
_MAC = re.compile(rb"(?<![0-9A-Fa-f:-])[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4,20}[0-9A-Fa-f]{2}(?![0-9A-Fa-f:-])")
# the two other ways to write one: 9c7b.ef01.0203 of switches, and without marks behind a word that says so
_OTHER_MAC = re.compile(
    rb"(?<![\w.])(?=[\d.]*[A-Fa-f])[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}(?![\w.])"
    rb"|(?i:\b(?:mac|physical) ?(?:address)?[\"']?[ \t]*[:=]?[ \t]*[\"']?)([0-9A-Fa-f]{12})(?![0-9A-Za-z])"
)
# keys and numbers of products: XXXXX-XXXXX-XXXXX-XXXXX-XXXXX, 00330-80000-00000-AA123
_PRODUCT = re.compile(rb"(?<![A-Za-z0-9-])(?=[A-Z0-9-]*\d)(?:[A-Z0-9]{5}-){3,4}[A-Z0-9]{5}(?![A-Za-z0-9-])")
_QUAD = re.compile(rb"(?<![A-Za-z0-9.~])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![A-Za-z0-9]|\.\d)")
_IPV6 = re.compile(rb"(?<![0-9A-Za-z_:.])[0-9A-Fa-f:]{3,39}(?![0-9A-Za-z_:])")
_MAIL = re.compile(
    rb"(?<![A-Za-z0-9._%+-])([A-Za-z0-9_%+](?:[A-Za-z0-9._%+-]*[A-Za-z0-9_])?)@([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)"
)
_DOTTED = re.compile(
    rb"(?<![A-Za-z0-9_@-])(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?\.)+[A-Za-z](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?![A-Za-z0-9_-])"
)


def _guid(work: bytes, start: int, end: int) -> Iterator[Span]:
    for found in _GUID.finditer(work, start, end):
        yield Span(*found.span(), As.GUID, 0)


def _hex(work: bytes, start: int, end: int) -> Iterator[Span]:
    for found in _HEX.finditer(work, start, end):
        size = found.end() - found.start()
        before = work[max(start, found.start() - 80) : found.start()]
        if size % 16 == 0 and _SCHEDULE.search(before):  # schedules of maintenance windows
            continue
        if size == 40 and _MICROSOFT_FILE.search(before):  # windows10.0-kb5053598-x64_<hash>.cab
            continue
        yield Span(*found.span(), As.HEX, 0)


def _spaced_hex(work: bytes, start: int, end: int) -> Iterator[Span]:
    for found in _SPACED_HEX.finditer(work, start, end):
        yield Span(*found.span(), As.HEX, 0)


def _wide_hex(work: bytes, start: int, end: int) -> Iterator[Span]:
    for found in _WIDE_HEX.finditer(work, start, end):
        yield Span(*found.span(), As.WIDE_HEX, 0)


def _base64(work: bytes, start: int, end: int) -> Iterator[Span]:
    for found in _BASE64.finditer(work, start, end):
        run = found.group()
        mixed = re.search(rb"[a-z]", run) and re.search(rb"[A-Z]", run) and re.search(rb"\d", run)
        if mixed and run.count(b"/") * 12 < len(run):
            yield Span(*found.span(), As.BASE64, 1)


def _sid(work: bytes, start: int, end: int) -> Iterator[Span]:
    for found in _SID.finditer(work, start, end):
        yield Span(*found.span(), As.SID, 0)


def _mac(work: bytes, start: int, end: int) -> Iterator[Span]:
    for found in _MAC.finditer(work, start, end):
        yield Span(*found.span(), As.MAC, 1)


def _other_mac(work: bytes, start: int, end: int) -> Iterator[Span]:
    for found in _OTHER_MAC.finditer(work, start, end):
        yield Span(*found.span(found.lastindex or 0), As.MAC, 1)


def _product(work: bytes, start: int, end: int) -> Iterator[Span]:
    for found in _PRODUCT.finditer(work, start, end):
        yield Span(*found.span(), As.SERIAL, 1, False)


def quads(work: bytes, start: int, end: int) -> Iterator[re.Match[bytes]]:
    """Dotted quads that could be addresses of somebody."""
    for found in _QUAD.finditer(work, start, end):
        value = parse(found.group().decode())
        if value is not None and not is_special(value):
            yield found


def _quad(work: bytes, start: int, end: int) -> Iterator[Span]:
    for found in quads(work, start, end):
        yield Span(*found.span(), As.ADDRESS, 1)


def _ipv6(work: bytes, start: int, end: int) -> Iterator[Span]:
    for found in _IPV6.finditer(work, start, end):
        run = found.group().decode()
        groups = [one for one in run.split(":") if one]
        full = run.count(":") == 7 and "::" not in run
        if not full and ("::" not in run or len(groups) < 2 or not re.search(r"\d", run)):
            continue
        try:
            IPv6Address(run)
        except ValueError:
            continue
        yield Span(*found.span(), As.ADDRESS6, 1)


def _mail(work: bytes, start: int, end: int) -> Iterator[Span]:
    for found in _MAIL.finditer(work, start, end):
        if re.search(rb"[A-Za-z]", found[2]):
            yield Span(*found.span(1), As.USER, 2)
            yield Span(*found.span(2), As.DOMAIN, 2)


def _dotted_name(work: bytes, start: int, end: int) -> Iterator[Span]:
    for found in _DOTTED.finditer(work, start, end):
        name = found.group().decode("ascii", "replace")
        if public.looks_like_host(name) and not public.is_public_host_whole(name):
            yield Span(*found.span(), As.HOST, 4)


def _endings() -> bytes:
    ends = public.host_endings()
    return rb"[a-z0-9_-]\.(?:" + "|".join(sorted(ends)).encode() + rb"|[a-z]{2})(?:[^a-z0-9_-]|$)"


SHAPES = {
    "guid": Shape((rb"[0-9a-f]{8}[-_] ?(?:[0-9a-f]{4}[-_] ?){3}[0-9a-f]{12}",), _guid, False),
    "hex": Shape((rb"[0-9a-f]{32}",), _hex, False),
    "wide-hex": Shape((rb"(?:[2-7][0-9a-f]00){5}",), _wide_hex),
    "base64": Shape((rb"[a-z0-9+/]{80}",), _base64, False),
    "sid": Shape((rb"s[-_]1[-_](?:5[-_]21|12[-_]1)[-_]\d",), _sid, False),
    "spaced-hex": Shape((rb"(?:[0-9a-f]{2}[ :]){15}[0-9a-f]{2}",), _spaced_hex, False),
    "other-mac": Shape(
        (rb"[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}", rb"(?:mac|physical) ?(?:address)?\W{0,4}[0-9a-f]{12}"),
        _other_mac,
        False,
    ),
    "product": Shape((rb"[a-z0-9]{5}-(?:[a-z0-9]{5}-){2,3}[a-z0-9]{5}",), _product, False),
    "mac": Shape((rb"(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}",), _mac, False),
    "quad": Shape((rb"\d\.\d{1,3}\.\d{1,3}\.\d",), _quad, False),
    "ipv6": Shape((rb"(?:[0-9a-f]{1,4}:){4}", rb"[0-9a-f]::(?:[^a-z]|[0-9a-f]|$)"), _ipv6, False),
    "mail": Shape((rb"[a-z0-9_]@[a-z0-9-]",), _mail),
    "dotted": Shape((_endings(),), _dotted_name),
}
