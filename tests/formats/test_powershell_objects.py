"""Objects printed or exported by PowerShell.

The layouts (rulers, padding, broken values, ``__CLASS`` blocks, ``#TYPE`` lines, error texts in English) follow public
captures and PowerShell's own formatter. Assumed: the Japanese words of WMI errors, and bools set to the right.
"""

from __future__ import annotations

import json
import time
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmdoctor.formats.powershell_objects import MARKERS, read
from ccmdoctor.model import State

ID_1 = "{6C09C8DA-0000-4D1C-9B5A-000000000001}"
ID_2 = "{6C09C8DA-0000-4D1C-9B5A-000000000002}"
PROMPT = "PS C:\\Windows\\system32> "
ASK = (
    r'Get-WmiObject -Namespace "root\CCM\Policy\Machine\ActualConfig" -ClassName CCM_UpdateCIAssignment'
    " | Select-Object AssignmentID, AssignmentName"
)
TABLE = f"""
AssignmentID                           AssignmentName
------------                           --------------
{ID_1} 2025-03 Servers
{ID_2} 2025-03 更新プログラム

"""
LIST = """
UniqueId : 0f7a4a3e-0000-4f6e-8b8a-000000000001
Title    : 2025-03 Cumulative Update for Windows 11
Status   : Missing

UniqueId : 0f7a4a3e-0000-4f6e-8b8a-000000000002
Title    : 2025-03 x64 用累積更新プログラム
Status   : Installed
"""


def wmi(text: str, file: str = "paste.txt") -> list[State]:
    states = read(text, file)
    assert all(state.kind == "wmi" for state in states), states
    return states


def of_kind(text: str, kind: str, file: str = "paste.txt") -> list[State]:
    return [state for state in read(text, file) if state.kind == kind]


# --- tables -------------------------------------------------------------------------------------------------------


def test_a_table_gives_one_instance_per_row() -> None:
    states = wmi(TABLE)
    assert [state.name for state in states] == ["CCM_UpdateCIAssignment"] * 2
    assert states[0].values == {"assignmentid": ID_1, "assignmentname": "2025-03 Servers"}
    assert states[1].values["assignmentname"] == "2025-03 更新プログラム"
    assert (states[1].place.line, states[1].text) == (5, f"{ID_2} 2025-03 更新プログラム")


def test_numbers_and_bools_stand_at_the_right_of_their_column() -> None:
    text = (
        "Name                           ServiceID                            IsDefaultAUService\n"
        "----                           ---------                            ------------------\n"
        "Windows Update                 9482f4b4-e343-43b6-b170-9a65bc822c77              False\n"
        "Windows Server Update Service  3da21691-e39d-4da6-8a4b-b43877bcb1b7               True\n"
    )
    states = wmi(text)
    assert [state.name for state in states] == ["Microsoft.Update.ServiceManager"] * 2
    assert [state.values["isdefaultauservice"] for state in states] == [False, True]
    assert states[1].values["name"] == "Windows Server Update Service"


def test_a_number_that_is_wider_than_its_heading_is_not_cut() -> None:
    text = (
        "ArticleID EvaluationState  ErrorCode Name\n"
        "--------- ---------------  --------- ----\n"
        "5053602                13 2147942402 2025-03 Update\n"
        "5053603                 0          0 2025-03 Other\n"
    )
    states = wmi(text)
    assert states[0].values == {
        "articleid": "5053602",
        "evaluationstate": 13,
        "errorcode": 2147942402,
        "name": "2025-03 Update",
    }
    assert states[1].values["errorcode"] == 0


def test_wide_characters_take_two_cells() -> None:
    text = (
        "Title                   Status  UniqueId\n"
        "-----                   ------  --------\n"
        "累積更新プログラム(KB1) Missing 0f7a4a3e-0000-4f6e-8b8a-000000000001\n"
        "Cumulative (KB2)        Missing 0f7a4a3e-0000-4f6e-8b8a-000000000002\n"
    )
    states = wmi(text)
    assert [state.values["title"] for state in states] == ["累積更新プログラム(KB1)", "Cumulative (KB2)"]
    assert [state.values["status"] for state in states] == ["Missing", "Missing"]


def test_a_table_that_was_padded_by_characters_is_read_as_well() -> None:
    text = (
        "Title                       Status    UniqueId\n"
        "-----                       ------    --------\n"
        "累積更新プログラム KB1               Missing   0f7a4a3e-0001\n"
        "Cumulative update and more  Installed 0f7a4a3e-0002\n"
    )
    states = wmi(text)
    assert [state.values["title"] for state in states] == ["累積更新プログラム KB1", "Cumulative update and more"]
    assert [state.values["uniqueid"] for state in states] == ["0f7a4a3e-0001", "0f7a4a3e-0002"]


