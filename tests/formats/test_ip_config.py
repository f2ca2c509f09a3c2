"""``ipconfig /all``. The labels and the layout are those of public English and Japanese captures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmdoctor.formats.ip_config import MARKERS, read
from ccmdoctor.model import State

ENGLISH = """
Windows IP Configuration

   Host Name . . . . . . . . . . . . : PC0123
   Primary Dns Suffix  . . . . . . . : corp.contoso.com
   Node Type . . . . . . . . . . . . : Hybrid
   IP Routing Enabled. . . . . . . . : No
   DNS Suffix Search List. . . . . . : corp.contoso.com
                                       contoso.com

Ethernet adapter Ethernet:

   Connection-specific DNS Suffix  . : corp.contoso.com
   Description . . . . . . . . . . . : Intel(R) Ethernet Connection
   Physical Address. . . . . . . . . : 00-15-5D-00-00-01
   DHCP Enabled. . . . . . . . . . . : Yes
   Link-local IPv6 Address . . . . . : fe80::1111:2222:3333:4444%5(Preferred)
   IPv4 Address. . . . . . . . . . . : 10.0.1.10(Preferred)
   Subnet Mask . . . . . . . . . . . : 255.255.255.0
   Lease Obtained. . . . . . . . . . : Tuesday, March 25, 2025 8:00:01 AM
   Default Gateway . . . . . . . . . : fe80::1%5
                                       10.0.1.1
   DHCP Server . . . . . . . . . . . : 10.0.0.5
   DNS Servers . . . . . . . . . . . : 10.0.0.5
                                       10.0.0.6
   NetBIOS over Tcpip. . . . . . . . : Enabled

Wireless LAN adapter Wi-Fi:

   Media State . . . . . . . . . . . : Media disconnected
   Connection-specific DNS Suffix  . :
   Description . . . . . . . . . . . : Intel(R) Wi-Fi 6
"""

JAPANESE = """
Windows IP 構成

   ホスト名. . . . . . . . . . . . . . .: PC0123
   プライマリ DNS サフィックス . . . . .: corp.contoso.com
   ノード タイプ . . . . . . . . . . . .: ハイブリッド

イーサネット アダプター イーサネット:

   接続固有の DNS サフィックス . . . . .: corp.contoso.com
   説明. . . . . . . . . . . . . . . . .: Intel(R) Ethernet Connection
   物理アドレス. . . . . . . . . . . . .: 00-15-5D-00-00-01
   リンクローカル IPv6 アドレス. . . . .: fe80::1111:2222:3333:4444%5(優先)
   IPv4 アドレス . . . . . . . . . . . .: 10.0.1.10(優先)
   サブネット マスク . . . . . . . . . .: 255.255.255.0
   デフォルト ゲートウェイ . . . . . . .: fe80::1%5
                                          10.0.1.1
   DNS サーバー. . . . . . . . . . . . .: 10.0.0.5
                                          10.0.0.6
   NetBIOS over TCP/IP . . . . . . . . .: 有効

Wireless LAN adapter Wi-Fi:

   メディアの状態. . . . . . . . . . . .: メディアは接続されていません
   接続固有の DNS サフィックス . . . . .:
"""


def adapters(text: str) -> list[State]:
    return [state for state in read(text, "ipconfig.txt") if state.kind == "adapter"]


@pytest.mark.parametrize(
    ("text", "title"),
    [(ENGLISH, "Ethernet adapter Ethernet"), (JAPANESE, "イーサネット アダプター イーサネット")],
)
def test_a_connected_adapter_tells_all_its_addresses(text: str, title: str) -> None:
    state = adapters(text)[0]
    assert state.name == title
    assert state.values == {
        "addresses": ["10.0.1.10/24"],
        "ipv6": ["fe80::1111:2222:3333:4444%5"],
        "gateways": ["fe80::1%5", "10.0.1.1"],
        "dns": ["10.0.0.5", "10.0.0.6"],
        "suffix": "corp.contoso.com",
        "connected": True,
    }


@pytest.mark.parametrize("text", [ENGLISH, JAPANESE])
def test_an_unplugged_adapter_is_not_connected(text: str) -> None:
    state = adapters(text)[1]
    assert state.name == "Wireless LAN adapter Wi-Fi"
    assert state.values["connected"] is False
    assert state.values["addresses"] == []
    assert state.values["suffix"] is None


@pytest.mark.parametrize("text", [ENGLISH, JAPANESE])
def test_the_computer_is_named(text: str) -> None:
    client = read(text, "f")[0]
    assert (client.kind, client.name) == ("client", "PC0123")
    assert client.values == {"name": "PC0123", "domain": "corp.contoso.com"}
    assert client.place.line == 4


@pytest.mark.parametrize(("text", "line"), [(ENGLISH, 18), (JAPANESE, 14)])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_the_quote_is_the_address_line(text: str, line: int, newline: str) -> None:
    state = adapters("\ufeff" + text.replace("\n", newline))[0]
    assert state.place.line == line
    assert "10.0.1.10(" in state.text


@pytest.mark.parametrize(
    ("mask", "prefix"),
    [("255.255.0.0", "/16"), ("255.255.255.248", "/29"), ("255.255.255.255", "/32"), ("0.0.0.0", "/0")],
)
def test_the_mask_becomes_a_prefix_length(mask: str, prefix: str) -> None:
    text = ENGLISH.replace("255.255.255.0", mask)
    assert adapters(text)[0].values["addresses"] == ["10.0.1.10" + prefix]


@pytest.mark.parametrize("mask", ["255.0.255.0", "0.0.0.255", "none", "255.255.255", ""])
def test_what_is_no_mask_gives_no_prefix_length(mask: str) -> None:
    text = ENGLISH.replace("255.255.255.0", mask)
    assert adapters(text)[0].values["addresses"] == ["10.0.1.10"]


def test_two_addresses_keep_their_own_masks() -> None:
    text = ENGLISH.replace(
        "   Lease Obtained",
        "   IPv4 Address. . . . . . . . . . . : 172.16.0.9(Preferred)\n"
        "   Subnet Mask . . . . . . . . . . . : 255.255.0.0\n   Lease Obtained",
    )
    assert adapters(text)[0].values["addresses"] == ["10.0.1.10/24", "172.16.0.9/16"]


@pytest.mark.parametrize("label", ["Autoconfiguration IPv4 Address. . ", "自動構成 IPv4 アドレス. . . . . . "])
def test_a_self_given_address_counts(label: str) -> None:
    text = f"Ethernet adapter Ethernet:\n\n   {label}: 169.254.7.7(Preferred)\n   Subnet Mask . . . : 255.255.0.0\n"
    assert adapters(text)[0].values["addresses"] == ["169.254.7.7/16"]


def test_the_dhcp_server_is_no_dns_server_and_search_suffixes_are_no_addresses() -> None:
    values = adapters(ENGLISH)[0].values
    assert values["dns"] == ["10.0.0.5", "10.0.0.6"]
    assert len(adapters(ENGLISH)) == 2


def test_plain_ipconfig_without_all_is_read_too() -> None:
    text = "Wireless LAN adapter Wi-Fi:\n\n   IPv4 アドレス . . . . . . . . .: 192.168.0.21\n   サブネット マスク . . . . . . .: 255.255.255.0\n"
    assert adapters(text)[0].values["addresses"] == ["192.168.0.21/24"]


def test_a_cut_paste_without_a_heading_still_gives_the_address() -> None:
    text = "hello,\n   IPv4 Address. . . . . . : 10.0.1.10\n   Subnet Mask . . . . . . : 255.255.255.0\nthanks\n"
    state = adapters(text)[0]
    assert (state.name, state.values["addresses"]) == ("", ["10.0.1.10/24"])


@pytest.mark.parametrize(
    "prose",
    [
        "My adapter is connected:\nno idea why it fails.",
        "The subnet mask: 255.255.255.0 is what we use.",
        "Set the IP address: 10.0.1.10",
        "サブネット マスク: 255.255.0.0 を指定した境界です。",
    ],
)
def test_prose_gives_no_adapter(prose: str) -> None:
    assert adapters(prose) == []


@pytest.mark.parametrize("text", [ENGLISH, JAPANESE])
def test_markers_let_every_output_through(text: str) -> None:
    assert any(marker in text.lower() for marker in MARKERS)
    assert all(marker == marker.lower() for marker in MARKERS)


PIECES = st.sampled_from([*ENGLISH.splitlines(), *JAPANESE.splitlines(), "adapter:", ":", "   : ", "fe80::", "(優先)"])


@given(st.lists(PIECES | st.text(max_size=60), max_size=40).map("\n".join))
def test_any_text_gives_a_list_of_states_that_stand_in_it(text: str) -> None:
    count = len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    for state in read(text, "f"):
        assert isinstance(state, State)
        assert 1 <= state.place.line <= count
