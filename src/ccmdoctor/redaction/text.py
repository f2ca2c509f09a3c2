"""Finds identifiers in text and replaces them: one automaton over all bytes, a closer look only where it was hit."""

from __future__ import annotations

import bisect
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from ccmdoctor.redaction import encoded, public, reports
from ccmdoctor.redaction.addresses import AddressMap, parse
from ccmdoctor.redaction.contexts import CONTEXTS, account_spans, accounts
from ccmdoctor.redaction.known_lines import KNOWN_LINES
from ccmdoctor.redaction.names import Kind, Names
from ccmdoctor.redaction.scrambled import Scrambler
from ccmdoctor.redaction.shapes import SHAPES, quads
from ccmdoctor.redaction.spans import As, Span, whole
from ccmdoctor.redaction.spans import text_of as _str
from ccmdoctor.redaction.tables import columns, logged

_KINDS = {
    As.HOST: Kind.HOST, As.DOMAIN: Kind.DOMAIN, As.USER: Kind.USER, As.ADDRESS: Kind.ADDRESS, As.ADDRESS6: Kind.ADDRESS,
    As.NETWORK: Kind.ADDRESS,
    As.MAC: Kind.HARDWARE, As.SID: Kind.SID, As.GUID: Kind.GUID, As.HEX: Kind.HASH, As.WIDE_HEX: Kind.SERIAL,
    As.BASE64: Kind.HASH, As.SERIAL: Kind.SERIAL, As.SITE: Kind.SITE, As.UNIT: Kind.UNIT, As.SHARE: Kind.SHARE,
    As.SECRET: Kind.SECRET,
}  # fmt: skip
_NAMED = {As.USER: Kind.USER, As.SITE: Kind.SITE, As.UNIT: Kind.UNIT, As.SHARE: Kind.SHARE, As.SERIAL: Kind.SERIAL}
_SEGMENT = 16 << 10  # bytes of a very long line looked at together
_MOST_REMEMBERED = 200_000  # replacements kept ready

# the frame of a record holds no identifiers but in its context; names must not be found in components
_TRAILER = re.compile(
    rb"\]LOG\]!><time=[^>\r\n]{0,1024}>|\$\$<[^<>\r\n]{0,120}><[^<>\r\n]{0,80}><thread=[^<>\r\n]{0,40}>"
)
_FRAMES = (b"]LOG]!>", b"$$<")
_CONTEXT = re.compile(rb"context=\"([^\"]+)\"")

# what tells an address from a version with four parts
_VERSION_BEFORE = re.compile(
    (
        r"(?:\bversion|version\"|\bver\.?|build|release|revision|software|product|agent|バージョン"
        r"|\.(?:exe|dll|sys|msi|cab|ocx)\b.{0,40}|title\"?\s*[=:].{0,200}|(?:x64|x86|amd64|wow64|msil)_.{0,120})"
        r"[^\r\n]{0,12}$|\bv\.? ?$|[a-z] - $"
    ).encode(),
    re.IGNORECASE | re.DOTALL,
)
_VERSION_AFTER = re.compile(
    rb"\s?\(?(?:32|64)[- ]?bit|\s?\(?x(?:64|86)\b|_none_|~|\.(?:exe|dll|msi|cab)", re.IGNORECASE
)
_ADDRESS_BEFORE = re.compile(
    (
        r"(?:://|\\\\|@|\[|\bip\b[^\r\n]{0,24}|ipv4[^\r\n]{0,40}|address(?:es)?\b[^\r\n]{0,24}|subnet[^\r\n]{0,24}"
        r"|(?:gateway|dns|dhcp|アドレス|ゲートウェイ)[^\r\n]{0,40}|proxy[^\r\n]{0,24}|(?:server|host)[^\r\n\d]{0,16})$"
    ).encode(),
    re.IGNORECASE,
)
_ADDRESS_AFTER = re.compile(
    r":\d{2,5}(?!\d)|/\d{1,2}(?![\d.])|/255\.|\s?\((?:preferred|優先)|\s?-\s?\d{1,3}\.\d".encode(), re.IGNORECASE
)
_PRIVATE = re.compile(rb"192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.")
_PREFIX = re.compile(rb"/(?:(\d{1,2})(?![\d.])|(255\.\d{1,3}\.\d{1,3}\.\d{1,3}))")
_OF_NAME = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-")
_CUT = re.compile("[\udc80-\udcff]")  # half a letter: no name
_LONGEST_NAME = 253  # characters of a DNS name