def test_a_table_that_lost_its_alignment_is_split_at_its_gaps() -> None:
    text = (
        "UniqueId  Title  Status\n"
        "--------  -----  ------\n"
        "0f7a4a3e-0000-4f6e-8b8a-000000000001  A long title  Missing\n"
        "a-line-that-has-no-such-gaps-fits-nothing\n"
    )
    (state,) = wmi(text)
    assert state.values == {
        "uniqueid": "0f7a4a3e-0000-4f6e-8b8a-000000000001",
        "title": "A long title",
        "status": "Missing",
    }


@pytest.mark.parametrize(
    ("padding", "title"),
    [
        ("on a console of another language", "①更新 xy"),
        ("on a Japanese console", "①更新 x"),
        ("in a file", "①更新 wxyz"),
    ],
)
def test_the_way_in_which_characters_were_counted_is_found_out(padding: str, title: str) -> None:
    """The column is eight cells wide: the title fills it when the circled number counts as one, two, or all as one."""
    states = wmi(
        f"Title    Status    UniqueId\n-----    ------    --------\n{title} Missing   id1\nUpdate a Installed id2\n"
    )
    assert [state.values["title"] for state in states] == [title, "Update a"], padding
    assert [state.values["status"] for state in states] == ["Missing", "Installed"]
    assert [state.values["uniqueid"] for state in states] == ["id1", "id2"]


def test_a_row_that_fits_nothing_does_not_move_the_columns_of_the_others() -> None:
    text = (
        "UniqueId Title     Status\n"
        "-------- -----     ------\n"
        "id1      Aaaaa bb  Missing\n"
        "id2      Ccccc dd  Missing\n"
        "one-row-that-is-something-else\n"
    )
    assert [state.values["title"] for state in wmi(text)] == ["Aaaaa bb", "Ccccc dd"]


@pytest.mark.parametrize("dots", ["...", "…"])
def test_a_value_that_was_cut_stays_cut(dots: str) -> None:
    text = f"UniqueId Title Status\n-------- ----- ------\n0f7a{dots:4} 20{dots:3} Miss{dots}\n"
    (state,) = wmi(text)
    assert state.values == {"uniqueid": f"0f7a{dots}", "title": f"20{dots}", "status": f"Miss{dots}"}


def test_a_cell_that_was_broken_over_lines_is_one_value() -> None:
    text = (
        "UniqueId      Title                    Status\n"
        "--------      -----                    ------\n"
        "0f7a4a3e-0001 2025-03 Cumulative       Missing\n"
        "              Update for Windows 11\n"
        "0f7a4a3e-0002 Other                    Installed\n"
    )
    states = wmi(text)
    assert [state.values["title"] for state in states] == ["2025-03 Cumulative Update for Windows 11", "Other"]
    assert states[0].text.count("\n") == 1


def test_an_empty_first_cell_is_none_and_the_row_stays_a_row() -> None:
    text = (
        "ArticleID EvaluationState Name\n"
        "--------- --------------- ----\n"
        "5053602                 1 A\n"
        "                       13 B\n"
    )
    states = wmi(text)
    assert [(state.values["articleid"], state.values["evaluationstate"]) for state in states] == [
        ("5053602", 1),
        (None, 13),
    ]


def test_a_table_ends_at_an_empty_line_or_a_prompt() -> None:
    assert len(wmi(TABLE.rstrip() + f"\n{PROMPT}\nthis is no row\n")) == 2
    assert len(wmi(TABLE + "no row  either\n")) == 2


# --- lists --------------------------------------------------------------------------------------------------------


def test_a_list_gives_one_instance_per_paragraph() -> None:
    states = wmi(LIST)
    assert [state.name for state in states] == ["CCM_UpdateStatus"] * 2
    assert states[0].values == {
        "uniqueid": "0f7a4a3e-0000-4f6e-8b8a-000000000001",
        "title": "2025-03 Cumulative Update for Windows 11",
        "status": "Missing",
    }
    assert (states[1].place.line, states[1].values["title"]) == (6, "2025-03 x64 用累積更新プログラム")
    assert states[1].text.splitlines()[-1] == "Status   : Installed"


def test_a_value_broken_at_a_blank_gets_its_blank_back() -> None:
    text = LIST.replace(
        "Update for Windows 11", "Update for\n           Windows 11 Version 23H2\n           (KB5053602)"
    )
    assert wmi(text)[0].values["title"] == "2025-03 Cumulative Update for Windows 11 Version 23H2 (KB5053602)"


