"""Names of Group Policy objects come out of every file that holds them, and hostile files cost nothing."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from ccmdoctor.formats.group_policy_names import MARKERS, guid_in, read

GUID = "{4EF0A4CB-2F35-4B48-A248-E3F10914EE58}"
INI = f"contoso.com/Policies/{GUID}/GPT.INI"


def test_the_name_stands_in_gpt_ini_with_any_line_end() -> None:
    for end in ("\n", "\r\n"):
        (state,) = read(end.join(("[General]", "Version=65539", "displayName=Old WSUS policy", "")), INI)
        assert (state.name, state.values["name"], state.place.line) == (GUID.lower(), "Old WSUS policy", 3)


def test_the_stand_in_of_windows_is_no_name() -> None:
    for name in ("New Group Policy Object", "新しいグループ ポリシー オブジェクト"):
        assert read(f"[General]\r\nVersion=1\r\ndisplayName={name}\r\n", INI) == []


def test_a_file_of_another_folder_names_nothing() -> None:
    assert read("[General]\ndisplayName=x\n", "GPT.INI") == []


def test_a_manifest_names_every_backup() -> None:
    one = "<BackupInst><GPOGuid><![CDATA[{guid}]]></GPOGuid><GPODisplayName>{name}</GPODisplayName><ID>{id}</ID></BackupInst>"
    ids = ["{0B8E2B25-7DA3-4C8F-9C0B-6AF5B6E1F0C1}", "{0B8E2B25-7DA3-4C8F-9C0B-6AF5B6E1F0C2}"]
    body = "".join(one.format(guid=GUID, name=f"GPO {at}", id=id) for at, id in enumerate(ids))
    states = read(
        f'<?xml version="1.0" encoding="utf-16"?><Backups xmlns="http://www.microsoft.com/GroupPolicy/GPOOperations/Manifest">{body}</Backups>',
        "manifest.xml",
    )
    assert [(state.values["name"], state.values["backup"]) for state in states] == [
        (f"GPO {at}", id.lower()) for at, id in enumerate(ids)
    ]


def test_a_result_of_policy_names_the_objects_that_applied() -> None:
    text = (
        '<Rsop xmlns="http://www.microsoft.com/GroupPolicy/Rsop"><ComputerResults><GPO><Name>Old WSUS policy</Name>'
        f'<Path><Identifier xmlns="http://www.microsoft.com/GroupPolicy/Types">{GUID}</Identifier></Path></GPO></ComputerResults></Rsop>'
    )
    assert [(state.name, state.values["name"]) for state in read(text, "gpresult.xml")] == [
        (GUID.lower(), "Old WSUS policy")
    ]


def test_entities_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret", encoding="utf-8")
    text = (
        f'<!DOCTYPE a [<!ENTITY x SYSTEM "{secret.as_uri()}">]><a><GPO><Identifier><Identifier>{GUID}</Identifier></Identifier>'
        "<Name>&x;</Name></GPO></a>"
    )
    assert not any("secret" in str(state.values) for state in read(text, "gpreport.xml"))


@given(st.text(max_size=300), st.sampled_from(MARKERS), st.text(max_size=60))
def test_nothing_makes_it_raise(noise: str, marker: str, file: str) -> None:
    read(f"{noise}{marker}{noise}", file)
    read(f"<a>{noise}<GPO>{marker}</GPO>", f"{GUID}/{file}")
    guid_in(file)
