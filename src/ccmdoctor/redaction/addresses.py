"""IPv4 addresses, replaced so that the reasoning about boundaries, subnets and servers comes out the same.

The map is made over the set of addresses seen and keeps their order and the length of every prefix that two of them
share: on the binary tree of the addresses, a bit is chosen by a keyed hash where all addresses below agree on it, and
stays where they part. Bits are chosen only in a window that leaves the class of the address alone: 10/8 stays private,
172.16/12 and 192.168/16 too, a public address stays public. What lies below the window stays, so network addresses
remain network addresses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address

from ccmdoctor.redaction.scrambled import Scrambler

_TRIES = 64
# (first address, prefix length, first and last bit of the window)
_INSIDE = (
    (0x0A000000, 8, 8, 15),  # 10/8
    (0xAC100000, 12, 12, 19),  # 172.16/12
    (0xC0A80000, 16, 16, 21),  # 192.168/16
    (0x64400000, 10, 10, 19),  # 100.64/10, behind carriers
)
_OUTSIDE = (4, 15)  # of public addresses; up to the last bit where none before it is free (192.169.0.0)
_LAST = 21
# unspecified, loopback, link-local, multicast and above, and the masks of one and two bits
_SPECIAL = ((0, 8), (0x7F000000, 8), (0xA9FE0000, 16), (0xE0000000, 3), (0x80000000, 32), (0xC0000000, 32))


def parse(text: str) -> int | None:
    """A dotted quad as a number, or None when it is none (a part over 255, a leading zero)."""
    parts = text.split(".")
    if len(parts) != 4 or any(
        not part.isdigit() or int(part) > 255 or (part[0] == "0" and part != "0") for part in parts
    ):
        return None
    return int.from_bytes(bytes(map(int, parts)), "big")


def is_special(value: int) -> bool:
    """Addresses that identify nobody: unspecified, loopback, link-local, multicast, masks and broadcast."""
    return any(_same(value, base, length) for base, length in _SPECIAL)


def _same(value: int, base: int, length: int) -> bool:
    return value >> (32 - length) == base >> (32 - length)


def _is_public(value: int) -> bool:
    return not any(_same(value, base, length) for base, length, *_ in _INSIDE)


def _is_free(value: int, depth: int) -> bool:
    """Whether bit ``depth`` (0-based) may be chosen without leaving the class of the address."""
    for base, length, first, last in _INSIDE:
        if _same(value, base, length):
            return first <= depth <= last
    if depth < _OUTSIDE[0]:
        return False
    # a public prefix must not hold anything private or special on either side of the bit
    blocks = [*_SPECIAL, *((base, length) for base, length, *_ in _INSIDE)]
    return not any(_same(value, base, min(depth, length)) for base, length in blocks)


class AddressMap:
    """The map over a set of addresses (as numbers)."""

    def __init__(self, seen: Iterable[int], scrambler: Scrambler) -> None:
        self._scrambler = scrambler
        self._made: dict[int, int] = {}
        self._seen = sorted({value for value in seen if not is_special(value)})
        self._prefixes = {(depth, value >> (32 - depth)) for value in self._seen for depth in range(1, 33)}
        for salt in range(_TRIES):
            made = {value: self._walk(value, salt) for value in self._seen}
            self._made = made
            if all(self._fits(value, new) for value, new in made.items()):
                break
        self._salt = salt

    def _parts(self, value: int, depth: int) -> bool:
        """Whether addresses part at bit ``depth`` (0-based) of this address."""
        other = (value >> (31 - depth)) ^ 1
        return (depth + 1, other) in self._prefixes

    def _walk(self, value: int, salt: int) -> int:
        made, untouched = value, True
        for depth in range(_OUTSIDE[0], _LAST + 1):
            if not _is_free(value, depth) or self._parts(value, depth):
                continue
            if depth > _OUTSIDE[1] and _is_public(value) and not untouched:
                break
            # the first free bit is always turned, so that no address with a free bit stays what it was
            about = b"v4%d.%d.%d" % (salt, depth, value >> (32 - depth))
            if untouched or self._scrambler.number(about, 2):
                made ^= 1 << (31 - depth)
            untouched = False
        return made

    def _fits(self, value: int, made: int) -> bool:
        """The base of a network of 16 bits is still one (its size is guessed by its zeros)."""
        return not (value & 0xFFFF == 0 and value & 0xFFFFFF != 0 and made & 0xFFFFFF == 0)

    def number(self, value: int) -> int:
        """The replacement of an address."""
        if is_special(value):
            return value
        if value not in self._made:
            self._made[value] = self._walk(value, self._salt)
        return self._made[value]

    def text(self, written: str, prefix: int | None = None) -> str:
        """The replacement of a dotted quad; ``prefix`` when a prefix length or mask stands behind it.

        The base of a network as large as the window or larger keeps its zeros; without a mask such a base
        (10.0.0.0) stays, unless an address next to it was seen (10.0.1.10), since it may be meant as all of its class.
        """
        value = parse(written)
        if value is None:
            return written
        if prefix is not None and value & ((1 << (32 - prefix)) - 1) == 0:
            made = self.number(value) & (0xFFFFFFFF << (32 - prefix)) & 0xFFFFFFFF
        elif value & 0xFFFFFF == 0 and not self._has_neighbour(value):
            made = value
        else:
            made = self.number(value)
        return str(IPv4Address(made))

    def network(self, written: str) -> str:
        """The replacement of the first parts of addresses (``10.1`` of ``10.1.*``), with which all of theirs begin."""
        parts = written.split(".")
        value = parse(".".join((*parts, *("0",) * (4 - len(parts)))))
        if value is None or is_special(value):
            return written
        return ".".join(str(IPv4Address(self.number(value))).split(".")[: len(parts)])

    def _has_neighbour(self, value: int) -> bool:
        return any(one != value and one >> 16 == value >> 16 for one in self._seen)

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Every address that was seen, and its replacement."""
        for value in self._seen:
            written = str(IPv4Address(value))
            yield written, self.text(written)