def test_a_word_broken_at_the_edge_of_the_console_is_whole_again() -> None:
    text = (
        "CurrentManagementPoint : a-management-point-with-a-very-long-nam\n"
        "                         e.corp.contoso.com\n"
        "Name                   : SMS:P01\n"
    )
    (state,) = wmi(text)
    assert state.name == "SMS_Authority"
    assert state.values["currentmanagementpoint"] == "a-management-point-with-a-very-long-name.corp.contoso.com"


def test_the_object_names_its_own_class() -> None:
    text = (
        "__GENUS          : 2\n"
        "__CLASS          : CCM_SoftwareUpdatesClientConfig\n"
        "__PATH           : \\\\PC0123\\ROOT\\ccm\\Policy:CCM_Other.SiteSettingsKey=1\n"
        "ComponentName    : SmsSoftwareUpdate\n"
        "Enabled          : False\n"
        "ScanRetryDelay   : 1800\n"
        "Reserved1        : \n"
        "Reserved2        : {}\n"
        "PSComputerName   : PC0123\n"
    )
    (state,) = wmi(text)
    assert state.name == "CCM_SoftwareUpdatesClientConfig"
    assert state.values == {
        "componentname": "SmsSoftwareUpdate",
        "enabled": False,
        "scanretrydelay": 1800,
        "reserved1": None,
        "reserved2": [],
        "pscomputername": "PC0123",
    }
    assert state.text.startswith("ComponentName ")


@pytest.mark.parametrize(
    "line",
    [
        r"__PATH    : \\PC0123\root\ccm:CCM_Client=@",
        "__RELPATH : CCM_Client=@",
        "CimClass  : root/ccm:CCM_Client",
    ],
)
def test_a_path_or_cim_class_names_the_class(line: str) -> None:
    (state,) = wmi(f"{line}\nClientId  : GUID:6C09C8DA-0000-4D1C-9B5A-000000000001\n")
    assert state.name == "CCM_Client"
    assert state.values == {"clientid": "GUID:6C09C8DA-0000-4D1C-9B5A-000000000001"}


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("Flag             : True", True),
        ("Flag             : False", False),
        ("Flag             : ", None),
        ("Flag             :", None),
        ("Flag             : 0", 0),
        ("Flag             : -1", -1),
        ("Flag             : 007", "007"),
        ("Flag             : 5.00.9128.1000", "5.00.9128.1000"),
        (f"Flag             : {ID_1}", ID_1),
        ("Flag             : {a, b c}", ["a", "b c"]),
        (f"Flag             : {{{ID_1}, {ID_2}}}", [ID_1, ID_2]),
        ("Flag             : {a, b, c, d...}", ["a", "b", "c", "d..."]),
        ("Flag             : 20250325100203.000000+000", "20250325100203.000000+000"),
        ("FlagID           : 12345", "12345"),
    ],
)
def test_values_have_their_types_and_ids_stay_text(line: str, value: object) -> None:
    (state,) = wmi(f"BoundaryGroupIDs : {{16777217}}\n{line}\n")
    assert state.values["boundarygroupids"] == ["16777217"]
    assert state.values[line.partition(" ")[0].lower()] == value


def test_two_instances_without_an_empty_line_between_are_two() -> None:
    assert len(wmi(LIST.replace("\n\n", "\n"))) == 2


def test_colours_of_newer_consoles_are_no_part_of_names_and_values() -> None:
    text = LIST.replace("Title    : ", "\x1b[32;1mTitle    : \x1b[0m")
    assert wmi(text)[0].values["title"] == "2025-03 Cumulative Update for Windows 11"


# --- the class ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("AssignmentID AssignmentName", "CCM_UpdateCIAssignment"),
        ("UniqueId Title Status", "CCM_UpdateStatus"),
        ("ServiceID IsDefaultAUService", "Microsoft.Update.ServiceManager"),
        ("ComponentName Enabled WSUSLocationTimeout", "CCM_SoftwareUpdatesClientConfig"),
        ("ComponentName Enabled", "CCM_ComponentClientConfig"),
        ("UniqueId ContentVersion ContentLocation", "CCM_UpdateSource"),
        ("UniqueId ContentVersion ContentType", "CCM_UpdateSource"),
        ("ArticleID EvaluationState", "CCM_SoftwareUpdate"),
        ("Name CurrentScanPath", "CCM_SUPLocationList"),
        ("Name LastSuccessScanPath", "CCM_SUPLocationList"),
        ("CacheToken BoundaryGroupIDs", "BoundaryGroupCache"),
        ("Name CurrentManagementPoint", "SMS_Authority"),
        ("ID StartTime EndTime Duration Type", "CCM_ServiceWindow"),
    ],
)
def test_property_names_that_only_one_class_has_tell_the_class(names: str, expected: str) -> None:
    words = names.split()
    width = max(map(len, words))
    as_list = "".join(f"{word:{width}} : x\n" for word in words)
    as_csv = ",".join(words) + "\n" + ",".join("x" for _ in words) + "\n"
    as_table = (
        "  ".join(words)
        + "\n"
        + "  ".join("-" * len(word) for word in words)
        + "\n"
        + "  ".join("x".ljust(len(word)) for word in words)
    )
    as_json = json.dumps(dict.fromkeys(words, "x"))
    for text in (as_list, as_csv, as_table, as_json):
        assert [state.name for state in wmi(text)] == [expected]


