"""Registry texts. The shapes of exports, ``reg query`` and ``Get-ItemProperty`` are those of public captures."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmdoctor.formats.registry import MARKERS, read
from ccmdoctor.model import State

LONG = r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate"
UPDATE = r"HKLM\SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate"
AU = UPDATE + r"\AU"

EXPORT = rf"""Windows Registry Editor Version 5.00

[{LONG}]
"WUServer"="http://sup01.contoso.com:8530"
"WUStatusServer"="http://sup01.contoso.com:8530"
"TargetGroup"="東京拠点 第1営業部"

[{LONG}\AU]
"UseWUServer"=dword:00000001
"AUOptions"=dword:0000000a

"""

QUERY = rf"""
{LONG}
    WUServer    REG_SZ    http://sup01.contoso.com:8530
    TargetGroup    REG_SZ    東京拠点 第1営業部
    DeferFeatureUpdates    REG_DWORD    0x1

{LONG}\AU
    UseWUServer    REG_DWORD    0x1
"""

PROPERTIES = rf"""

WUServer       : http://sup01.contoso.com:8530
WUStatusServer : http://sup01.contoso.com:8530
UseWUServer    : 1
PSPath         : Microsoft.PowerShell.Core\Registry::{LONG[:31]}
                 {LONG[31:]}
PSParentPath   : Microsoft.PowerShell.Core\Registry::HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\Windows
PSChildName    : WindowsUpdate
PSDrive        : HKLM
PSProvider     : Microsoft.PowerShell.Core\Registry

