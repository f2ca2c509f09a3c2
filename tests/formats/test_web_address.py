"""Web addresses as evidence states them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmdoctor.formats.web_address import host_in, site_in


@pytest.mark.parametrize(
    ("address", "host", "site"),
    [
        ("http://MP01.contoso.com/sms_mp/.sms_aut?mplist", "mp01.contoso.com", "http://MP01.contoso.com"),
        ("https://sup01.contoso.com:8531", "sup01.contoso.com", "https://sup01.contoso.com:8531"),
        ("http://[2001:db8::1]:8530/x", "2001:db8::1", "http://[2001:db8::1]:8530"),
        ("dp01.contoso.com/SMS_DP_SMSPKG$", "dp01.contoso.com", None),
        ("mp01", "mp01", None),
        ("http://]mplist", "", None),
        ("http://", "", None),
        ("", "", None),
        (None, "", None),
    ],
)
def test_host_and_site(address: str | None, host: str, site: str | None) -> None:
    assert (host_in(address), site_in(address)) == (host, site)


@given(st.text(alphabet="htps:/[]@%.#?0123456789abc \\\u3042\u212a", max_size=40))
def test_any_text_is_no_error_and_a_host_stands_in_it(address: str) -> None:
    host = host_in(address)
    assert host == host.lower()
    assert host in address.lower()
