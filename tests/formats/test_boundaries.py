"""Boundary lists. Columns of ``Get-CMBoundary`` are those of the SMS_Boundary class; the console's are assumed."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmdoctor.formats.boundaries import MARKERS, parse_csv, read
from ccmdoctor.model import InputError, State

EXPORT = (
    "#TYPE Microsoft.ConfigurationManagement.ManagementProvider.WqlQueryEngine.WqlResultObject\n"
    '"BoundaryFlags","BoundaryID","BoundaryType","DefaultSiteCode","DisplayName","GroupCount","SiteSystems","Value"\n'
    '"0","16777217","0","System.String[]","Tokyo HQ","1","System.String[]","10.0.0.0"\n'
    '"0","16777218","1","System.String[]","","2","System.String[]","Default-First-Site-Name"\n'
    '"0","16777219","2","System.String[]","Lab, ""old""","0","System.String[]","2001:db8::/64"\n'
    '"0","16777220","3","System.String[]","大阪","1","System.String[]","10.0.0.1-10.0.0.254"\n'
    '"0","16777221","4","System.String[]","VPN","1","System.String[]","Auto:On"\n'
)
CONSOLE_EN = (
    "Boundary,Type,Description,Boundary Groups,Site Systems\n10.0.0.0,IP subnet,Tokyo,BG1;BG2,dp01.contoso.com\n"
)
CONSOLE_JA = (
    "境界,種類,説明,境界グループ,サイト システム\n"
    "10.0.0.0/255.255.0.0,IP サブネット,東京,本社グループ,dp01.contoso.com;dp02.contoso.com\n"
    "10.0.1.1-10.0.1.254,IP アドレスの範囲,大阪,,\n"
    "Default-First-Site-Name,Active Directory サイト,,,\n"
)


TABLE = (
    "PS C:\\> Get-CMBoundary | Format-Table DisplayName, BoundaryType, Value\n\n"
    "DisplayName BoundaryType Value\n"
    "----------- ------------ -----\n"
    "Tokyo HQ               0 10.0.0.0\n"
    "大阪                   3 10.0.1.1-10.0.1.254\n"
)
LIST = (
    "BoundaryID   : 16777218\nBoundaryType : 1\nDisplayName  : \nSiteSystems  : {dp01.contoso.com, dp02.contoso.com}\n"
    "Value        : Tokyo-HQ\n"
)
JSON = '[{"BoundaryType":2,"DisplayName":"Lab","SiteSystems":["dp01.contoso.com"],"Value":"2001:db8::/64"}]\n'


@pytest.mark.parametrize("reader", [read, parse_csv])
def test_boundaries_are_read_as_powershell_prints_them(reader: Callable[[str, str], list[State]]) -> None:
    table, listed, json = (reader(text, "b.txt") for text in (TABLE, LIST, JSON))
    assert [(one.values["type"], one.name, one.values["display"], one.place.line) for one in table] == [
        ("ip-subnet", "10.0.0.0", "Tokyo HQ", 5),
        ("ip-range", "10.0.1.1-10.0.1.254", "大阪", 6),
    ]
    assert [(one.values["type"], one.name, one.values["site_systems"]) for one in listed] == [
        ("ad-site", "Tokyo-HQ", ["dp01.contoso.com", "dp02.contoso.com"])
    ]
    assert [(one.values["type"], one.name, one.values["display"]) for one in json] == [
        ("ipv6-prefix", "2001:db8::/64", "Lab")
    ]


def test_an_export_beside_a_table_gives_each_boundary_once() -> None:
    assert [one.name for one in read(f"{CONSOLE_EN}\n{EXPORT}\n{TABLE}", "b.txt")].count("10.0.0.0") == 3


def test_every_type_of_an_export_is_named() -> None:
    assert [(state.values["type"], state.name) for state in parse_csv(EXPORT, "b.csv")] == [
        ("ip-subnet", "10.0.0.0"),
        ("ad-site", "Default-First-Site-Name"),
        ("ipv6-prefix", "2001:db8::/64"),
        ("ip-range", "10.0.0.1-10.0.0.254"),
        ("vpn", "Auto:On"),
    ]


def test_a_row_gives_names_and_lists_and_its_own_line_as_quote() -> None:
    states = parse_csv(EXPORT, "b.csv")
    assert states[0].values == {
        "type": "ip-subnet",
        "value": "10.0.0.0",
        "display": "Tokyo HQ",
        "groups": [],
        "site_systems": [],
    }
    assert states[1].values["display"] is None
    assert states[2].values["display"] == 'Lab, "old"'
    assert [state.place.line for state in states] == [3, 4, 5, 6, 7]
    assert states[3].text == EXPORT.splitlines()[5]


def test_the_english_console_list_names_groups_and_systems() -> None:
    (state,) = parse_csv(CONSOLE_EN, "b.csv")
    assert state.values == {
        "type": "ip-subnet",
        "value": "10.0.0.0",
        "display": "Tokyo",
        "groups": ["BG1", "BG2"],
        "site_systems": ["dp01.contoso.com"],
    }


