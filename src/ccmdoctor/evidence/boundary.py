"""Boundaries: the client's addresses against the boundaries of the site.

An IP subnet boundary stores nothing but a subnet id. The client computes its own id from its own address and mask,
and the two match only when they are equal; there is no test of containment. So the id 10.0.0.0 of a boundary meant
as "all of 10.0" matches neither 10.0.1.10/24 nor any other smaller subnet but the first.
Sources: https://jpmem.github.io/blog/mecm/20220414_01/ and
https://learn.microsoft.com/intune/configmgr/core/servers/deploy/configure/boundaries
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

import msgspec

from ccmdoctor.evidence.base import Bundle, Evidence, Proof, newest
from ccmdoctor.evidence.update_point import WORKS_WITH_ONE, UpdatePointLocation
from ccmdoctor.model import Event, State

_ADDRESS = re.compile(r"<IPAddress\b[^>]*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"(\w+)\s*=\s*[\"']([^\"']*)[\"']")
_SITE = re.compile(r"<ADSite\b[^>]*\bName\s*=\s*[\"']([^\"']+)[\"']", re.IGNORECASE)
_INTERNET = re.compile(r"\bOnInternet\s*=\s*[\"']1[\"']", re.IGNORECASE)
_WIDEST_GUESS = 16  # bits that id and address share when a boundary without a mask is taken for a super-net
_HOST_ONLY = ("vethernet (default switch", "vethernet (wsl", "vmware network adapter", "virtualbox host-only")


class Spot(msgspec.Struct, frozen=True):
    """One address of the client as boundaries see it. ``shown`` is how to print it.

    ``subnet_id`` is None for IPv6, and for IPv4 without a known mask.
    """

    ip: IPv4Address | IPv6Address
    subnet_id: IPv4Address | None
    shown: str
    adapter: str = ""
    witness: State | Event | None = None

    @property
    def host_only(self) -> bool:
        """An adapter of a virtual machine product, which reaches no network but that of its own machine."""
        return any(word in self.adapter.casefold() for word in _HOST_ONLY)


class Match(msgspec.Struct, frozen=True):
    """One boundary against one address: does it match, and does its author's intention cover the address.

    ``guess`` is the super-net that a boundary without a written mask is taken for; ``open`` means that the evidence
    does not hold what this boundary is compared with (the AD site, the name of a VPN connection).
    """

    boundary: State
    address: str
    subnet_id: str
    matches: bool
    covers: bool
    guess: IPv4Network | None = None
    open: bool = False
    witness: State | Event | None = None  # what shows the address

    @property
    def trapped(self) -> bool:
        """Meant to cover the address, and does not match: the IP subnet trap."""
        return self.covers and not self.matches

    @property
    def facts(self) -> dict[str, str]:
        """The boundary, the address and the client's own subnet id."""
        return {"boundary": self.boundary.name, "address": self.address, "subnet_id": self.subnet_id}

    @property
    def lacks_mask(self) -> bool:
        """A subnet boundary that could not be compared, because the client's mask is not known."""
        return self.open and self.boundary.values.get("type") == "ip-subnet"

    @property
    def far(self) -> bool:
        """The intention is a mere guess: no mask is written, and id and address share less than 16 bits."""
        if self.guess is None or self.guess.prefixlen >= _WIDEST_GUESS:
            return False
        near = IPv4Network((int(self.guess.network_address), _WIDEST_GUESS), strict=False)
        return ip_address(self.address.partition("/")[0]) not in near


def compare(boundary: State, address: IPv4Interface, ad_site: str | None = None) -> Match:
    """Match one boundary (State of kind "boundary") against an IPv4 address with its prefix."""
    return _match(boundary, Spot(address.ip, address.network.network_address, str(address)), ad_site)


def _match(boundary: State, spot: Spot, ad_site: str | None) -> Match:
    kind, value = boundary.values.get("type"), str(boundary.values.get("value") or "").strip()
    matches = covers = unknown = False
    guess = None
    if kind == "ip-subnet" and isinstance(spot.ip, IPv4Address):
        written = _network(value)
        boundary_id = written.network_address if written else _address(value)
        matches = boundary_id is not None and boundary_id == spot.subnet_id
        guess = None if written or matches else _guessed(value)
        meant = written or guess
        unknown = spot.subnet_id is None
        covers = matches or (not unknown and meant is not None and spot.ip in meant)
    elif kind == "ip-range":
        matches = covers = _in_range(value, spot.ip)
    elif kind == "ipv6-prefix" and isinstance(spot.ip, IPv6Address):
        prefix = _prefix(value)
        matches = covers = prefix is not None and spot.ip in prefix
    elif kind == "ad-site":
        matches = covers = ad_site is not None and value.casefold() == ad_site.casefold()
        unknown = ad_site is None
    elif kind == "vpn":
        matches = covers = _is_vpn(value, spot)
        unknown = not matches
    return Match(
        boundary=boundary,
        address=spot.shown,
        subnet_id=str(spot.subnet_id or ""),
        matches=matches,
        covers=covers,
        guess=guess if covers and not matches else None,
        open=unknown,
        witness=spot.witness,
    )