"""


def keys(text: str) -> dict[str, dict[str, object]]:
    return {state.name: state.values for state in read(text, "f") if state.kind == "registry"}


def values(text: str) -> dict[str, State]:
    return {state.name: state for state in read(text, "f") if state.kind == "registry-value"}


def exported(line: str, head: str = "Windows Registry Editor Version 5.00") -> State:
    (state,) = values(f"{head}\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Contoso]\n{line}\n").values()
    return state


# --- .reg ---------------------------------------------------------------------------------------------------------


def test_an_export_gives_one_state_per_key_with_its_values() -> None:
    assert keys(EXPORT) == {
        UPDATE: {
            "wuserver": "http://sup01.contoso.com:8530",
            "wustatusserver": "http://sup01.contoso.com:8530",
            "targetgroup": "東京拠点 第1営業部",
        },
        AU: {"usewuserver": 1, "auoptions": 10},
    }


def test_an_export_gives_one_state_per_value_that_quotes_its_line() -> None:
    state = values(EXPORT)[AU + r"\UseWUServer"]
    assert state.values == {"value": 1, "type": "dword"}
    assert state.place.line == 9
    assert state.text == '"UseWUServer"=dword:00000001'


def test_the_state_of_a_key_quotes_the_key_line() -> None:
    state = next(state for state in read(EXPORT, "f") if state.name == AU)
    assert (state.place.line, state.text) == (8, f"[{LONG}\\AU]")


@pytest.mark.parametrize("newline", ["\r\n", "\r", "\n"])
def test_line_ends_and_a_mark_at_the_start_do_not_matter(newline: str) -> None:
    text = "\ufeff" + EXPORT.replace("\n", newline)
    assert keys(text) == keys(EXPORT)
    assert values(text)[AU + r"\UseWUServer"].place.line == 9


@pytest.mark.parametrize(
    ("line", "name", "value", "kind"),
    [
        (r'"Path"="C:\\Windows\\ccm \"x\""', "Path", 'C:\\Windows\\ccm "x"', "sz"),
        (r'"A\"B\\C"="v"', 'A"B\\C', "v", "sz"),
        ('@="by default"', "@", "by default", "sz"),
        ('"Gone"=-', "Gone", None, "deleted"),
        ('"Empty"=""', "Empty", "", "sz"),
        ('"Blanks"=dword:0000000a   ', "Blanks", 10, "dword"),
        ('"Torn"="http://sup01', "Torn", "http://sup01", "sz"),
        ('"X"=hex(2):25,00,77,00,69,00,6e,00,64,00,69,00,72,00,25,00,00,00', "X", "%windir%", "expand_sz"),
        ('"M"=hex(7):61,00,00,00,32,75,00,00,00,00', "M", ["a", "甲"], "multi_sz"),
        ('"Q"=hex(b):00,00,00,00,01,00,00,00', "Q", 1 << 32, "qword"),
        ('"D"=hex(4):0a,00,00,00', "D", 10, "dword"),
        ('"B"=hex:01,FF', "B", "01ff", "binary"),
        ('"H"=hex(8):01', "H", "01", "hex(8)"),
        ('"Odd"=what is this', "Odd", "what is this", "unknown"),
    ],
)
def test_every_form_of_a_value_is_read(line: str, name: str, value: object, kind: str) -> None:
    state = exported(line)
    assert state.name == rf"HKLM\SOFTWARE\Contoso\{name}"
    assert state.values == {"value": value, "type": kind}


def test_hex_data_goes_on_over_lines_and_the_next_value_is_read() -> None:
    text = '[HKEY_LOCAL_MACHINE\\SOFTWARE\\Contoso]\n"M"=hex(7):61,00,\\\n  00,00,62,00,\\\n  00,00,00,00\n"N"=dword:00000002\n'
    assert keys(text) == {r"HKLM\SOFTWARE\Contoso": {"m": ["a", "b"], "n": 2}}
    assert values(text)[r"HKLM\SOFTWARE\Contoso\N"].place.line == 5


def test_a_string_that_ends_in_a_backslash_does_not_eat_the_next_line() -> None:
    text = '[HKEY_LOCAL_MACHINE\\SOFTWARE\\Contoso]\n"Dir"="C:\\\\ccmcache\\\\"\n"N"=dword:00000002\n'
    assert keys(text) == {r"HKLM\SOFTWARE\Contoso": {"dir": "C:\\ccmcache\\", "n": 2}}


def test_the_old_export_format_keeps_strings_in_the_code_page() -> None:
    state = exported('"X"=hex(2):8b,9e,00', head="REGEDIT4")
    assert state.values["value"] == "京"


def test_a_key_that_an_export_deletes_has_none_and_no_values_of_its_own() -> None:
    text = f'REGEDIT4\n\n[-{LONG}]\n"WUServer"="http://x"\n'
    assert keys(text) == {UPDATE: {"@": None}}


def test_an_exported_key_without_values_exists() -> None:
    assert keys(f"Windows Registry Editor Version 5.00\n\n[{LONG}]\n") == {UPDATE: {}}


@pytest.mark.parametrize(
    ("hive", "short"),
    [
        ("HKEY_CURRENT_USER", "HKCU"),
        ("HKEY_USERS", "HKU"),
        ("HKEY_CLASSES_ROOT", "HKCR"),
        ("hkey_local_machine", "HKLM"),
    ],
)
def test_every_hive_gets_its_short_name(hive: str, short: str) -> None:
    assert keys(f'[{hive}\\Software\\X]\n"a"="b"\n') == {f"{short}\\Software\\X": {"a": "b"}}


# --- reg query ----------------------------------------------------------------------------------------------------


def test_a_query_gives_the_same_keys_as_an_export() -> None:
    assert keys(QUERY) == {
        UPDATE: {
            "wuserver": "http://sup01.contoso.com:8530",
            "targetgroup": "東京拠点 第1営業部",
            "deferfeatureupdates": 1,
        },
        AU: {"usewuserver": 1},
    }
    state = values(QUERY)[UPDATE + r"\DeferFeatureUpdates"]
    assert (state.values, state.place.line) == ({"value": 1, "type": "dword"}, 5)
    assert state.text == "    DeferFeatureUpdates    REG_DWORD    0x1"


@pytest.mark.parametrize(
    ("line", "name", "value", "kind"),
    [
        ("    (既定)    REG_SZ    x", "@", "x", "sz"),
        ("    (Default)    REG_SZ    ", "@", "", "sz"),
        ("    Two Words    REG_EXPAND_SZ    %windir%\\x", "Two Words", "%windir%\\x", "expand_sz"),
        (r"    M    REG_MULTI_SZ    a\0b c\0", "M", ["a", "b c"], "multi_sz"),
        ("    Q    REG_QWORD    0x100000000", "Q", 1 << 32, "qword"),
        ("    B    REG_BINARY    01FF", "B", "01FF", "binary"),
        ("\tOld\tREG_SZ\thttp://x", "Old", "http://x", "sz"),
        ("    Says    REG_SZ    a REG_DWORD b", "Says", "a REG_DWORD b", "sz"),
    ],
)
def test_every_type_of_a_query_is_read(line: str, name: str, value: object, kind: str) -> None:
    (state,) = values(f"HKEY_LOCAL_MACHINE\\SOFTWARE\\Contoso\n{line}\n").values()
    assert state.name == rf"HKLM\SOFTWARE\Contoso\{name}"
    assert state.values == {"value": value, "type": kind}


def test_subkeys_that_a_query_lists_exist() -> None:
    text = f"C:\\>reg query {UPDATE}\n\n{LONG}\\AU\n{LONG}\\Other\n"
    assert keys(text) == {AU: {}, UPDATE + r"\Other": {}}
    assert AU in keys(f"{QUERY}\n{LONG}\\AU\\Sub\n")


def test_a_key_without_values_beside_one_with_values_exists() -> None:
    assert keys(f"{LONG}\\First\n{QUERY}") == {UPDATE + r"\First": {}, **keys(QUERY)}


@pytest.mark.parametrize(
    "message",
    [
        "ERROR: The system was unable to find the specified registry key or value.",
        "エラー: 指定されたレジストリ キーまたは値が見つかりませんでした。",
    ],
)
def test_a_value_that_was_asked_and_not_found_is_none(message: str) -> None:
    text = f'C:\\>reg query "{UPDATE}\\AU" /v UseWUServer\n\n{message}\n'
    assert keys(text) == {AU: {"usewuserver": None}}
    assert values(text)[AU + r"\UseWUServer"].place.line == 1


def test_not_found_without_a_question_says_nothing() -> None:
    assert read("ERROR: The system was unable to find the specified registry key or value.", "f") == []
    assert (
        read(f"reg query {UPDATE}\nERROR: The system was unable to find the specified registry key or value.", "f")
        == []
    )


# --- Get-ItemProperty ---------------------------------------------------------------------------------------------


def test_properties_belong_to_the_key_of_their_path_even_when_it_is_broken_over_lines() -> None:
    assert keys(PROPERTIES) == {
        UPDATE: {
            "wuserver": "http://sup01.contoso.com:8530",
            "wustatusserver": "http://sup01.contoso.com:8530",
            "usewuserver": 1,
        }
    }
    state = values(PROPERTIES)[UPDATE + r"\UseWUServer"]
    assert (state.values, state.place.line) == ({"value": 1, "type": "number"}, 5)


def test_several_property_lists_are_several_keys() -> None:
    other = PROPERTIES.replace("Microsoft\\Windows\\Win", "Contoso\\Win")
    assert set(keys(PROPERTIES + other)) == {UPDATE, UPDATE.replace("Microsoft\\Windows", "Contoso")}


def test_a_property_list_without_a_registry_path_is_not_a_key() -> None:
    assert read("Name   : x\nPSPath : Microsoft.PowerShell.Core\\FileSystem::C:\\HKEY_X\n", "f") == []


# --- all ----------------------------------------------------------------------------------------------------------


def test_the_same_key_shown_twice_is_one_state_with_the_later_value() -> None:
    again = QUERY.replace("sup01", "sup02")
    assert keys(QUERY + again)[UPDATE]["wuserver"] == "http://sup02.contoso.com:8530"
    assert sum(state.name == UPDATE for state in read(QUERY + again, "f")) == 1


def test_outputs_of_all_three_kinds_amid_log_lines_are_read() -> None:
    log = '<![LOG[Opened HKEY_LOCAL_MACHINE\\SOFTWARE\\X]LOG]!><time="1" date="2" component="c" type="1">'
    text = "\n".join(
        [log, EXPORT.replace(LONG, LONG + "1"), "次の結果です。", QUERY.replace(LONG, LONG + "2"), log, PROPERTIES]
    )
    assert set(keys(text)) == {UPDATE, UPDATE + "1", UPDATE + r"1\AU", UPDATE + "2", UPDATE + r"2\AU"}


@pytest.mark.parametrize(
    "prose",
    [
        f"Please check the key\n{LONG}\nand tell me the value of WUServer.",
        f"[{LONG}]\nこのキーを確認してください。",
        f"{LONG} is missing\n    WUServer    REG_SZ    is the type",
        '<![LOG[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\SMS]LOG]!><time="1">',
        '"WUServer"="http://nowhere"',
        "    WUServer    REG_SZ    http://nowhere",
    ],
)
def test_a_path_or_value_in_prose_proves_nothing(prose: str) -> None:
    assert values(prose) == {} or prose.startswith(LONG + " is missing")
    assert all(not name.endswith("WindowsUpdate") for name in keys(prose))


@pytest.mark.parametrize("text", [EXPORT, QUERY, PROPERTIES])
def test_markers_let_every_output_through(text: str) -> None:
    assert any(marker in text.lower() for marker in MARKERS)
    assert all(marker == marker.lower() for marker in MARKERS)


@pytest.mark.parametrize(
    "line",
    [
        "PSPath : registry::HKEY_LOCAL_MACHINE\\x",
        '"a"=hex:01,\\',
        "  a  REG_SZ  x",
        LONG,
        f"reg query {UPDATE} /v x",
        " " * 50,
    ],
)
def test_a_hostile_text_takes_no_longer_than_its_length_allows(line: str) -> None:
    start = time.perf_counter()
    read(f"[{LONG}]\n{LONG}\n" + f"{line}\n" * 50_000, "f")
    assert time.perf_counter() - start < 10


PIECES = st.sampled_from(
    [
        *EXPORT.splitlines(),
        *QUERY.splitlines(),
        *PROPERTIES.splitlines(),
        f"[-{LONG}]",
        '"M"=hex(7):61,00,\\',
        '"\\',
        "[HKEY_LOCAL_MACHINE\\]",
        "reg query HKLM\\X /v Y",
        "unable to find the specified registry key or value",
        "PSPath : registry::",
        "\r",
    ]
)


@given(st.lists(PIECES | st.text(max_size=60), max_size=40).map("\n".join))
def test_any_text_gives_a_list_of_states_that_stand_in_it(text: str) -> None:
    count = len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    states = read(text, "f")
    names = [state.name.casefold() for state in states if state.kind == "registry"]
    assert len(names) == len(set(names))
    for state in states:
        assert isinstance(state, State)
        assert 1 <= state.place.line <= count
