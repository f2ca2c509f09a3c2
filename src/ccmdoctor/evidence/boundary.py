"""Boundaries: the client's addresses against the boundaries of the site.

An IP subnet boundary stores nothing but a subnet id. The client computes its own id from its own address and mask,
and the two match only when they are equal; there is no test of containment. So the id 10.0.0.0 of a boundary meant
as "all of 10.0" matches neither 10.0.1.10/24 nor any other smaller subnet but the first.
Source: https://jpmem.github.io/blog/mecm/20220414_01/
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv4Interface, IPv4Network, ip_address, ip_network

import msgspec

from ccmdoctor.evidence.base import Bundle, Evidence, Proof, newest
from ccmdoctor.evidence.policy import newest_state
from ccmdoctor.evidence.update_point import UpdatePointLocation
from ccmdoctor.model import Event, State

_SUBNET = re.compile(r"SubnetAddress=\"([0-9.]+)\"", re.IGNORECASE)
_ADDRESS = re.compile(r"\sAddress=\"([0-9.]+)\"", re.IGNORECASE)


class Match(msgspec.Struct, frozen=True):
    """One boundary against one address: does it match, and does its author's intention cover the address."""

    boundary: State
    address: str
    subnet_id: str
    matches: bool
    covers: bool

    @property
    def trapped(self) -> bool:
        """Meant to cover the address, and does not match: the IP subnet trap."""
        return self.covers and not self.matches


def compare(boundary: State, address: IPv4Interface, ad_site: str | None = None) -> Match:
    """Match one boundary (State of kind "boundary") against an address with its prefix."""
    kind, value = boundary.values.get("type"), str(boundary.values.get("value") or "")
    subnet_id = str(address.network.network_address)
    matches = covers = False
    if kind == "ip-subnet":
        network = _network(value)
        boundary_id = str(network.network_address) if network else value.split("/")[0].strip()
        matches = boundary_id == subnet_id
        covers = matches or (network is not None and address.ip in network) or _looks_covering(value, address.ip)
    elif kind == "ip-range":
        ends = _range(value)
        matches = covers = ends is not None and ends[0] <= address.ip <= ends[1]
    elif kind == "ad-site":
        matches = covers = bool(ad_site) and value.lower() == str(ad_site).lower()
    return Match(boundary, str(address), subnet_id, matches, covers)


def _network(value: str) -> IPv4Network | None:
    """The network as its author wrote it, when a mask or prefix was written."""
    if "/" not in value:
        return None
    try:
        network = ip_network(value.replace(" ", ""), strict=False)
    except ValueError:
        return None
    return network if isinstance(network, IPv4Network) else None


def _looks_covering(value: str, ip: IPv4Address) -> bool:
    """Without a mask, trailing zero octets tell how large the subnet was meant to be (10.0.0.0: all of 10)."""
    if "/" in value:
        return False
    try:
        network = IPv4Address(value.strip())
    except (AddressValueError, ValueError):
        return False
    octets = network.packed
    significant = max((index + 1 for index, octet in enumerate(octets) if octet), default=0)
    return 0 < significant < 4 and ip.packed[:significant] == octets[:significant]


def _range(value: str) -> tuple[IPv4Address, IPv4Address] | None:
    low, _, high = value.partition("-")
    try:
        first, last = ip_address(low.strip()), ip_address(high.strip())
    except ValueError:
        return None
    return (first, last) if isinstance(first, IPv4Address) and isinstance(last, IPv4Address) else None


class ClientAddresses(Evidence, frozen=True):
    """The client's IPv4 addresses with prefixes, from ipconfig or the client's own location request."""

    asks = "ip-configuration"

    addresses: tuple[str, ...]
    subnets: tuple[str, ...]
    proof: tuple[Proof, ...]

    @classmethod
    def read(cls, bundle: Bundle) -> ClientAddresses | None:
        """None when neither an adapter nor a location request shows an address."""
        adapters = [state for state in bundle.states("adapter") if state.values.get("addresses")]
        addresses = tuple(
            address
            for state in adapters
            for address in state.values["addresses"]
            if not address.startswith(("127.", "169.254."))
        )
        request = newest([event for event in bundle.events("sup-request") if _SUBNET.search(event.fields["request"])])
        subnets = tuple(_SUBNET.findall(request.fields["request"])) if request else ()
        if not addresses and not subnets:
            return None
        proof: tuple[Proof, ...] = (*adapters[:2], *((request,) if request else ()))
        return cls(addresses=addresses or _from_request(request), subnets=subnets, proof=proof)

    @property
    def interfaces(self) -> tuple[IPv4Interface, ...]:
        """The addresses that carry a prefix."""
        return tuple(IPv4Interface(one) for one in self.addresses if "/" in one)