@pytest.mark.parametrize(
    "command",
    [
        r"Get-WmiObject -Namespace root\ccm -ClassName CCM_Client",
        r"Get-WmiObject -Namespace root\ccm -Class ccm_client | fl *",
        r"Get-CimInstance -Namespace root/ccm -ClassName 'CCM_Client'",
        r"gwmi -ns root\ccm CCM_Client",
        "gwmi CCM_Client -Namespace root\\ccm",
        "Get-CimInstance -Namespace root/ccm -Query 'SELECT * FROM CCM_Client'",
        "$c = (Get-WmiObject -Class CCM_Client -Namespace root\\ccm)",
    ],
)
@pytest.mark.parametrize("prompt", [PROMPT, "", "[PC0123]: PS C:\\> ", "PS>"])
def test_the_command_above_tells_the_class(command: str, prompt: str) -> None:
    (state,) = wmi(
        f"{prompt}{command}\n\nClientIdChangeDate PreviousClientId\n------------------ ----------------\n03/25/2025         Unknown\n"
    )
    assert (state.name, state.values["previousclientid"]) == ("CCM_Client", "Unknown")


def test_the_services_of_the_update_agent_are_asked_through_com() -> None:
    text = f'{PROMPT}(New-Object -ComObject "Microsoft.Update.ServiceManager").Services | ft Name\n\nName\n----\nWindows Update\n'
    assert [state.name for state in wmi(text)] == ["Microsoft.Update.ServiceManager"]


def test_a_command_that_goes_on_over_lines_is_one_command() -> None:
    text = f"{PROMPT}Get-WmiObject -Namespace root\\ccm |\n>> Out-Null; gwmi CCM_Client |\n>> select ClientIdChangeDate\n>>\n\nClientIdChangeDate : x\n"
    assert [state.name for state in wmi(text)] == ["CCM_Client"]


@pytest.mark.parametrize(
    "between",
    [
        f"{PROMPT}Get-Service ccmexec",
        "Get-Service ccmexec",
        "netsh winhttp show proxy",
        "C:\\>dir",
        "one\ntwo\nthree\nfour",
    ],
)
def test_another_command_or_text_ends_the_reach_of_a_command(between: str) -> None:
    other = "\n\nStatus  Name\n------  ----\nRunning ccmexec\n"
    assert wmi(f"{ASK}\n{between}{other}") == []
    text = f"{PROMPT}{ASK}\n{TABLE}\n{between}{other}"
    assert [state.values.get("assignmentid") for state in wmi(text)] == [ID_1, ID_2]


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("CCM_Client.txt", "CCM_Client"),
        ("wmi\\ccm_client_PC0123.txt", "CCM_Client"),
        ("SMS_Something.txt", "SMS_Something"),
        ("ServiceManager.txt", "Microsoft.Update.ServiceManager"),
    ],
)
def test_the_name_of_the_file_tells_the_class_when_nothing_else_does(file: str, expected: str) -> None:
    text = "ClientVersion : 5.00.9128.1000\nAllowLocal    : 1\n"
    assert [state.name for state in wmi(text, file)] == [expected]
    assert wmi(text, "notes.txt") == []
    assert [state.name for state in wmi(LIST, file)] == ["CCM_UpdateStatus"] * 2


@pytest.mark.parametrize("other", [f"{PROMPT}Get-Service", "Get-Service ccmexec", "C:\\>sc query"])
def test_a_file_with_other_commands_in_it_does_not_lend_its_name(other: str) -> None:
    assert read(f"{other}\n\nStatus  DisplayName\n------  -----------\nRunning SMS Agent\n", "CCM_Client.txt") == []


def test_a_log_file_does_not_lend_its_name() -> None:
    assert read("ClientVersion : 5.00.9128.1000\nAllowLocal    : 1\n", "SMS_DM.log") == []


# --- CSV ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("quote", ['"', ""])
def test_a_csv_gives_one_instance_per_row(delimiter: str, quote: str) -> None:
    rows = [["UniqueId", "Title", "Status"], ["0f7a", "累積更新プログラム", "Missing"], ["0f7b", "", "Installed"]]
    text = "\n".join(delimiter.join(f"{quote}{cell}{quote}" for cell in row) for row in rows)
    states = wmi(text, "updates.csv")
    assert states[0].values == {"uniqueid": "0f7a", "title": "累積更新プログラム", "status": "Missing"}
    assert states[1].values["title"] is None
    assert [state.place.line for state in states] == [2, 3]