class _Automaton:
    """Expressions compiled together; a hit is reported with the number of its expression and where it ends."""

    def __init__(self, expressions: Sequence[bytes]) -> None:
        import hyperscan  # loaded here: the command line's help does without it

        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        flags = hyperscan.HS_FLAG_CASELESS | hyperscan.HS_FLAG_MULTILINE
        self._database.compile(
            expressions=list(expressions),
            ids=list(range(len(expressions))),
            elements=len(expressions),
            flags=[flags] * len(expressions),
        )

    def hits(self, work: bytes) -> list[tuple[int, int]]:
        """(end, number) of every hit, in order."""
        found: list[tuple[int, int]] = []

        def note(number: int, start: int, end: int, flags: int, context: Any) -> None:
            found.append((end, number))

        if work:
            self._database.scan(work, match_event_handler=note)
        found.sort()
        return found


class Line(NamedTuple):
    """A line in which something was hit: its range, the shapes to look closer at, and the ends of names found."""

    start: int
    end: int
    shapes: set[str]
    names: list[tuple[int, int]]


def _place(hit: tuple[int, str | int]) -> int:
    return hit[0]


def _lines(work: bytes, hits: Iterable[tuple[int, str | int]]) -> Iterator[Line]:
    """Hits (where they end, and the shape's name or the name's number) gathered by line; they come in order.

    A very long line comes in segments, so that no line costs more than its length.
    """
    line: Line | None = None
    for end, one in hits:
        at = max(end - 1, 0)
        if line is None or at >= line.end + (work[line.end : line.end + 1] == b"\n"):
            if line is not None:
                yield line
            line = Line(*_segment(work, at, line.end if line else 0), set(), [])
        if isinstance(one, str):
            line.shapes.add(one)
        else:
            line.names.append((end, one))
    if line is not None:
        yield line


def _segment(work: bytes, at: int, floor: int) -> tuple[int, int]:
    """The line around byte ``at``, or the piece of a very long one, not before ``floor``."""
    start = max(work.rfind(b"\n", 0, at) + 1, floor)
    stop = work.find(b"\n", at)
    stop = stop if stop >= 0 else len(work)
    while stop - start > _SEGMENT:
        half, most = start + _SEGMENT // 2, start + _SEGMENT
        cut = max(work.rfind(mark, half, most) for mark in (b" ", b">", b",", b";", b"\t")) + 1 or most
        if at < cut:
            return start, cut
        start = cut
    return start, stop


_LOOKS = {**SHAPES, **CONTEXTS, **KNOWN_LINES}
_TEACHING = frozenset(name for name, shape in _LOOKS.items() if shape.teaches) | {"quad"}  # its company is weighed
_BYTES = "bytes"  # a hit that is no shape of a line: the piece holds texts that are written as lists of bytes


@cache
def _shape_automaton() -> tuple[_Automaton, tuple[str, ...]]:
    triggers = [(trigger, name) for name, shape in _LOOKS.items() for trigger in shape.triggers]
    triggers.append((encoded.TRIGGER, _BYTES))
    return _Automaton([trigger for trigger, _ in triggers]), tuple(name for _, name in triggers)


class _Hits(NamedTuple):
    """(end, shape) of every hit in order, and whether there are lists of bytes."""

    found: list[tuple[int, str | int]]
    encoded: bool


def _shape_hits(work: bytes) -> _Hits:
    automaton, owner = _shape_automaton()
    found: list[tuple[int, str | int]] = [(end, owner[number]) for end, number in automaton.hits(work)]
    kept = [hit for hit in found if hit[1] is not _BYTES]
    return _Hits(kept, len(kept) < len(found))