def _network(value: str) -> IPv4Network | None:
    """The network as its author wrote it, when a mask or prefix was written."""
    if "/" not in value:
        return None
    try:
        network = ip_network(value.replace(" ", ""), strict=False)
    except ValueError:
        return None
    return network if isinstance(network, IPv4Network) else None


def _address(value: str) -> IPv4Address | None:
    try:
        return IPv4Address(value.partition("/")[0].strip())
    except ValueError:
        return None


def _guessed(value: str) -> IPv4Network | None:
    """Without a mask, trailing zero octets tell how large the subnet may have been meant (10.0.0.0: all of 10)."""
    address = _address(value)
    if address is None or "/" in value:
        return None
    octets = max((index + 1 for index, octet in enumerate(address.packed) if octet), default=0)
    return IPv4Network((int(address), 8 * octets)) if 0 < octets < 4 else None


def _in_range(value: str, ip: IPv4Address | IPv6Address) -> bool:
    low, _, high = value.partition("-")
    try:
        first, last = ip_address(low.strip()), ip_address(high.strip())
    except ValueError:
        return False
    return first.version == last.version == ip.version and int(first) <= int(ip) <= int(last)


def _prefix(value: str) -> IPv6Network | None:
    """``2001:db8:1:2`` as the console writes it, or with its colons and its length; 64 bits when none is written."""
    head, _, bits = value.partition("/")
    parts = head.strip().rstrip(":")
    full = head if "::" in head else f"{parts}::"
    try:
        return IPv6Network(f"{full.strip()}/{bits.strip() or 64}", strict=False)
    except ValueError:
        return None


def _is_vpn(value: str, spot: Spot) -> bool:
    """``Name:CONTOSOVPN`` against the heading ``PPP adapter ContosoVPN``."""
    kind, _, name = value.partition(":")
    return kind.casefold() == "name" and bool(name) and spot.adapter.casefold().endswith(f" {name.strip().casefold()}")


class ClientAddresses(Evidence, frozen=True):
    """The client's addresses with their subnet ids, from ipconfig or from the client's own location request."""

    asks = "ip-configuration"

    spots: tuple[Spot, ...]
    on_internet: Event | None
    proof: tuple[Proof, ...]

    @classmethod
    def read(cls, bundle: Bundle) -> ClientAddresses | None:
        """None when neither an adapter nor a location request shows an address that boundaries could be about."""
        request = newest(bundle.events("sup-request"))
        internet = request if request and _INTERNET.search(request.fields["request"]) else None
        adapters = sorted(bundle.states("adapter"), key=lambda one: not _gateways(one))
        spots = tuple(spot for state in adapters for spot in _adapter_spots(state))
        proof: tuple[Proof, ...] = tuple(state for state in adapters if any(_adapter_spots(state)))[:2]
        if not spots and request:
            spots, proof = tuple(_request_spots(request)), (request,)
        return cls(spots=spots, on_internet=internet, proof=proof) if spots else None

    @property
    def shown(self) -> str | None:
        """The first address: IPv4 before IPv6, an adapter with a gateway before others."""
        by_family = sorted(self.spots, key=lambda one: one.ip.version)
        return by_family[0].shown if by_family else None


def _gateways(adapter: State) -> bool:
    return any(one not in ("0.0.0.0", "::") for one in adapter.values.get("gateways") or ())


def _adapter_spots(adapter: State) -> Iterable[Spot]:
    """The addresses of an adapter that are its own in some network: no loopback, no automatic or link-local ones."""
    if not adapter.values.get("connected", True):
        return
    for shown in adapter.values.get("addresses") or ():
        interface = IPv4Interface(shown)
        if not (interface.ip.is_loopback or interface.ip.is_link_local):
            subnet_id = interface.network.network_address if "/" in shown else None
            yield Spot(interface.ip, subnet_id, shown, adapter.name, adapter)
    for shown in adapter.values.get("ipv6") or ():
        ip = ip_address(shown.partition("%")[0])
        if isinstance(ip, IPv6Address) and not (ip.is_loopback or ip.is_link_local):
            yield Spot(ip, None, str(ip), adapter.name, adapter)