@pytest.mark.parametrize(
    "kind",
    [
        r"System.Management.ManagementObject#root\ccm\CCM_Client",
        "Microsoft.Management.Infrastructure.CimInstance#root/ccm/CCM_Client",
    ],
)
def test_the_type_line_of_an_export_tells_the_class(kind: str) -> None:
    text = f'#TYPE {kind}\n"ClientIdChangeDate","Note"\n"03/25/2025","one, ""two"""\n'
    (state,) = wmi(text)
    assert (state.name, state.values["note"]) == ("CCM_Client", 'one, "two"')
    assert (state.place.line, state.text) == (3, '"03/25/2025","one, ""two"""')


def test_a_csv_ends_at_the_empty_line_and_a_short_row_costs_no_other() -> None:
    text = '"UniqueId","Title","Status"\n"1","A","Missing"\n"2","B"\n"3","C","Missing"\n\nbye, bye\n'
    states = wmi(text)
    assert [(state.values["uniqueid"], state.values["status"]) for state in states] == [
        ("1", "Missing"),
        ("2", None),
        ("3", "Missing"),
    ]


def test_a_csv_without_rows_means_that_there_is_no_instance() -> None:
    (state,) = read('"AssignmentID","AssignmentName"\n', "a.csv")
    assert (state.kind, state.name) == ("wmi-empty", "CCM_UpdateCIAssignment")


# --- JSON ---------------------------------------------------------------------------------------------------------

