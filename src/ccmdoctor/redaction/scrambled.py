"""Identifiers without a meaning of their own (GUIDs, SIDs, thumbprints, MAC and IPv6 addresses), by a keyed hash.

The key is random for each run and is kept nowhere, so the same identifier becomes the same one all over a run, and
nothing leads back. Nothing has to be remembered either, however many identifiers a log holds.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from ipaddress import IPv6Address

from ccmdoctor.redaction.public import is_public_guid

_FIRST_OWN_RID = 1000  # relative ids below are well-known (500 Administrator, 513 Domain Users)
_NOT_HEX = re.compile(r"[^0-9A-Fa-f]")


def cased(like: str, text: str) -> str:
    """``text`` in upper case when ``like`` is in upper case."""
    return text.upper() if like.isupper() else text


class Scrambler:
    """Keyed replacements of the same shape."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def digits(self, digits: str, about: bytes = b"") -> str:
        """As many hexadecimal digits as were given (which are lower case), the same for the same."""
        need = (len(digits) + 1) // 2
        stream = b""
        block = 0
        while len(stream) < need:
            stream += blake2b(
                about + block.to_bytes(4, "big") + digits.encode("ascii", "replace"), key=self._key, digest_size=64
            ).digest()
            block += 1
        return stream[:need].hex()[: len(digits)]

    def number(self, about: bytes, modulus: int) -> int:
        """A keyed number below ``modulus``."""
        return int.from_bytes(blake2b(about, key=self._key, digest_size=16).digest(), "big") % modulus

    def guid(self, written: str) -> str:
        """Another GUID in the same spelling; constants of the products stay."""
        plain = _NOT_HEX.sub("", written).lower()
        if len(plain) != 32 or is_public_guid(plain):
            return written
        return self._spelled(written, self.digits(plain))

    def hex(self, written: str) -> str:
        """Other hexadecimal digits in the same case; 32 of them are a GUID without its hyphens."""
        plain = _NOT_HEX.sub("", written).lower()
        if len(plain) == 32:
            return self.guid(written)
        return self._spelled(written, self.digits(plain))

    def _spelled(self, written: str, digits: str) -> str:
        own = iter(digits)
        return cased(_letters(written), "".join(next(own) if one in _HEX else one for one in written))

    def sid(self, written: str) -> str:
        """``S-1-5-21-a-b-c-rid`` with another domain part, and another rid unless it is well known."""
        mark = written[1]
        parts = written.split(mark)
        head, own = (4, parts[4:]) if parts[2] == "5" else (3, parts[3:])
        # 1-5-21 is a domain of three numbers, 1-12-1 an identity of four
        size = 3 if parts[2] == "5" else 4
        domain, rids = own[:size], own[size:]
        about = mark.join(domain).replace("_", "-").encode()
        made = [str(self.number(b"sid%d" % at + about, 4_000_000_000)) for at in range(len(domain))]
        made += [
            rid if int(rid) < _FIRST_OWN_RID else str(1100 + self.number(b"rid" + about + rid.encode(), 900_000))
            for rid in rids
        ]
        return mark.join((*parts[:head], *made))

    def mac(self, written: str) -> str:
        """Another hardware address; ``02`` at the front marks it as made up."""
        plain = _NOT_HEX.sub("", written).lower()
        if set(plain) <= {"0"} or set(plain) <= {"f"}:
            return written
        return self._spelled(written, "02" + self.digits(plain)[2:])

    def wide_hex(self, written: str) -> str:
        """Letters and digits in UTF-16 as hexadecimal (``39003100`` is "91"), each replaced by one of its kind."""
        plain = bytes.fromhex(written)[::2].decode("ascii", "replace")
        made = self.serial(plain).encode("ascii", "replace")
        return cased(written, "".join(f"{byte:02x}00" for byte in made))[: len(written)]

    def serial(self, written: str) -> str:
        """A word of the same length in which digits stay digits and letters letters."""
        if not written:
            return written
        noise = blake2b(written.upper().encode("utf-8", "replace"), key=self._key, digest_size=64).digest()
        made = []
        for at, letter in enumerate(written):
            byte = noise[at % len(noise)]
            if letter.isdigit():
                made.append(str(byte % 10))
            elif letter.isalpha():
                made.append(chr((65 if letter.isupper() else 97) + byte % 26))
            else:
                made.append(letter)
        text = "".join(made)
        return text if text != written else cased(written, "x" * len(written))

    def base64(self, written: str) -> str:
        """As long a run of base64, with its padding."""
        body = written.rstrip("=")
        return (self.digits("0" * len(body), body.encode("ascii", "replace")[:4096])) + written[len(body) :]

    def ipv6(self, written: str) -> str:
        """Another address: groups of zeros stay, and addresses that share a prefix of whole groups still do."""
        address = IPv6Address(written)
        if address.is_loopback or address.is_unspecified or address.is_multicast:
            return written
        groups = address.exploded.split(":")
        made = [groups[0]]
        for at in range(1, 8):
            value = int(groups[at], 16)
            if value:
                noise = self.number(b"v6" + ":".join(groups[:at]).encode(), 0xFFFE) + 1
                value = (value - 1 + noise) % 0xFFFF + 1
            made.append(f"{value:x}")
        return cased(_letters(written), str(IPv6Address(":".join(made))))


_HEX = frozenset("0123456789abcdefABCDEF")


def _letters(text: str) -> str:
    return "".join(one for one in text if one.isalpha())
