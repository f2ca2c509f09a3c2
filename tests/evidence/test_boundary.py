"""Boundaries against addresses: equality of subnet ids, never containment."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from ccmdoctor.evidence.base import Bundle, Target
from ccmdoctor.evidence.boundary import BoundaryGroupCache, ClientAddresses, Match, SiteBoundaries, compare
from ccmdoctor.model import Event, Place, Record, State
from ccmdoctor.reader import Reading


def boundary(value: str, type: str = "ip-subnet", groups: tuple[str, ...] = ()) -> State:
    values = {"type": type, "value": value, "display": None, "groups": list(groups), "site_systems": []}
    return State("boundary", value, values, Place("boundaries.csv", 2), value)


def adapter(name: str, *addresses: str, gateway: str = "", ipv6: tuple[str, ...] = (), connected: bool = True) -> State:
    values = {
        "addresses": list(addresses),
        "ipv6": list(ipv6),
        "gateways": [gateway] if gateway else [],
        "connected": connected,
    }
    return State("adapter", name, values, Place("ipconfig.txt", 5), name)


def request(elements: str, attributes: str = "") -> Event:
    text = (
        f' SchemaVersion="1.00"><ClientLocationInfo {attributes}><ADSite Name="Tokyo"/>{elements}</ClientLocationInfo>'
    )
    record = Record(f"WSUSLocationRequest : <WSUSLocationRequest{text}", Place("LocationServices.log", 1))
    return Event("sup-request", "info", {"request": text}, record, "LocationServices")


def bundle(*states: State, requests: tuple[Event, ...] = ()) -> Bundle:
    events = {"sup-request": list(requests)} if requests else {}
    return Bundle(Reading(events, list(states), [], [], None, None, None), Target(), None)


def against(list_: tuple[State, ...], *adapters: State, requests: tuple[Event, ...] = ()) -> tuple[Match, ...]:
    box = bundle(*list_, *adapters, requests=requests)
    site, client = SiteBoundaries.read(box), ClientAddresses.read(box)
    assert site and client
    return site.against(client)


# the examples of the support article, what follows from its rule, and the ways to write a value


@pytest.mark.parametrize(
    ("value", "address", "matches", "trapped"),
    [
        ("192.168.10.0/255.255.255.0", "192.168.10.1/24", True, False),
        ("192.168.10.0/255.255.255.0", "192.168.10.10/29", False, True),
        ("10.0.0.0/255.255.0.0", "10.0.1.1/24", False, True),
        ("10.0.0.0/255.255.0.0", "10.0.1.10/16", True, False),
        ("10.0.0.0/255.255.0.0", "10.0.0.5/24", True, False),  # the first sub-net of the super-net
        ("10.0.0.0/16", "10.0.1.10/24", False, True),
        ("10.0.0.0 / 16", "10.0.0.10/24", True, False),
        ("10.0.0.0", "10.0.0.10/24", True, False),
        ("10.0.0.0", "10.0.0.10/8", True, False),
        ("10.0.0.0", "10.0.1.10/24", False, True),
        ("10.0.0.0", "10.200.1.10/24", False, True),
        ("10.0.0.0", "11.0.0.10/24", False, False),
        ("10.0.1.17/24", "10.0.1.10/24", True, False),  # a host with its mask stands for its network
        ("10.0.1.17", "10.0.1.10/24", False, False),  # an id that no mask gives
        ("172.16.0.0/12", "172.22.3.4/16", False, True),
        ("172.16.0.0", "172.22.3.4/16", False, False),
        ("10.8.0.0/16", "10.8.3.7/32", False, True),
        ("10.8.3.7", "10.8.3.7/32", True, False),
        ("0.0.0.0", "10.0.1.10/24", False, False),
        ("0.0.0.0/0", "10.0.1.10/24", False, True),
        ("", "10.0.1.10/24", False, False),
        ("10.0.0.0/99", "10.0.0.10/24", True, False),  # a mask that is none: the id still counts
        ("10.0.0.0/255.0.255.0", "10.0.0.10/24", True, False),
        ("2001:db8:1:2", "10.0.0.10/24", False, False),
        ("Tokyo", "10.0.0.10/24", False, False),
    ],
)
def test_a_subnet_boundary(value: str, address: str, matches: bool, trapped: bool) -> None:
    found = compare(boundary(value), IPv4Interface(address))
    assert (found.matches, found.trapped) == (matches, trapped)
    assert found.subnet_id == str(IPv4Interface(address).network.network_address)


@pytest.mark.parametrize(
    ("value", "address", "matches"),
    [
        ("10.0.0.1-10.0.255.254", "10.0.1.10/24", True),
        ("10.0.1.10-10.0.1.10", "10.0.1.10/24", True),
        ("10.0.0.1 - 10.0.1.9", "10.0.1.10/24", False),
        ("10.0.1.11-10.0.1.254", "10.0.1.10/24", False),
        ("10.0.9.0-10.0.0.0", "10.0.1.10/24", False),
        ("2001:db8::1-2001:db8::ff", "10.0.1.10/24", False),
        ("10.0.1.10", "10.0.1.10/24", False),
        ("a-b", "10.0.1.10/24", False),
        ("", "10.0.1.10/24", False),
    ],
)
def test_a_range_boundary_contains(value: str, address: str, matches: bool) -> None:
    found = compare(boundary(value, "ip-range"), IPv4Interface(address))
    assert found.matches is matches and not found.trapped and not found.open


@pytest.mark.parametrize(
    ("site", "matches", "open_"),
    [("Tokyo", True, False), ("TOKYO", True, False), ("Osaka", False, False), (None, False, True)],
)
def test_a_site_boundary_stays_open_while_the_site_is_not_known(site: str | None, matches: bool, open_: bool) -> None:
    found = compare(boundary("Tokyo", "ad-site"), IPv4Interface("10.0.1.10/24"), site)
    assert (found.matches, found.open, found.trapped) == (matches, open_, False)


ADDRESSES = st.integers(0, 2**32 - 1).map(IPv4Address)
PREFIXES = st.integers(0, 32)


@given(ADDRESSES, PREFIXES, ADDRESSES, PREFIXES)
@example(IPv4Address("10.0.0.0"), 16, IPv4Address("10.0.1.10"), 24)
@example(IPv4Address("10.0.0.0"), 16, IPv4Address("10.0.0.10"), 24)
def test_only_equal_ids_match(network: IPv4Address, mask: int, address: IPv4Address, prefix: int) -> None:
    """However the value is written, it matches when the ids are equal and in no other case."""
    meant = IPv4Network((int(network), mask), strict=False)
    client = IPv4Interface((int(address), prefix))
    equal = meant.network_address == client.network.network_address
    for value in (str(meant), f"{meant.network_address}/{meant.netmask}", str(meant.network_address)):
        assert compare(boundary(value), client).matches is equal, value


@given(ADDRESSES, st.integers(1, 30), st.data())
def test_containment_is_no_match(address: IPv4Address, mask: int, data: st.DataObject) -> None:
    """A client in a smaller subnet of the boundary matches in the first subnet only; elsewhere it is trapped."""
    meant = IPv4Network((int(address), mask), strict=False)
    prefix = data.draw(st.integers(mask + 1, 32))
    inside = data.draw(st.integers(int(meant.network_address), int(meant.broadcast_address)))
    client = IPv4Interface((inside, prefix))
    found = compare(boundary(str(meant)), client)
    assert found.covers
    assert found.matches is (client.network.network_address == meant.network_address)
    assert found.trapped is not found.matches


@given(ADDRESSES, PREFIXES, ADDRESSES, PREFIXES)
def test_a_match_needs_no_equal_size_and_is_symmetric(a: IPv4Address, x: int, b: IPv4Address, y: int) -> None:
    one, two = IPv4Interface((int(a), x)), IPv4Interface((int(b), y))
    there = compare(boundary(str(one.network)), two).matches
    back = compare(boundary(str(two.network)), one).matches
    assert there is back


@given(ADDRESSES, PREFIXES, ADDRESSES)
def test_a_written_mask_that_does_not_cover_traps_nobody(network: IPv4Address, mask: int, address: IPv4Address) -> None:
    meant = IPv4Network((int(network), mask), strict=False)
    assume(address not in meant)
    assert not compare(boundary(str(meant)), IPv4Interface((int(address), 32))).covers


@given(st.text(max_size=40), st.sampled_from(["ip-subnet", "ip-range", "ad-site", "ipv6-prefix", "vpn", "", "other"]))
def test_no_value_breaks_it(value: str, type: str) -> None:
    found = compare(boundary(value, type), IPv4Interface("10.0.1.10/24"))
    assert found.covers or not found.matches


# intentions that are only concluded


def test_how_far_a_guess_may_reach() -> None:
    near, far = (compare(boundary("10.0.0.0"), IPv4Interface(one)) for one in ("10.0.1.10/24", "10.77.3.4/24"))
    assert near.trapped and not near.far
    assert far.trapped and far.far
    assert not compare(boundary("10.0.0.0/8"), IPv4Interface("10.77.3.4/24")).far, "a written mask is no guess"


def test_subnets_listed_one_by_one_are_no_super_net() -> None:
    listed = (boundary("10.0.0.0"), boundary("10.0.2.0"))
    client = adapter("Ethernet adapter Ethernet", "10.0.1.10/24", gateway="10.0.1.1")
    assert not any(one.trapped for one in against(listed, client))
    assert any(one.trapped for one in against(listed[:1], client))
    assert any(one.trapped for one in against((boundary("10.0.0.0/16"), boundary("10.0.2.0")), client))


# the client's addresses


def test_several_adapters_count_and_the_one_with_a_gateway_is_shown() -> None:
    vpn = adapter("PPP adapter Contoso", "10.8.3.7/32", gateway="0.0.0.0")
    lan = adapter("Ethernet adapter Ethernet", "10.0.1.10/24", gateway="10.0.1.1")
    gone = adapter("Ethernet adapter Dock", "10.5.0.9/24", gateway="10.5.0.1", connected=False)
    odd = adapter("Ethernet adapter Odd", "127.0.0.1/8", "169.254.7.7/16")
    client = ClientAddresses.read(bundle(vpn, gone, odd, lan))
    assert client and [spot.shown for spot in client.spots] == ["10.0.1.10/24", "10.8.3.7/32"]
    assert client.shown == "10.0.1.10/24"
    assert any(one.matches for one in against((boundary("10.8.3.7"),), lan, vpn))


def test_host_only_networks_match_and_trap_nobody() -> None:
    switch = adapter("イーサネット アダプター vEthernet (Default Switch)", "172.22.64.1/20")
    assert not any(one.trapped for one in against((boundary("172.16.0.0/12"),), switch))
    assert any(one.matches for one in against((boundary("172.22.64.0/20"),), switch))


def test_ipv6_only() -> None:
    client = adapter("Ethernet adapter Ethernet", gateway="fe80::1%5", ipv6=("2001:db8:1:2::10", "fe80::10%5"))
    found = ClientAddresses.read(bundle(client))
    assert found and [spot.ip for spot in found.spots] == [IPv6Address("2001:db8:1:2::10")]
    assert found.shown == "2001:db8:1:2::10"
    values = {
        "2001:db8:1:2": True,
        "2001:db8:1:2::": True,
        "2001:db8:1:2::/64": True,
        "2001:db8:1::/48": True,
        "2001:db8:1:3": False,
        "2001:db8": False,
        "nonsense": False,
    }
    for value, matches in values.items():
        assert any(one.matches for one in against((boundary(value, "ipv6-prefix"),), client)) is matches, value
    assert not any(one.covers or one.open for one in against((boundary("10.0.0.0/16"),), client))
    assert any(one.matches for one in against((boundary("2001:db8:1:2::1-2001:db8:1:2::ff", "ip-range"),), client))


def test_a_missing_mask_leaves_subnet_boundaries_open() -> None:
    (found,) = against((boundary("10.0.0.0/16"),), adapter("Ethernet adapter Ethernet", "10.0.0.10"))
    assert found.open and found.lacks_mask and not found.matches and not found.trapped
    (found,) = against((boundary("10.0.0.1-10.0.0.99", "ip-range"),), adapter("Ethernet adapter Ethernet", "10.0.0.10"))
    assert found.matches


def test_vpn_boundaries() -> None:
    vpn = adapter("PPP adapter ContosoVPN", "10.8.3.7/32")
    values = {
        "Name:CONTOSOVPN": (True, False),
        "Name:VPN": (False, True),
        "Auto:On": (False, True),
        "Name:": (False, True),
    }
    for value, expected in values.items():
        (found,) = against((boundary(value, "vpn"),), vpn)
        assert (found.matches, found.open) == expected, value


@pytest.mark.parametrize(
    ("elements", "shown"),
    [
        ('<IPAddress SubnetAddress="10.0.1.0" Address="10.0.1.10"/>', ["10.0.1.10"]),
        ('<IPAddress Address="10.0.1.10" SubnetAddress="10.0.1.0"></IPAddress>', ["10.0.1.10"]),
        ("<IPAddress SubnetAddress='10.0.1.0' Address='10.0.1.10'/>", ["10.0.1.10"]),
        ('<IPAddress SubnetAddress="10.8.3.7" Address="10.8.3.7"/>', ["10.8.3.7/32"]),
        ('<IPAddress SubnetAddress="" Address="10.0.1.10"/><IPAddress Address="fe80::1"/>', []),
        ('<IPAddress SubnetAddress="169.254.0.0" Address="169.254.3.4"/>', []),
        ("<IPAddress", []),
    ],
)
def test_addresses_of_the_request(elements: str, shown: list[str]) -> None:
    client = ClientAddresses.read(bundle(requests=(request(elements),)))
    assert [spot.shown for spot in client.spots] == shown if client else shown == []


def test_the_request_gives_the_id_and_the_site_and_says_where_it_comes_from() -> None:
    asked = request('<IPAddress SubnetAddress="10.0.1.0" Address="10.0.1.10"/>', 'OnInternet="1"')
    subnet, site = against((boundary("10.0.0.0/16"), boundary("Tokyo", "ad-site")), requests=(asked,))
    assert subnet.trapped and subnet.subnet_id == "10.0.1.0"
    assert site.matches
    client = ClientAddresses.read(bundle(requests=(asked,)))
    assert client and client.on_internet is asked


@pytest.mark.parametrize(
    ("value", "ids"),
    [
        (None, ()),
        ("", ()),
        ("{}", ()),
        ([], ()),
        ("16777217", ("16777217",)),
        ("{16777217, 16777218}", ("16777217", "16777218")),
        ([16777217, 16777218], ("16777217", "16777218")),
        (16777217, ("16777217",)),
    ],
)
def test_the_groups_in_the_cache(value: object, ids: tuple[str, ...]) -> None:
    row = State("wmi", "BoundaryGroupCache", {"boundarygroupids": value}, Place("wmi.txt", 3))
    cache = BoundaryGroupCache.read(bundle(row))
    assert cache and cache.ids == ids and cache.is_empty is not bool(ids)
    assert cache.row.text