def test_the_japanese_console_list_is_the_same() -> None:
    states = parse_csv(CONSOLE_JA, "境界.csv")
    assert [state.values["type"] for state in states] == ["ip-subnet", "ip-range", "ad-site"]
    assert states[0].values["groups"] == ["本社グループ"]
    assert states[0].values["site_systems"] == ["dp01.contoso.com", "dp02.contoso.com"]


@pytest.mark.parametrize("value", ["10.0.0.0", "10.0.0.0/16", "10.0.0.0/255.255.0.0"])
def test_a_subnet_is_kept_as_it_is_written(value: str) -> None:
    (state,) = parse_csv(f"Value,BoundaryType\n {value} ,0\n", "b.csv")
    assert state.name == state.values["value"] == value


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("10.0.0.0/16", "ip-subnet"),
        ("10.0.0.1-10.0.0.254", "ip-range"),
        ("10.0.0.1 - 10.0.0.254", "ip-range"),
        ("2001:db8::/64", "ipv6-prefix"),
        ("Tokyo-Site", "ad-site"),
    ],
)
def test_without_a_type_the_value_tells_it(value: str, kind: str) -> None:
    (state,) = parse_csv(f"DisplayName;Value\nx;{value}\n", "b.csv")
    assert state.values["type"] == kind


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_do_not_matter(delimiter: str, newline: str) -> None:
    text = "\ufeff" + newline.join([delimiter.join(["境界", "種類"]), delimiter.join(["10.0.0.0", "IP サブネット"])])
    (state,) = parse_csv(text, "b.csv")
    assert (state.name, state.place.line) == ("10.0.0.0", 2)


def test_an_empty_line_does_not_end_a_file_that_was_named_as_a_list() -> None:
    assert len(parse_csv("Value,Type\n10.0.0.0,IP subnet\n\n10.0.1.0,IP subnet\n", "b.csv")) == 2


@pytest.mark.parametrize(
    ("text", "line", "columns"),
    [
        ("Name,Colour\nTokyo,blue\n", 1, "Name, Colour"),
        ("#TYPE X\nIPアドレス,拠点\n10.0.0.0,東京\n", 2, "IPアドレス, 拠点"),
        ("", 1, ""),
    ],
)
def test_a_file_without_a_usable_column_is_refused_with_what_it_has(text: str, line: int, columns: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_csv(text, "b.csv")
    assert refused.value.key == "boundaries-unreadable"
    assert refused.value.about == {"file": "b.csv", "line": line, "columns": columns}


def test_a_list_amid_other_text_is_found_and_ends_at_the_empty_line() -> None:
    text = f"境界の一覧です。\n\n{CONSOLE_JA}\n10.9.9.9,これは別の表です\n"
    assert [state.name for state in read(text, "mail.txt")] == [
        "10.0.0.0/255.255.0.0",
        "10.0.1.1-10.0.1.254",
        "Default-First-Site-Name",
    ]
    assert read(text, "mail.txt")[0].place.line == 4


def test_two_lists_in_one_text_are_both_read() -> None:
    assert len(read(f"{CONSOLE_EN}\n{CONSOLE_EN}", "f")) == 2


@pytest.mark.parametrize(
    "text",
    [
        "LSGetBoundaryGroup, type 3, failed\nfoo,bar",
        '<![LOG[Client is in boundary group, type: 1]LOG]!><time="1" date="2" component="L" type="1">',
        "Value,Type\n10.0.0.0,IP subnet",  # not surely about boundaries: only for a file named as such
        "境界とは何ですか、種類は",
        "Boundary,Comment\n10.0.0.0,is it this one?",
    ],
)
def test_a_log_or_letter_that_mentions_boundaries_gives_nothing(text: str) -> None:
    assert read(text, "f") == []


@pytest.mark.parametrize("text", [EXPORT, CONSOLE_EN, CONSOLE_JA])
def test_markers_let_every_list_through(text: str) -> None:
    assert any(marker in text.lower() for marker in MARKERS)
    assert all(marker == marker.lower() for marker in MARKERS)
    assert read(text, "f") != []


@pytest.mark.parametrize("line", ["Boundary,Type", "10.0.0.0,0", "boundary,x", '"境界","種類"', 'boundary,"'])
def test_a_hostile_text_takes_no_longer_than_its_length_allows(line: str) -> None:
    start = time.perf_counter()
    read("境界,種類\n" + f"{line}\n" * 50_000, "f")
    assert time.perf_counter() - start < 10


PIECES = st.sampled_from(
    ["Value", "BoundaryType", "境界", "種類", ",", "\t", ";", '"', "\n", "\r", "10.0.0.0", "a-b", "\0"]
)
NOISE = st.lists(PIECES | st.text(max_size=20), max_size=60).map("".join)


@given(NOISE)
def test_any_text_gives_a_list_of_states_that_stand_in_it(text: str) -> None:
    count = len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    for state in read(text, "f"):
        assert isinstance(state, State)
        assert 1 <= state.place.line <= count


@given(NOISE)
def test_any_file_is_read_or_refused_but_never_fails_otherwise(text: str) -> None:
    try:
        states = parse_csv(text, "f")
    except InputError as refused:
        assert refused.key == "boundaries-unreadable"
    else:
        assert all(state.kind == "boundary" and state.values["value"] for state in states)