INSTANCE: dict[str, Any] = {
    "UniqueId": "0f7a",
    "Title": "累積更新プログラム",
    "Status": "Missing",
    "RevisionNumber": 200,
}


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize(
    "wrapped",
    [
        INSTANCE,
        [INSTANCE],
        {"value": [INSTANCE], "Count": 1},
        {"CCM_UpdateStatus": [INSTANCE]},
        {"CCM_UpdateStatus": INSTANCE},
        {"computer": "PC0123", "wmi": {"CCM_UpdateStatus": {"value": [INSTANCE], "Count": 1}}},
        {"class": "CCM_UpdateStatus", "namespace": "root\\ccm", "instances": [INSTANCE]},
        [{"class": "CCM_UpdateStatus", "instances": INSTANCE}],
    ],
)
def test_json_of_every_wrapping_gives_the_instance(wrapped: Any, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(wrapped, indent=indent, ensure_ascii=ascii_only)
    (state,) = wmi(text, "out.json")
    assert state.name == "CCM_UpdateStatus"
    assert state.values == {
        "uniqueid": "0f7a",
        "title": "累積更新プログラム",
        "status": "Missing",
        "revisionnumber": 200,
    }
    assert '"0f7a"' in text.splitlines()[state.place.line - 1]
    assert '"0f7a"' in state.text


@pytest.mark.parametrize(
    "extra",
    [
        {"CimClass": "root/ccm:CCM_Client"},
        {"CimClass": {"CimSuperClassName": None, "CimClassName": "CCM_Client"}},
        {"CimSystemProperties": {"Namespace": "root/ccm", "ClassName": "CCM_Client"}},
        {"ClassName": "CCM_Client"},
        {"__CLASS": "CCM_Client"},
        {"__PATH": "\\\\PC0123\\root\\ccm:CCM_Client=@"},
        {"Path": {"ClassName": "CCM_Client"}, "ClassPath": {}, "Scope": {}, "Properties": []},
    ],
)
def test_json_that_names_its_class_is_of_that_class_without_the_frame(extra: dict[str, Any]) -> None:
    (state,) = wmi(json.dumps({**extra, "PSComputerName": None, "ClientIdChangeDate": "x"}), "out.json")
    assert (state.name, state.values) == ("CCM_Client", {"clientidchangedate": "x"})


def test_json_keeps_its_own_types_but_ids_become_text() -> None:
    instance = {
        "ArticleID": 5053602,
        "EvaluationState": 13,
        "OverrideServiceWindows": False,
        "Deadline": None,
        "Name": "",
        "AssignedCIs": ["a", 1],
        "StartTime": "20250325100203.000000+***",
        "Percent": 50.0,
        "Wrapped": {"value": ["x"], "Count": 1},
    }
    (state,) = wmi(json.dumps(instance))
    assert state.values == {
        "articleid": "5053602",
        "evaluationstate": 13,
        "overrideservicewindows": False,
        "deadline": None,
        "name": None,
        "assignedcis": ["a", 1],
        "starttime": "20250325100203.000000+***",
        "percent": 50,
        "wrapped": ["x"],
    }


def test_every_instance_of_a_json_list_stands_at_its_own_line() -> None:
    text = json.dumps([{**INSTANCE, "UniqueId": f"id-{number}"} for number in range(3)], indent=2)
    for state in wmi(text):
        assert state.values["uniqueid"] in text.splitlines()[state.place.line - 1]


@pytest.mark.parametrize(
    ("text", "file"),
    [
        ("[]", "CCM_UpdateCIAssignment.json"),
        ("[\r\n\r\n]\r\n", "wmi/CCM_UpdateCIAssignment.json"),
        ('{"value": [], "Count": 0}', "CCM_UpdateCIAssignment_PC0123.json"),
        ('{"class": "CCM_UpdateCIAssignment", "instances": []}', "out.json"),
        ('{"class": "CCM_UpdateCIAssignment", "instances": null}', "out.json"),
        ('{"computer": "PC0123", "CCM_UpdateCIAssignment": []}', "out.json"),
        ('{"CCM_UpdateCIAssignment": {"value": [], "Count": 0}}', "out.json"),
        ('{"CCM_UpdateCIAssignment": null, "CCM_Client": []}', "out.json"),
    ],
)
def test_json_of_a_class_without_instances_says_so(text: str, file: str) -> None:
    assert "CCM_UpdateCIAssignment" in [state.name for state in read(text, file) if state.kind == "wmi-empty"]
    assert of_kind(text, "wmi", file) == []
    assert any(marker in text.lower() for marker in MARKERS)


@pytest.mark.parametrize("text", ["[]", "[1, 2]", '{"a": []}', '{"name": "x"}', "{", "[[[[", '{"CCM_Client": 5}'])
def test_json_without_a_class_says_nothing(text: str) -> None:
    assert read(text, "out.json") == []


def test_json_amid_prose_is_found() -> None:
    text = f"Here it is:\n\n{json.dumps(INSTANCE, indent=4)}\n\nand the other one:\n{json.dumps({**INSTANCE, 'UniqueId': 'zz'})}\nBye\n"
    assert [state.values["uniqueid"] for state in wmi(text)] == ["0f7a", "zz"]


@pytest.mark.parametrize("error", ["0x8004100E", "Invalid namespace", -2147217394, {"HResult": -2147217394}])
def test_a_collected_error_is_an_error_and_not_an_empty_class(error: Any) -> None:
    text = json.dumps({"class": "CCM_UpdateStatus", "error": error, "instances": []})
    (state,) = read(text, "out.json")
    assert (state.kind, state.name, state.values) == ("wmi-error", "CCM_UpdateStatus", {"code": "0x8004100e"})


# --- nothing found, errors ----------------------------------------------------------------------------------------


def test_a_command_that_the_next_prompt_follows_gave_no_instance() -> None:
    (state,) = read(f"{PROMPT}{ASK}\n\n{PROMPT}\n", "paste.txt")
    assert (state.kind, state.name, state.place.line) == ("wmi-empty", "CCM_UpdateCIAssignment", 1)
    assert state.text == PROMPT + ASK


@pytest.mark.parametrize(
    "text",
    [
        f"{PROMPT}{ASK}\n",  # the paste may end before the answer
        f"Please run\n{ASK}\nand send the answer.\n{PROMPT}\n",
        f"{ASK}\n{PROMPT}\n",
        f"{PROMPT}{ASK}\nsomething was printed\n{PROMPT}\n",
        f"{PROMPT}$a = {ASK}\n{PROMPT}\n",
        f"{PROMPT}{ASK} | Export-Csv a.csv\n{PROMPT}\n",
        f"{PROMPT}{ASK} > a.txt\n{PROMPT}\n",
    ],
)
def test_a_command_whose_answer_is_not_shown_says_nothing(text: str) -> None:
    assert read(text, "paste.txt") == []


@pytest.mark.parametrize(
    "command",
    [
        f"{ASK} | Where-Object AssignmentName -like '*2025*'",
        ASK.replace(" | Select", " | ? { $_.AssignmentName } | Select"),
        ASK.replace(" | Select", " -Filter \"AssignmentName like '%x%'\" | Select"),
        "Get-CimInstance -Namespace root/ccm -Query \"select * from CCM_UpdateCIAssignment where AssignmentID='x'\"",
    ],
)
def test_an_empty_answer_to_a_filtered_question_does_not_empty_the_class(command: str) -> None:
    assert read(f"{PROMPT}{command}\n\n{PROMPT}\n", "paste.txt") == []


@pytest.mark.parametrize("stage", ["", " | fl", " | ft -AutoSize", " | Sort-Object AssignmentID | Format-List *"])
def test_a_question_that_shows_everything_may_shape_its_answer(stage: str) -> None:
    text = f"{PROMPT}Get-CimInstance -Namespace root/ccm -ClassName CCM_Client{stage}\n{PROMPT}\n"
    assert [(state.kind, state.name) for state in read(text, "f")] == [("wmi-empty", "CCM_Client")]


@pytest.mark.parametrize(
    ("message", "name", "code"),
    [
        (
            r'Get-WmiObject : Invalid namespace "root\CCM\Policy\Machine\ActualConfig"',
            "CCM_UpdateCIAssignment",
            "0x8004100e",
        ),
        (
            r'Get-WmiObject : 無効な名前空間です "root\CCM\Policy\Machine\ActualConfig"',
            "CCM_UpdateCIAssignment",
            "0x8004100e",
        ),
        ('Get-WmiObject : Invalid class "CCM_UpdateCIAssignment"', "CCM_UpdateCIAssignment", "0x80041010"),
        ('Get-WmiObject : 無効なクラス "CCM_UpdateCIAssignment"', "CCM_UpdateCIAssignment", "0x80041010"),
        ("Get-CimInstance: Invalid class", "CCM_UpdateCIAssignment", "0x80041010"),
        ("Get-WmiObject : Access denied", "CCM_UpdateCIAssignment", "0x80041003"),
        (
            "Get-WmiObject : The RPC server is unavailable. (Exception from HRESULT: 0x800706BA)",
            "CCM_UpdateCIAssignment",
            "0x800706ba",
        ),
    ],
)
def test_an_error_names_the_class_that_was_asked_and_its_code(message: str, name: str, code: str) -> None:
    text = f"{PROMPT}{ASK}\n{message}\nAt line:1 char:1\n+ Get-WmiObject ...\n    + CategoryInfo          : InvalidType: (:) []\n\n{PROMPT}\n"
    (state,) = read(text, "paste.txt")
    assert (state.kind, state.name, state.values) == ("wmi-error", name, {"code": code})
    assert (state.place.line, state.text) == (2, message)


def test_the_code_may_stand_in_the_error_id_and_the_class_in_the_category() -> None:
    text = (
        "Get-CimInstance : 何かのエラー\n"
        "発生場所 行:1 文字:1\n"
        "+ Get-CimInstance -Namespace root/ccm ...\n"
        "    + CategoryInfo          : MetadataError: (root\\ccm:CCM_Client:String) [Get-CimInstance], CimException\n"
        "    + FullyQualifiedErrorId : HRESULT 0x80041010,Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand\n"
    )
    (state,) = read(text, "paste.txt")
    assert (state.name, state.values["code"]) == ("CCM_Client", "0x80041010")


def test_without_a_class_the_namespace_is_named_or_nothing() -> None:
    (state,) = read('Get-WmiObject : Invalid namespace "root\\ccm\\x"\n', "f")
    assert state.name == "root\\ccm\\x"
    (state,) = read("Get-WmiObject : Invalid namespace\n", "f")
    assert state.name == ""


def test_an_error_of_another_kind_is_no_wmi_error() -> None:
    text = (
        "Get-WmiObject : The term 'Get-WmiObject' is not recognized as a name of a cmdlet.\n"
        "    + CategoryInfo          : ObjectNotFound: (Get-WmiObject:String) [], CommandNotFoundException\n"
    )
    assert read(text, "f") == []


# --- what is no object --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        '<![LOG[UniqueId : x]LOG]!><time="10:00:00.000-540" date="03-25-2025" component="c" type="1">',
        '<![LOG[first line\nUniqueId : x\nTitle    : y\nStatus   : Missing\n]LOG]!><time="1">',
        "Status : it still fails.\nNote   : CCM_UpdateStatus is empty, I think.",
        "Title: UniqueId and Status\nUniqueId: 1\nStatus: Missing",
        "StatusCode        : 200\nStatusDescription : OK\n",
        "Dear all,\n---------\nCCM_UpdateStatus is a class.\n",
        "UniqueId, Title and Status are properties.",
        "CCM_UpdateStatus, CCM_Client\n",
        "WUServer : http://sup01.contoso.com\nPSPath   : Microsoft.PowerShell.Core\\Registry::HKEY_LOCAL_MACHINE\\X\nEnabled  : 1\n",
    ],
)
def test_logs_and_letters_give_no_object(text: str) -> None:
    assert read(text, "paste.txt") == []