class Learner:
    """The first pass: which names, addresses and accounts there are."""

    def __init__(self) -> None:
        self.names = Names()
        self._quads: dict[str, list[bool]] = {}  # dotted quad: seen as an address, seen as a version
        self._accounts: dict[tuple[str, str], bool] = {}

    def learn(self, work: bytes, with_tables: bool = False) -> None:
        """Take in a piece of text (UTF-8 bytes of whole lines)."""
        hits = _shape_hits(work)
        if hits.encoded:
            for text in encoded.texts(work):
                self.learn(text)
        for line in _lines(work, (hit for hit in hits.found if hit[1] in _TEACHING)):
            spans = [span for name in line.shapes for span in _LOOKS[name].find(work, line.start, line.end)]
            frames = _frames(work, line, spans)
            for span in spans:
                if not any(frame.start < span.end and span.start < frame.end for frame in frames):
                    self._take(work, whole(work, span))
            if "quad" in line.shapes:
                self._weigh(work, line)
            if "account" in line.shapes:
                for found, sure in accounts(work, line.start, line.end):
                    key = _str(found[1]), _str(found[2])
                    self._accounts[key] = self._accounts.get(key, False) or sure
        if with_tables:
            for span in columns(work):
                self._take(work, span)
            for what, name in reports.names(work):
                self._note(what, name)

    def learn_rows(self, work: bytes, fields: bytes) -> bytes:
        """Take in a piece of a web server's log with its columns so far; gives the columns at its end."""
        found, fields = logged(work, fields)
        for what, name in found:
            self._note(what, name)
        return fields

    def _take(self, work: bytes, span: Span) -> None:
        text = _str(work[span.start : span.end])
        if span.what is As.ADDRESS and span.rank > 1:
            self._quads.setdefault(text, [False, False])[0] = True
        else:
            self._note(span.what, text, span.loose)

    def _note(self, what: As, text: str, loose: bool = True) -> None:
        if _CUT.search(text):
            return
        if what is As.HOST:
            self.names.host(text)
        elif what is As.DOMAIN:
            self.names.domain(text)
        elif what is As.WIDE_HEX:
            self.names.other(Kind.SERIAL, bytes.fromhex(text)[::2].decode("ascii", "replace").strip())
        elif what in _NAMED and not (what is As.USER and public.is_public_account(text)):
            self.names.other(_NAMED[what], text, loose)

    def _weigh(self, work: bytes, line: Line) -> None:
        for found in quads(work, line.start, line.end):
            before = work[max(line.start, found.start() - 220) : found.start()]
            after = work[found.end() : min(line.end, found.end() + 24)]
            seen = self._quads.setdefault(found.group().decode(), [False, False])
            # no product has versions that begin like private networks
            sure = _PRIVATE.match(found.group()) is not None
            version = not sure and bool(_VERSION_BEFORE.search(before) or _VERSION_AFTER.match(after))
            seen[1] = seen[1] or version
            # a product's number stands behind its name: "Calendar 10.1.2.4"
            address = _ADDRESS_BEFORE.search(before[-64:]) or _ADDRESS_AFTER.match(after)
            seen[0] = seen[0] or (bool(address) and not version)

    def settled(self, key: bytes, remember: bool = False) -> Replacer:
        """What the second pass needs; nothing can be learned after it."""
        self.names.settle_domains()
        for (domain, user), sure in self._accounts.items():
            if public.is_public_domain(domain):
                continue
            if sure or self.names.is_domain(domain):
                self.names.domain(domain)
                if user.endswith("$"):
                    self.names.host(user[:-1])
                elif not public.is_public_account(user) and not user.casefold().startswith(("s-1-", "s_1_")):
                    self.names.other(Kind.USER, user)
        self.names.settle()
        scrambler = Scrambler(key)
        sure_addresses = {quad for quad, (address, version) in self._quads.items() if address or not version}
        numbers = (parse(quad) for quad in sure_addresses)
        return Replacer(
            self.names, scrambler, AddressMap((one for one in numbers if one is not None), scrambler),
            frozenset(self._quads) - sure_addresses,
            remember,
        )  # fmt: skip


