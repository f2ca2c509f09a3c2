"""``registry.pol``. The layout is MS-GPREG; the same bytes come out of Samba's writer (see the lab notes)."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmdoctor.formats.registry_pol import is_policy_file, read
from ccmdoctor.model import State

HEADER = b"PReg\x01\x00\x00\x00"
UPDATE = "Software\\Policies\\Microsoft\\Windows\\WindowsUpdate"


def wide(text: str) -> bytes:
    return text.encode("utf-16-le")


def entry(key: str, name: str, kind: int, data: bytes) -> bytes:
    numbers = struct.pack("<I", kind) + wide(";") + struct.pack("<I", len(data)) + wide(";")
    return wide("[") + wide(key + "\0") + wide(";") + wide(name + "\0") + wide(";") + numbers + data + wide("]")


def text_entry(name: str, value: str, key: str = UPDATE) -> bytes:
    return entry(key, name, 1, wide(value + "\0"))


def number_entry(name: str, value: int, key: str = UPDATE + "\\AU") -> bytes:
    return entry(key, name, 4, struct.pack("<I", value))


def head(data: bytes) -> State:
    state = read(data, "registry.pol")[0]
    assert (state.kind, state.name) == ("registry-pol", "header")
    return state


def values(data: bytes) -> dict[str, object]:
    return {state.name: state.values["value"] for state in read(data, "f") if state.kind == "policy-value"}


def test_a_local_policy_written_for_an_update_point_is_read() -> None:
    data = HEADER + text_entry("WUServer", "http://sup01.contoso.com:8530") + number_entry("UseWUServer", 1)
    assert head(data).values == {"valid": True, "reason": "ok", "entries": 2}
    assert head(data).text == "50 52 65 67 01 00 00 00"
    assert values(data) == {
        f"HKLM\\{UPDATE}\\WUServer": "http://sup01.contoso.com:8530",
        f"HKLM\\{UPDATE}\\AU\\UseWUServer": 1,
    }


def test_every_entry_tells_its_type_its_offset_and_what_to_quote() -> None:
    first, second = text_entry("WUServer", "http://sup01.contoso.com:8530"), number_entry("UseWUServer", 1)
    states = read(HEADER + first + second, "GroupPolicy/Machine/registry.pol")
    assert [state.values["type"] for state in states[1:]] == ["sz", "dword"]
    assert [state.place.offset for state in states[1:]] == [8, 8 + len(first)]
    assert (
        states[1].text
        == f"[{UPDATE};WUServer;sz;{2 * len('http://sup01.contoso.com:8530') + 2};http://sup01.contoso.com:8530]"
    )


def test_data_bytes_that_look_like_line_ends_or_marks_are_data() -> None:
    """A reader built on a regular expression loses DWORD 10 (0x0A), size 10, and brackets in texts."""
    data = (
        HEADER
        + number_entry("MaxTransferRateOnSchedule", 10)
        + entry(UPDATE, "ListM", 7, wide("甲\0乙\0\0"))
        + text_entry("Odd", "a];[b\r\n")
        + number_entry("After", 0x5D005D)
    )
    assert list(values(data).values()) == [10, ["甲", "乙"], "a];[b\r\n", 0x5D005D]


def test_japanese_values_survive() -> None:
    data = HEADER + text_entry("TargetGroup", "東京拠点 第1営業部")
    assert values(data) == {f"HKLM\\{UPDATE}\\TargetGroup": "東京拠点 第1営業部"}


@pytest.mark.parametrize(
    ("kind", "data", "value", "type_name"),
    [
        (2, wide("%windir%\0"), "%windir%", "expand_sz"),
        (3, b"\x01\xff", "01ff", "binary"),
        (5, b"\x00\x00\x01\x00", 256, "dword_big_endian"),
        (11, struct.pack("<Q", 1 << 40), 1 << 40, "qword"),
        (0, b"", None, "none"),
        (99, b"\x05", "05", "99"),
    ],
)
def test_every_type_has_its_value(kind: int, data: bytes, value: object, type_name: str) -> None:
    state = read(HEADER + entry(UPDATE, "V", kind, data), "f")[1]
    assert (state.values["value"], state.values["type"]) == (value, type_name)


def test_directives_that_delete_are_marked_and_have_no_value() -> None:
    data = (
        HEADER
        + text_entry("**del.WUServer", " ")
        + text_entry("**DelVals.", " ", UPDATE + "\\AU")
        + text_entry("**DeleteValues", "WUStatusServer;AUOptions")
    )
    states = read(data, "f")[1:]
    assert [(state.name.rpartition("\\")[2], state.values["deleted"], state.values["value"]) for state in states] == [
        ("WUServer", True, None),
        ("*", True, None),
        ("WUStatusServer", True, None),
        ("AUOptions", True, None),
    ]


def test_a_set_value_is_not_deleted() -> None:
    assert read(HEADER + number_entry("UseWUServer", 0), "f")[1].values["deleted"] is False


def test_a_file_with_a_header_and_nothing_else_is_valid() -> None:
    assert head(HEADER).values == {"valid": True, "reason": "ok", "entries": 0}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"PReg", "bad-header"),
        (b"PReg\x02\x00\x00\x00", "bad-header"),
        (b"\x00" * 64, "bad-header"),
        (b"regf" + b"\x00" * 60, "bad-header"),
        (HEADER + b"\x00" * 16, "bad-body"),
        (HEADER + wide("Windows Registry Editor"), "bad-body"),
    ],
)
def test_a_damaged_file_says_what_is_wrong(data: bytes, reason: str) -> None:
    assert head(data).values == {"valid": False, "reason": reason, "entries": 0}


def test_a_cut_file_keeps_the_entries_before_the_cut() -> None:
    first, second = text_entry("WUServer", "http://sup01.contoso.com:8530"), number_entry("UseWUServer", 1)
    whole = HEADER + first + second
    for end in range(len(HEADER + first) + 1, len(whole)):
        states = read(whole[:end], "f")
        assert states[0].values == {"valid": False, "reason": "bad-body", "entries": 1}
        assert states[1].values["value"] == "http://sup01.contoso.com:8530"


@pytest.mark.parametrize("size", [5, 1000, 0xFFFFFFF0])
def test_a_size_beyond_the_data_is_not_believed(size: int) -> None:
    honest = number_entry("UseWUServer", 1)
    lying = honest.replace(
        struct.pack("<I", 4) + wide(";") + struct.pack("<I", 1), struct.pack("<I", size) + wide(";") + b"\1\0\0\0"
    )
    assert lying != honest
    assert head(HEADER + lying).values == {"valid": False, "reason": "bad-body", "entries": 0}


def test_reading_stops_after_a_hundred_thousand_entries() -> None:
    data = HEADER + entry("k", "v", 4, b"\x00\x00\x00\x00") * 100_010
    assert head(data).values == {"valid": True, "reason": "ok", "entries": 100_000}


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (b"", "registry.pol", True),
        (b"x", r"C:\Windows\System32\GroupPolicy\Machine\Registry.POL", True),
        (HEADER, "copy-of-policy.bin", True),
        (b"PRe", "policy.bin", False),
        (b"[HKEY", "registry.pol.txt", False),
    ],
)
def test_a_policy_file_is_known_by_name_or_first_bytes(data: bytes, name: str, expected: bool) -> None:
    assert is_policy_file(data, name) is expected


@given(st.binary(max_size=400) | st.binary(max_size=400).map(lambda tail: HEADER + tail))
def test_any_bytes_give_a_header_and_only_states(data: bytes) -> None:
    states = read(data, "f")
    assert all(isinstance(state, State) for state in states)
    assert states[0].values["valid"] is (states[0].values["reason"] == "ok")


@given(st.integers(0, 200), st.binary(min_size=1, max_size=6))
def test_any_damage_to_a_good_file_never_raises(at: int, noise: bytes) -> None:
    good = HEADER + text_entry("WUServer", "http://sup01.contoso.com:8530") + number_entry("UseWUServer", 1)
    damaged = good[:at] + noise + good[at + len(noise) :]
    assert read(damaged, "f")[0].values["entries"] <= 3


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


@given(
    st.lists(st.tuples(TEXTS.filter(bool), TEXTS.filter(lambda name: bool(name) and not name.startswith("**")), TEXTS))
)
def test_what_is_written_is_read_back(rows: list[tuple[str, str, str]]) -> None:
    data = HEADER + b"".join(text_entry(name, value, key) for key, name, value in rows)
    states = read(data, "f")
    assert states[0].values == {"valid": True, "reason": "ok", "entries": len(rows)}
    assert [(state.name, state.values["value"]) for state in states[1:]] == [
        (f"HKLM\\{key}\\{name}", value) for key, name, value in rows
    ]