@pytest.mark.parametrize("letter", ["結果 : なし", "Result : none", "はい,いいえ", "yes,no", "Report\n------\nnothing"])
def test_what_people_write_below_a_command_is_not_its_answer(letter: str) -> None:
    """A wrong instance here would say that a policy has arrived."""
    assert read(f"{ASK}\n\n{letter}\n", "paste.txt") == []
    assert read(f"{letter}\n", "CCM_UpdateCIAssignment.txt") == []


def test_objects_of_several_kinds_in_one_text_come_in_order() -> None:
    log = '<![LOG[Scan failed]LOG]!><time="10:00:00.000-540" date="03-25-2025" component="WUAHandler" type="3">'
    text = "\n".join(
        [
            log,
            LIST,
            "",
            "次はこちら:",
            PROMPT + ASK,
            TABLE,
            log,
            json.dumps(INSTANCE),
            "",
            '"ArticleID","EvaluationState"\n"5","1"',
        ]
    )
    assert [state.name for state in wmi(text)] == [
        "CCM_UpdateStatus",
        "CCM_UpdateStatus",
        "CCM_UpdateCIAssignment",
        "CCM_UpdateCIAssignment",
        "CCM_UpdateStatus",
        "CCM_SoftwareUpdate",
    ]


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
@pytest.mark.parametrize("text", [TABLE, LIST])
def test_line_ends_and_a_mark_at_the_start_do_not_matter(text: str, newline: str) -> None:
    assert wmi("\ufeff" + text.replace("\n", newline)) == wmi(text)