class Replacer:
    """The second pass: the same text with every identifier replaced."""

    def __init__(
        self,
        names: Names,
        scrambler: Scrambler,
        addresses: AddressMap,
        versions: frozenset[str],
        remember: bool = False,
    ) -> None:
        self.names = names
        self.counts: Counter[Kind] = Counter()
        self._scrambler = scrambler
        self._addresses = addresses
        self._versions = versions
        self._remember = remember  # keep every replacement, for the owner's map
        self._ready: dict[tuple[As, str], str] = {}
        self._loose = [
            (_AS[kind], spelled.encode("utf-8", "surrogateescape"))
            for kind, name in names.loose()
            for spelled in ((name,) if name.isascii() else sorted({name, name.upper(), name.capitalize()}))
        ]
        self._inside = {name.encode("utf-8", "surrogateescape") for name in names.inside_words()}
        literals = [b"".join(b"\\x%02x" % byte for byte in name) for _, name in self._loose]
        self._literals = _Automaton(literals) if literals else None
        self._replace: dict[As, Callable[[str], str]] = {
            As.HOST: names.dotted, As.DOMAIN: names.dotted, As.ADDRESS6: scrambler.ipv6, As.MAC: scrambler.mac,
            As.SID: scrambler.sid, As.GUID: scrambler.guid, As.HEX: scrambler.hex, As.WIDE_HEX: scrambler.wide_hex,
            As.BASE64: scrambler.base64, As.SECRET: lambda text: "redacted", As.SERIAL: scrambler.serial,
            As.NETWORK: addresses.network, As.USER: lambda text: names.name(Kind.USER, text),
            As.SITE: lambda text: names.name(Kind.SITE, text),
            As.UNIT: lambda text: names.name(Kind.UNIT, text), As.SHARE: lambda text: names.name(Kind.SHARE, text),
        }  # fmt: skip

    def text(self, text: str) -> str:
        """A text of any number of lines, redacted."""
        return _str(self.change(text.encode("utf-8", "surrogatepass")))

    def pairs(self) -> Iterator[tuple[str, str, str]]:
        """(kind, original, replacement) of everything that was replaced, for the owner of the evidence."""
        yield from self.names.pairs()
        yield from ((Kind.ADDRESS.value, old, new) for old, new in self._addresses.pairs())
        for (what, old), new in self._ready.items():
            if old != new and what in _SCRAMBLED:
                yield _KINDS[what].value, old, new

    def change(self, work: bytes) -> bytes:
        """UTF-8 bytes of whole lines, redacted; the number of lines stays."""
        hits = _shape_hits(work)
        if hits.encoded:
            work = encoded.changed(work, self.change)
            hits = _shape_hits(work)
        made: list[bytes] = []
        at = 0
        for line in _lines(work, self._with_names(work, hits.found)):
            spans = self._spans(work, line)
            if spans:
                made.append(work[at : line.start])
                made.append(self._line(work, line, spans))
                at = line.end
        made.append(work[at:])
        return b"".join(made)

    def _with_names(self, work: bytes, hits: list[tuple[int, str | int]]) -> list[tuple[int, str | int]]:
        if self._literals:
            hits += self._literals.hits(work)
            hits.sort(key=_place)
        return hits

    def _spans(self, work: bytes, line: Line) -> list[Span]:
        """What is to be replaced in a line: where pieces overlap, the surest wins, then the longest."""
        found = [span for name in line.shapes for span in _LOOKS[name].find(work, line.start, line.end)]
        if "account" in line.shapes:
            for account, sure in accounts(work, line.start, line.end):
                domain = _str(account[1])
                if sure or public.is_public_domain(domain) or self.names.is_domain(domain):
                    found += account_spans(account)
        found += self._named(work, line)
        if not found:
            return []
        found = [whole(work, span) for span in found]
        frames = _frames(work, line, found)
        if len(found) == 1 and not frames:
            return [] if found[0].what is As.KEPT else found
        if frames:
            found = [*(_before_frame(span, frames) for span in found), *frames]
        found.sort(key=lambda span: (span.rank, span.start - span.end, span.start))
        taken: list[Span] = []
        for span in found:
            place = bisect.bisect_left(taken, (span.start,))
            after = place < len(taken) and taken[place].start < span.end
            before = place > 0 and taken[place - 1].end > span.start
            if not after and not before:
                taken.insert(place, span)
        return [span for span in taken if span.what is not As.KEPT]

    def _named(self, work: bytes, line: Line) -> Iterator[Span]:
        for end, number in line.names:
            what, name = self._loose[number]
            start = end - len(name)
            if start < line.start or not (name in self._inside or _stands_alone(work, start, end, name)):
                continue
            if b"." in name and what is As.DOMAIN:
                start = _whole_name(work, line.start, start)
            yield Span(start, end, what, 7)

    def _line(self, work: bytes, line: Line, spans: list[Span]) -> bytes:
        made: list[bytes] = []
        at = line.start
        owed = 0  # characters that the line has grown by since the last gap between columns
        for span in spans:
            owed = _settled(made, work[at : span.start], owed)
            old = work[span.start : span.end]
            new = self._replacement(work, span, _str(old)).encode("utf-8", "surrogateescape")
            made.append(new)
            owed += len(new) - len(old)
            at = span.end
        _settled(made, work[at : line.end], owed)
        return b"".join(made)

    def _replacement(self, work: bytes, span: Span, text: str) -> str:
        if span.what is As.ADDRESS:
            if text in self._versions:
                return text
            self.counts[Kind.ADDRESS] += 1
            return self._addresses.text(text, _prefix(work, span.end))
        key = (span.what, text)
        new = self._ready.get(key)
        if new is None:
            if len(self._ready) >= _MOST_REMEMBERED and not self._remember:
                self._ready.clear()
            new = self._ready[key] = self._replace[span.what](text)
        if new != text:
            self.counts[_KINDS[span.what]] += 1
        return new