def _request_spots(request: Event) -> Iterable[Spot]:
    """``<IPAddress SubnetAddress="10.0.1.0" Address="10.0.1.10"/>``: the id is stated, the mask is not."""
    for element in _ADDRESS.findall(request.fields["request"]):
        stated = {name.lower(): text.strip() for name, text in _ATTRIBUTE.findall(element)}
        ip, subnet_id = _address(stated.get("address", "")), _address(stated.get("subnetaddress", ""))
        if ip is not None and subnet_id is not None and not (ip.is_loopback or ip.is_link_local):
            yield Spot(ip, subnet_id, f"{ip}/32" if ip == subnet_id else str(ip), witness=request)


class SiteBoundaries(Evidence, frozen=True):
    """The boundaries of the site, when a list of them is in the bundle (or given with --boundaries)."""

    asks = "boundaries"

    boundaries: tuple[State, ...]
    ad_site: str | None

    @classmethod
    def read(cls, bundle: Bundle) -> SiteBoundaries | None:
        """None without a list."""
        found = tuple(bundle.states("boundary"))
        said, request = newest(bundle.events("ad-site")), newest(bundle.events("sup-request"))
        named = _SITE.search(request.fields["request"]) if request else None
        site = said.fields["site"] if said else (named[1] if named else None)
        return cls(boundaries=found, ad_site=site.strip() or None if site else None) if found else None

    def against(self, client: ClientAddresses) -> tuple[Match, ...]:
        """Every boundary against every address of the client.

        A boundary without a mask is not taken for a super-net when other subnet boundaries lie in that super-net:
        then its author lists the subnets one by one, and one is missing.
        """
        found = [_match(one, spot, self.ad_site) for one in self.boundaries for spot in client.spots]
        listed = [_address(str(one.values["value"])) for one in self.boundaries if one.values["type"] == "ip-subnet"]
        hosts = {spot.shown for spot in client.spots if spot.host_only}

        def meant(match: Match) -> bool:
            own = _address(str(match.boundary.values["value"]))
            others = [one for one in listed if one is not None and one != own and match.guess and one in match.guess]
            return not others and match.address not in hosts

        return tuple(
            one if one.matches or meant(one) else msgspec.structs.replace(one, covers=False, guess=None)
            for one in found
        )