def test_an_indented_paste_is_read() -> None:
    for text in (TABLE, LIST):
        indented = "".join(f"    {line}\n" if line else "\n" for line in text.split("\n"))
        assert [state.values for state in wmi(indented)] == [state.values for state in wmi(text)]


@pytest.mark.parametrize("text", [TABLE, LIST, json.dumps(INSTANCE), f"{PROMPT}{ASK}\n{PROMPT}"])
def test_markers_let_every_output_through(text: str) -> None:
    assert any(marker in text.lower() for marker in MARKERS)
    assert all(marker == marker.lower() for marker in MARKERS)


PIECES = st.sampled_from(
    [
        *TABLE.splitlines(),
        *LIST.splitlines(),
        PROMPT,
        PROMPT + ASK,
        ASK,
        "#TYPE x#y\\CCM_Client",
        '"UniqueId","Title","Status"',
        '"a","b',
        json.dumps(INSTANCE),
        "[]",
        '{"CCM_Client": [',
        '{"class": "CCM_Client", "instances": [{}, null, []], "error": {}}',
        '{"CCM_Client": [{"a": {"b": [1.5, {"c": null}]}}]}',
        "Get-WmiObject : Invalid class",
        "<![LOG[",
        "]LOG]!>",
        "- - -",
        "-------",
        "\t",
        ">> x",
        "\r",
        "\x1b[1m",
    ]
)


@given(
    st.lists(PIECES | st.text(max_size=60), max_size=30).map("\n".join), st.sampled_from(["a.txt", "CCM_Client.json"])
)
def test_any_text_gives_a_list_of_states_that_stand_in_it(text: str, file: str) -> None:
    count = len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    for state in read(text, file):
        assert isinstance(state, State)
        assert state.kind in ("wmi", "wmi-empty", "wmi-error")
        assert state.name or state.kind == "wmi-error"
        assert 1 <= state.place.line <= count
        assert all(name == name.casefold() for name in state.values)


def test_json_that_is_nested_without_end_is_passed_over() -> None:
    deep = "[" * 200_000
    assert read(deep + "\n" + LIST, "f") == read("x\n" + LIST, "f")


@pytest.mark.parametrize(
    "line",
    [
        "Boundary,Type",
        '"ab","c"',
        "ab c\n- -",
        "a b\n- -",
        "AssignmentID : x",
        "[",
        '{"a":1',
        "#TYPE x",
        "Get-WmiObject : x",
        ">> x",
    ],
)
def test_a_hostile_text_takes_no_longer_than_its_length_allows(line: str) -> None:
    text = f"PS C:\\> Get-WmiObject CCM_Client\n{line}\n" * 20_000
    for hostile in (text, f"{line}\n" * 30_000):
        start = time.perf_counter()
        read(hostile, "CCM_Client.txt")
        assert time.perf_counter() - start < 10  # a second here; minutes when every line reads to the end again


CELLS = st.text("aKb9-更新ﾌプー（…α", max_size=12).map(lambda text: f"x{text}")


def cells(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6))
def test_a_table_padded_by_cells_is_read_back(rows: list[tuple[str, str]]) -> None:
    table = [("UniqueId", "Title", "Status"), *((f"id{at}", title, status) for at, (title, status) in enumerate(rows))]
    table.insert(1, ("--------", "-----", "------"))
    wide = [max(cells(row[at]) for row in table) for at in range(3)]
    lines = ["".join(cell + " " * (wide[at] - cells(cell) + 1) for at, cell in enumerate(row)) for row in table]
    found = [tuple(state.values.values()) for state in of_kind("\n".join(lines), "wmi")]
    assert found == table[2:]
