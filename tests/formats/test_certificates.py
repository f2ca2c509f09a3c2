"""Listings of a certificate store: the collector's and a person's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmdoctor.formats.certificates import read

BY_HAND = """

Subject              : CN=PC0123.contoso.com
NotBefore            : 2025/01/01 9:00:00
NotAfter             : 2026/01/01 9:00:00
HasPrivateKey        : True
EnhancedKeyUsageList : {クライアント認証 (1.3.6.1.5.5.7.3.2)}

Subject              : CN=PC0123
NotBefore            : 2025/01/01 9:00:00
NotAfter             : 2026/01/01 9:00:00
HasPrivateKey        : False
EnhancedKeyUsageList : {サーバー認証 (1.3.6.1.5.5.7.3.1)}
"""


def test_a_persons_listing_has_no_dates_that_can_be_read() -> None:
    one, two = read(BY_HAND, "My.txt")
    assert one.values == {"before": None, "after": None, "key": True, "client": True}
    assert two.values == {"before": None, "after": None, "key": False, "client": False}
    assert (one.name, one.place.line, two.place.line) == ("CN=PC0123.contoso.com", 3, 9)


def test_the_collectors_listing_tells_the_count_and_the_dates() -> None:
    text = "Store                : My\r\nCertificates         : 1\r\n\r\nStore                : My\r\nSubject              : \r\n"
    text += (
        "NotBefore            : 2025-01-01T00:00:00.0000000Z\r\nNotAfter             : 2026-01-01T00:00:00.0000000Z\r\n"
    )
    store, one = read(text + "HasPrivateKey        : True\r\nEnhancedKeyUsageList : \r\n\r\n", "My.txt")
    assert (store.kind, store.name, store.values) == ("certificate-store", "My", {"count": 1})
    assert one.values["after"] == datetime(2026, 1, 1, tzinfo=UTC) and one.values["client"]


def test_an_empty_store_is_told() -> None:
    (store,) = read("Store                : My\r\nCertificates         : 0\r\n\r\n", "My.txt")
    assert store.values == {"count": 0}


@pytest.mark.parametrize(
    "text", ["Subject : x\n", "HasPrivateKey : True\n", "Certificates : 3\n", "Subject: a\nSubject: b"]
)
def test_what_is_no_listing(text: str) -> None:
    assert read(text, "f") == []


@given(st.lists(st.sampled_from([*BY_HAND.splitlines(), "Store : My", "Certificates : 99", "", "\0"]) | st.text()))
def test_any_text_gives_states_that_stand_in_it(lines: list[str]) -> None:
    text = "\n".join(lines)
    for state in read(text, "f"):
        assert 1 <= state.place.line <= len(text.splitlines())