def _from_request(request: Event | None) -> tuple[str, ...]:
    return tuple(_ADDRESS.findall(request.fields["request"])) if request else ()


class SiteBoundaries(Evidence, frozen=True):
    """The boundaries of the site, when a list of them is in the bundle (or given with --boundaries)."""

    asks = "boundaries"

    boundaries: tuple[State, ...]
    ad_site: str | None

    @classmethod
    def read(cls, bundle: Bundle) -> SiteBoundaries | None:
        """None without a list."""
        found = tuple(bundle.states("boundary"))
        site = newest(bundle.events("ad-site"))
        return cls(boundaries=found, ad_site=site.fields["site"].strip() if site else None) if found else None

    def against(self, client: ClientAddresses) -> tuple[Match, ...]:
        """Every boundary against every address of the client."""
        return tuple(compare(one, address, self.ad_site) for one in self.boundaries for address in client.interfaces)


class BoundaryGroupCache(Evidence, frozen=True):
    """The boundary groups that the management point told the client it is in (``BoundaryGroupCache``)."""

    asks = "boundary-group-cache"

    row: State

    @classmethod
    def read(cls, bundle: Bundle) -> BoundaryGroupCache | None:
        """None when the class was not queried."""
        row = newest_state(bundle.states("wmi", "BoundaryGroupCache"))
        return cls(row=row) if row else None

    @property
    def is_empty(self) -> bool:
        """In no boundary group."""
        return not self.row.values.get("boundarygroupids")


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
        return self.empty is not None and not (self.found is not None and self.found.after(self.empty))


class BoundaryPicture(Evidence, frozen=True):
    """All that tells whether the client stands in a boundary group; any part may be missing, not all."""

    asks = "sup-location"

    location: UpdatePointLocation | None
    content: ContentLocations | None
    groups: BoundaryGroupCache | None
    matches: tuple[Match, ...]
    listed: bool
    address: str | None

    @classmethod
    def read(cls, bundle: Bundle) -> BoundaryPicture | None:
        """None when no location reply, group cache or comparable boundary list is in the bundle."""
        site, client = SiteBoundaries.read(bundle), ClientAddresses.read(bundle)
        matches = site.against(client) if site and client else ()
        found = cls(
            location=UpdatePointLocation.read(bundle),
            content=ContentLocations.read(bundle),
            groups=BoundaryGroupCache.read(bundle),
            matches=matches,
            listed=bool(matches),
            address=client.addresses[0] if client and client.addresses else None,
        )
        return found if found.location or found.groups or found.listed else None

    @property
    def in_none(self) -> bool:
        """The list of boundaries is known, and none matches or was meant to."""
        return self.listed and not any(one.covers for one in self.matches)

    @property
    def in_some(self) -> bool:
        """Some boundary of the list matches, or the group cache names a group."""
        return any(one.matches for one in self.matches) or (self.groups is not None and not self.groups.is_empty)

    @property
    def sup_empty(self) -> bool:
        """The newest reply held no update point."""
        return self.location is not None and self.location.newest_reply_is_empty

    @property
    def content_empty(self) -> bool:
        """The newest reply for content held no distribution point."""
        return self.content is not None and self.content.newest_is_empty

    @property
    def content_found(self) -> bool:
        """Distribution points were offered."""
        return self.content is not None and self.content.found is not None and not self.content.newest_is_empty

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The empty (or newest) replies and the group cache."""
        replies = (
            self.location.last_empty or self.location.found if self.location else None,
            self.content.empty or self.content.found if self.content else None,
        )
        return tuple(one for one in (*replies, self.groups.row if self.groups else None) if one is not None)
