"""The names of one run: hosts, domains, users and the like, and what stands for each of them.

A dotted name is replaced label by label, so that a short and a full spelling of a host stay alike, hosts of one domain
stay in one domain, and ``*.contoso.com`` in a bypass list still matches ``sup.contoso.com``:

    sup.corp.contoso.com  ->  host-003.part-1.domain-1.example        SUP  ->  HOST-003        CONTOSO  ->  DOMAIN-1
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from ccmdoctor.redaction import public
from ccmdoctor.redaction.scrambled import cased


class Kind(StrEnum):
    """What an identifier is; also the key of its word in ``report/words.*.toml``."""

    HOST = "host"
    DOMAIN = "domain"
    USER = "user"
    MAIL = "mail"
    ADDRESS = "address"
    HARDWARE = "hardware"
    SID = "sid"
    GUID = "guid"
    HASH = "hash"
    SERIAL = "serial"
    SITE = "ad-site"
    UNIT = "unit"
    SHARE = "share"
    SECRET = "secret"


_LONG = 6  # letters of a name that is replaced inside words too
_LONGEST = 253  # characters of a DNS name; no other name is longer


class Names:
    """Names as they were learned, and their replacements. Case does not count."""

    def __init__(self) -> None:
        self._labels: dict[str, str] = {}
        self._suffixes: dict[str, list[str]] = {}
        self._others: dict[Kind, dict[str, str]] = {}
        self._domains: dict[str, None] = {}
        self._dotted: dict[str, None] = {}
        self._singles: dict[str, None] = {}
        self._counts: dict[str, int] = {}
        self._loose: set[tuple[Kind, str]] = set()

    # -- learning

    def host(self, name: str) -> None:
        """A host by its full or its short name."""
        low = _plain(name)
        if low and not public.is_public_host(low):
            (self._dotted if "." in low else self._singles)[low] = None

    def domain(self, name: str) -> None:
        """A domain by its DNS or its NetBIOS name."""
        low = _plain(name)
        if low and not public.is_public_host(low) and not public.is_public_domain(low):
            self._domains[low] = None

    def other(self, kind: Kind, name: str, loose: bool = True) -> None:
        """A user, a site of Active Directory, a serial number and so on; ``loose`` when it may stand anywhere."""
        low = name.casefold().strip()
        if 0 < len(low) <= _LONGEST:  # a longer one is no name, and no automaton takes it
            self._others.setdefault(kind, {}).setdefault(low, "")
            if loose:
                self._loose.add((kind, low))

    def settle_domains(self) -> None:
        """The domains behind the hosts, so that accounts can be told from paths."""
        for name in self._dotted:
            rest = name.partition(".")[2]
            if public.tenant_suffix(name) is None and "." in rest:
                self._domains.setdefault(rest)
        for name in self._domains:
            self.dotted(name)

    def settle(self) -> None:
        """Give every learned name its replacement, in the order in which they were met."""
        for name in self._domains:
            self.dotted(name)
        for name in (*self._dotted, *self._singles):
            self.dotted(name)
        for kind, found in self._others.items():
            for name in found:
                self._of(kind, name)

    # -- replacing

    def is_domain(self, name: str) -> bool:
        """Whether this is a known domain, or the first label of one (CONTOSO of contoso.com), or a known host."""
        low = _plain(name)
        return low in self._domains or low in self._labels

    def ends_in_domain(self, name: str) -> bool:
        """Whether a dotted name lies in a domain that was learned."""
        low = _plain(name)
        return any(low == one or low.endswith(f".{one}") for one in self._domains if "." in one)

    def dotted(self, name: str) -> str:
        """The replacement of a host or domain name, dotted or not, in its case."""
        if public.is_public_host(name):
            suffix = public.tenant_suffix(name)
            if suffix is None:
                return name
        else:
            suffix = public.tenant_suffix(name)
        bare = name.strip(".")
        if suffix is not None:
            own = bare[: -len(suffix) - 1].split(".")
            return ".".join((*(self._label(one, "host") for one in own), bare[-len(suffix) :])) + _tail(name)
        labels = bare.split(".")
        if len(labels) == 1:
            kind = "domain" if bare.casefold() in self._domains else "host"
            return self._label(bare, kind) + _tail(name)
        size = public.suffix_length(labels)
        own, base = labels[: -size - 1], labels[-size - 1]
        made = [self._label(base, "domain"), self._suffix(base, ".".join(labels[-size:]))]
        for depth in range(len(own) - 1, -1, -1):
            whole = ".".join(labels[depth:]).casefold()
            made.insert(0, self._label(own[depth], "part" if depth or whole in self._domains else "host"))
        return ".".join(made) + _tail(name)

    def name(self, kind: Kind, name: str) -> str:
        """The replacement of a user, a unit and so on; a user whose name is a computer's gets the computer's."""
        low = name.casefold().strip()
        if kind is Kind.USER and low.rstrip("$") in self._labels:
            return self._label(name.rstrip("$"), "host") + ("$" if name.endswith("$") else "")
        return cased(name, self._of(kind, low))

    def loose(self) -> Iterator[tuple[Kind, str]]:
        """Every name that is replaced wherever it stands by itself."""
        for label in self._labels:
            if not public.is_ordinary(label):
                yield Kind.HOST, label
        for name in (*self._domains, *self._dotted):
            # most dotted names show by themselves
            if "." in name and not public.looks_like_host(name):
                yield Kind.DOMAIN, name
        for kind, name in sorted(self._loose):
            if not public.is_ordinary(name) and name not in self._labels:
                yield kind, name

    def inside_words(self) -> frozenset[str]:
        """Names of organisations that are long enough to be found inside words (``ContosoVPN``)."""
        return frozenset(
            label
            for label, made in self._labels.items()
            if made.startswith("domain-") and len(label) >= _LONG and not public.is_inside_ordinary(label)
        )

    def pairs(self) -> Iterator[tuple[str, str, str]]:
        """(kind, name, replacement) of everything learned."""
        for label, made in self._labels.items():
            yield made.partition("-")[0], label, made
        for kind, found in self._others.items():
            if kind is not Kind.SERIAL:
                for name, made in found.items():
                    yield kind.value, name, made

    def _label(self, label: str, prefix: str) -> str:
        low = label.casefold()
        if not low or low in ("*", "www") or low.startswith("_"):
            return label  # _tcp, _ldap: names of services
        if low not in self._labels:
            self._labels[low] = self._next(prefix)
        return cased(label, self._labels[low])

    def _suffix(self, base: str, suffix: str) -> str:
        known = self._suffixes.setdefault(base.casefold(), [])
        low = suffix.casefold()
        if low not in known:
            known.append(low)
        at = known.index(low)
        return cased(suffix, "example" if at == 0 else f"other-{at}.example")

    def _of(self, kind: Kind, low: str) -> str:
        found = self._others.setdefault(kind, {})
        if not found.get(low):
            found[low] = self._next(kind.value)
        return found[low]

    def _next(self, prefix: str) -> str:
        self._counts[prefix] = self._counts.get(prefix, 0) + 1
        return (
            f"{prefix}-{self._counts[prefix]}"
            if prefix in ("domain", "part")
            else f"{prefix}-{self._counts[prefix]:03d}"
        )


def _plain(name: str) -> str:
    low = name.casefold().strip().strip(".")
    return low if len(low) <= _LONGEST else ""


def _tail(name: str) -> str:
    return "." if name.endswith(".") else ""
