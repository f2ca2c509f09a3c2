"""Replaced addresses keep what the reasoning about boundaries and subnets leans on."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address

from hypothesis import given
from hypothesis import strategies as st

from ccmdoctor.redaction.addresses import AddressMap, is_special, parse
from ccmdoctor.redaction.scrambled import Scrambler

ANY = st.integers(0, 0xFFFFFFFF)
PRIVATE = st.one_of(
    st.integers(0x0A000000, 0x0AFFFFFF), st.integers(0xAC100000, 0xAC1FFFFF), st.integers(0xC0A80000, 0xC0A8FFFF)
)
ADDRESSES = st.lists(st.one_of(ANY, PRIVATE), min_size=1, max_size=12, unique=True)
KEYS = st.binary(min_size=16, max_size=16)


def mapped(seen: list[int], key: bytes = b"k" * 16) -> AddressMap:
    return AddressMap(seen, Scrambler(key))


def common(one: int, other: int) -> int:
    """How many bits two addresses share from the left."""
    return 32 - (one ^ other).bit_length()


@given(ADDRESSES, KEYS)
def test_order_and_shared_prefixes_stay(seen: list[int], key: bytes) -> None:
    found = mapped(seen, key)
    made = [found.number(value) for value in sorted(seen)]
    assert made == sorted(made) and len(set(made)) == len(made)
    for at, one in enumerate(sorted(seen)):
        for upto, other in enumerate(sorted(seen)):
            assert common(made[at], made[upto]) == common(one, other)


@given(st.lists(PRIVATE, min_size=1, max_size=4, unique=True), KEYS)
def test_private_addresses_stay_private_and_become_others(seen: list[int], key: bytes) -> None:
    found = mapped(seen, key)
    for value in seen:
        old, new = IPv4Address(value), IPv4Address(found.number(value))
        assert new.is_private and old.packed[0] == new.packed[0]
        assert value & 0x3FF == found.number(value) & 0x3FF  # the host part stays
    assert any(found.number(value) != value for value in seen)


@given(ANY)
def test_special_addresses_stay(value: int) -> None:
    if is_special(value):
        assert mapped([value]).number(value) == value


@given(st.text(max_size=20))
def test_only_dotted_quads_are_addresses(text: str) -> None:
    value = parse(text)
    if value is not None:
        assert str(ip_address(value)) == text


def test_networks_keep_their_base() -> None:
    seen = [one for one in map(parse, ("10.0.0.0", "10.0.1.10", "10.0.255.254", "172.16.0.0")) if one is not None]
    found = mapped(seen)
    assert found.text("10.0.0.0", 8) == "10.0.0.0"
    base = found.text("10.0.0.0", 16)
    assert base.endswith(".0.0") and found.text("10.0.1.10").startswith(base.removesuffix("0.0"))
    assert found.text("172.16.0.0", 12) == "172.16.0.0"
    assert mapped([0x0A000000, 0x0A4D0304]).text("10.0.0.0") == "10.0.0.0"  # it may be meant as all of 10


@given(ADDRESSES, KEYS, st.integers(1, 3))
def test_a_wildcard_still_covers_the_addresses_that_it_covered(seen: list[int], key: bytes, parts: int) -> None:
    found = mapped(seen, key)
    for value in seen:
        start = ".".join(str(IPv4Address(value)).split(".")[:parts])
        if not is_special(value) and not is_special(parse(start + ".0" * (4 - parts)) or 0):
            assert str(IPv4Address(found.number(value))).startswith(f"{found.network(start)}.")