_SCRAMBLED = (As.GUID, As.SID, As.MAC, As.HEX, As.WIDE_HEX, As.SERIAL, As.ADDRESS6)
_AS = {
    Kind.HOST: As.HOST, Kind.DOMAIN: As.DOMAIN, Kind.USER: As.USER, Kind.SITE: As.SITE, Kind.UNIT: As.UNIT,
    Kind.SERIAL: As.SERIAL, Kind.SHARE: As.SHARE,
}  # fmt: skip
_GAP = re.compile(rb" {2,}")


def _settled(made: list[bytes], text: bytes, owed: int) -> int:
    """Append text behind a replacement, with the next gap between columns shortened or widened by what is owed."""
    gap = _GAP.search(text) if owed else None
    if not gap:
        made.append(text)
        return owed
    size = gap.end() - gap.start()
    new = max(1, size - owed)
    made.append(text[: gap.start()] + b" " * new + text[gap.end() :])
    return owed + new - size


def _prefix(work: bytes, at: int) -> int | None:
    found = _PREFIX.match(work, at)
    if not found:
        return None
    if found[2]:
        mask = parse(found[2].decode())
        return None if mask is None else bin(mask).count("1")
    return min(int(found[1]), 32)


def _frames(work: bytes, line: Line, spans: Sequence[Span]) -> list[Span]:
    """The frames of records in a line, without their context; none where all spans stand before the first one."""
    first = min(at if (at := work.find(mark, line.start, line.end)) >= 0 else line.end for mark in _FRAMES)
    if all(span.end <= first for span in spans):
        return []
    found: list[Span] = []
    for trailer in _TRAILER.finditer(work, line.start, line.end):
        start, end = trailer.span()
        context = _CONTEXT.search(work, start, end)
        if context:
            found.append(Span(start, context.start(1), As.KEPT, -1))
            start = context.end(1)
        found.append(Span(start, end, As.KEPT, -1))
    return found


def _before_frame(span: Span, frames: Sequence[Span]) -> Span:
    """A span that runs on into the frame of its record ends there: what is secret in it must not stay for that."""
    cut = next((frame.start for frame in frames if span.start < frame.start < span.end), span.end)
    return span._replace(end=cut)


def _stands_alone(work: bytes, start: int, end: int, name: bytes) -> bool:
    """Whether a name is no piece of a longer word; text of other scripts may touch it."""
    return not (
        (_is_word(work[start - 1 : start]) and start > 0 and _is_word(name[:1]))
        or (_is_word(work[end : end + 1]) and _is_word(name[-1:]))
    )


def _whole_name(work: bytes, floor: int, start: int) -> int:
    """Where the dotted name begins that ends in the domain at ``start``."""
    if work[start - 1 : start] != b".":
        return start
    floor = max(floor, start - _LONGEST_NAME)
    while start > floor and work[start - 1] in _OF_NAME:
        start -= 1
    while work[start : start + 1] in (b".", b"-"):
        start += 1
    return start


def _is_word(byte: bytes) -> bool:
    return byte.isalnum()