class BoundaryGroupCache(Evidence, frozen=True):
    """The boundary groups that the management point told the client it is in (``BoundaryGroupCache``).

    Since version 1610 a client outside every boundary group is given the default site boundary group, so one id
    alone does not show that some boundary matches.
    Source: https://home.memftw.com/boundary-group-caching-and-missing-boundaries-in-configmgr/
    """

    asks = "boundary-group-cache"

    row: State

    @classmethod
    def read(cls, bundle: Bundle) -> BoundaryGroupCache | None:
        """None when the class was not queried."""
        row = newest(bundle.states("wmi", "BoundaryGroupCache"))
        if row is None:
            return None
        return cls(row=row if row.text.strip() else msgspec.structs.replace(row, text="BoundaryGroupIDs :"))

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the groups."""
        value = self.row.values.get("boundarygroupids")
        parts = value if isinstance(value, list) else str(value or "").strip("{} ").split(",")
        return tuple(text for text in (str(part).strip() for part in parts) if text)

    @property
    def is_empty(self) -> bool:
        """In no boundary group."""
        return not self.ids


class ContentLocations(Evidence, frozen=True):
    """Whether distribution points were offered, which tells a missing boundary from a missing update point."""

    asks = "content-locations"

    found: Event | None
    empty: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> ContentLocations | None:
        """None when no content was located."""
        found, empty = (
            newest(bundle.events("dp-found", "content-locations")),
            newest(bundle.events("dp-list-empty", "content-location-empty")),
        )
        return cls(found=found, empty=empty) if found or empty else None

    @property
    def newest_is_empty(self) -> bool:
        """The newest location reply for content was empty."""
        return self.empty is not None and (self.found is None or self.empty.after(self.found) is True)

    @property
    def newest_is_found(self) -> bool:
        """The newest location reply for content named a distribution point."""
        return self.found is not None and (self.empty is None or self.found.after(self.empty) is True)


class BoundaryPicture(Evidence, frozen=True):
    """All that tells whether the client stands in a boundary group; any part may be missing, not all."""

    asks = "sup-location"

    location: UpdatePointLocation | None
    content: ContentLocations | None
    groups: BoundaryGroupCache | None
    outside: Event | None
    used: Event | None  # the newest line in which the client works with an update point that it knows
    client: ClientAddresses | None
    matches: tuple[Match, ...]

    @classmethod
    def read(cls, bundle: Bundle) -> BoundaryPicture | None:
        """None when no location reply, group cache or comparable boundary list is in the bundle."""
        site, client = bundle.evidence(SiteBoundaries), bundle.evidence(ClientAddresses)
        found = cls(
            location=bundle.evidence(UpdatePointLocation),
            content=bundle.evidence(ContentLocations),
            groups=bundle.evidence(BoundaryGroupCache),
            outside=newest(bundle.events("no-boundary-group")),
            used=newest(bundle.events(*WORKS_WITH_ONE)),
            client=client,
            matches=site.against(client) if site and client else (),
        )
        return found if found.location or found.groups or found.outside or found.matches else None

    @property
    def address(self) -> str | None:
        """The client's address."""
        return self.client.shown if self.client else None

    @property
    def on_internet(self) -> Event | None:
        """The newest request, when the client asked as one on the internet: boundaries are not used for it."""
        return self.client.on_internet if self.client else None

    @property
    def unasked(self) -> list[str]:
        """The questions that would tell more of the client's boundary groups, without those that were answered."""
        groups = "default-boundary-group" if self.groups else "boundary-group-cache"
        asked = {"boundaries": self.matches, "content-locations": self.content, "sup-location": self.location}
        return [groups, *(question for question, answer in asked.items() if not answer)]

    @property
    def in_none(self) -> bool:
        """The list of boundaries is known and can be compared in full, and none matches or was meant to."""
        return bool(self.matches) and not any(one.covers or one.open for one in self.matches)

    @property
    def trapped(self) -> bool:
        """No boundary of the list matches, and one was meant to."""
        return any(one.trapped for one in self.matches) and not any(one.matches for one in self.matches)

    @property
    def matching(self) -> State | None:
        """A boundary of the list that matches; one whose boundary group is named comes first."""
        fitting = [one.boundary for one in self.matches if one.matches]
        return next((one for one in fitting if one.values.get("groups")), fitting[0] if fitting else None)

    @property
    def group(self) -> State | None:
        """What shows that the client is in a boundary group that somebody made.

        Either a matching boundary with its group, or more than one group in the cache.
        """
        if self.matching is not None and self.matching.values.get("groups"):
            return self.matching
        return self.groups.row if self.groups and len(self.groups.ids) > 1 else None

    @property
    def said_none(self) -> State | Event | None:
        """The client's own word that it is in no boundary group: the newer empty cache, or the line of its log."""
        if self.groups is not None:
            return self.groups.row if self.groups.is_empty else None
        later = self.location.named if self.location else None
        stands = self.outside is not None and not (later is not None and later.after(self.outside))
        return self.outside if stands else None

    @property
    def sup_empty(self) -> bool:
        """The newest reply held no update point."""
        return self.location is not None and self.location.newest_reply_is_empty

    @property
    def sup_named(self) -> bool:
        """An update point was named or is in use, and no empty reply followed."""
        known = self.location.found if self.location else None
        return (known or self.used) is not None and not self.sup_empty

    @property
    def content_empty(self) -> bool:
        """The newest reply for content held no distribution point."""
        return self.content is not None and self.content.newest_is_empty

    @property
    def content_found(self) -> bool:
        """Distribution points were offered, and no empty reply followed."""
        return self.content is not None and self.content.newest_is_found

    @property
    def content_was_found(self) -> bool:
        """Distribution points were offered at some time."""
        return self.content is not None and self.content.found is not None

    @property
    def fails(self) -> bool:
        """A reply or the client itself shows that it finds its servers no more."""
        return self.sup_empty or self.content_empty or self.said_none is not None

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The empty (or newest) replies, what is said of groups, and the address that was compared with the list."""
        named = (self.location.found if self.location else None) or self.used
        replies = (
            self.location.last_empty if self.location and self.sup_empty else named,
            (self.content.empty if self.content_empty else self.content.found) if self.content else None,
        )
        groups = self.groups.row if self.groups else self.outside
        address = self.client.proof[0] if self.client and self.matches else None
        return tuple(one for one in (*replies, groups, address) if one is not None)
