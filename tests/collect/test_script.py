"""The script without a PowerShell: held to the grammar, to Windows PowerShell 5.1, to what it may do, and to the manifest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import tree_sitter_powershell
from click.testing import CliRunner
from tree_sitter import Language, Node, Parser

from ccmdoctor.cli import main
from ccmdoctor.collect import FOLDER, SCRIPT, longest, manifest, script
from ccmdoctor.collect.rendering import KINDS, literal, script_text
from ccmdoctor.version import __version__

PARSER = Parser(Language(tree_sitter_powershell.language()))
SOURCE = SCRIPT.read_bytes()
# Cmdlets of Windows PowerShell 5.1 with the parameters used here, which all exist there. None of them changes anything
# but Remove-Item, whose one use is tested below.
CMDLETS = {
    "Add-Type": "AssemblyName",
    "ConvertTo-Json": "InputObject Depth Compress",
    "ForEach-Object": "Process",
    "Get-ChildItem": "LiteralPath Path File Force Recurse ErrorAction",
    "Get-Date": "",
    "Get-Item": "LiteralPath Force",
    "Get-Service": "Name ErrorAction",
    "Get-WindowsUpdateLog": "LogPath Confirm",
    "Get-WinEvent": "FilterHashtable MaxEvents ErrorAction",
    "Get-WmiObject": "Namespace Class Filter ErrorAction",
    "Invoke-WmiMethod": "Namespace Class Name ErrorAction",
    "Join-Path": "Path ChildPath",
    "New-Object": "TypeName ArgumentList ComObject",
    "Remove-Item": "LiteralPath Recurse Force ErrorAction",
    "Sort-Object": "Property Descending",
    "Test-Path": "LiteralPath",
    "Where-Object": "FilterScript",
    "Write-Output": "",
}
NOT_IN_5_1 = (
    "??",
    "?.",
    "&&",
    "||",
    " ? ",
    "clean {",
    "-AsHashtable",
    "-Parallel",
    "$IsWindows",
    "ForEach-Object -Parallel",
)
NEVER = (
    "invoke-expression", "iex ", "downloadstring", "downloadfile", "webclient", "start-bitstransfer", "frombase64string",
    "reflection", "add-mppreference", "set-itemproperty", "new-itemproperty", "set-service", "stop-service",
    "start-service", "restart-service", "setvalue", "deletevalue", "createsubkey", "opensubkey($path, $true", "stop-process",
    "invoke-command", "enter-pssession", "credential]", "password", "http://", "https://",
)  # fmt: skip


def _nodes(node: Node, *kinds: str) -> Iterator[Node]:
    if node.type in kinds:
        yield node
    for child in node.children:
        yield from _nodes(child, *kinds)


def _text(node: Node) -> str:
    return SOURCE[node.start_byte : node.end_byte].decode()


TREE = PARSER.parse(SOURCE).root_node
FUNCTIONS = {_text(next(_nodes(node, "function_name"))): node for node in _nodes(TREE, "function_statement")}
CODE = re.sub(r"<#(?s:.*?)#>|^\s*#[^\n]*$", "", SOURCE.decode(), flags=re.MULTILINE)


def test_it_is_fresh_ascii_and_one_file() -> None:
    assert script() == script_text(__version__), "run: uv run python tools/generate.py"
    assert script().isascii() and "\r" not in script() and "<<" not in script()
    assert "Import-Module" not in CODE and "Requires -Modules" not in CODE and ". ." not in CODE


def test_it_keeps_the_grammar() -> None:
    assert [(_text(node)[:60], node.start_point) for node in _nodes(TREE, "ERROR")] == []
    assert not TREE.has_error


@pytest.mark.parametrize("spoilt", ["if ($x) {", "@{ a 1 }", "$a = 1 +", "$a ?? 1", "foreach ($x in $y {", '"open'])
def test_the_grammar_notices_what_is_broken(spoilt: str) -> None:
    assert PARSER.parse(SOURCE + spoilt.encode()).root_node.has_error


def test_it_is_for_windows_powershell_5_1() -> None:
    assert "#Requires -Version 5.1" in SOURCE.decode() and "#Requires -PSEdition Desktop" in SOURCE.decode()
    without_strings = re.sub(r"'[^'\n]*'|\"[^\"\n]*\"", "''", CODE)
    assert [word for word in NOT_IN_5_1 if word in without_strings] == []
    assert not re.search(r"\bclass\s+\w+\s*\{|\busing\s", without_strings)


def test_it_calls_only_known_cmdlets_and_its_own_functions_with_parameters_that_exist() -> None:
    for command in _nodes(TREE, "command"):
        name = _text(next(child for child in command.children if child.type == "command_name"))
        used = {_text(node).lstrip("-") for node in _parameters(command)}
        if name in FUNCTIONS:
            block = next(_nodes(FUNCTIONS[name], "param_block"), None)
            declared = (
                {_text(one).split("=")[0].strip().split("$")[-1].strip() for one in _nodes(block, "script_parameter")}
                if block
                else set()
            )
            assert used <= declared, (name, used - declared)
        else:
            assert name in CMDLETS, name
            assert used <= set(CMDLETS[name].split()), (name, used)


def _parameters(command: Node) -> Iterator[Node]:
    for child in command.children:
        if child.type == "command_parameter":
            yield child
        elif child.type not in ("command", "script_block_expression", "parenthesized_expression"):
            yield from _parameters(child)


def test_it_does_nothing_that_a_collector_must_not() -> None:
    assert [word for word in NEVER if word in CODE.lower()] == []
    removed = re.findall(r"Remove-Item -LiteralPath (\S+)", CODE)
    assert removed == ["$work"] and "NewGuid()" in re.search(r"\n    \$work = .*", CODE)[0]  # type: ignore[index]
    assert re.findall(r"OpenSubKey\([^)]*\)", CODE) and all(
        ", $false)" in one for one in re.findall(r"OpenSubKey\([^)]*\)", CODE)
    )


def test_no_variable_hides_a_parameter_of_another_case() -> None:
    """``$from`` is ``$From``: PowerShell tells no case apart, and a parameter keeps its type."""
    for name, node in FUNCTIONS.items():
        block = next(_nodes(node, "param_block"), None)
        declared = set(re.findall(r"\$(\w+)", _text(block))) - {"null", "true", "false"} if block else set()
        body = _text(node).replace(_text(block), "") if block else _text(node)
        named = set(re.findall(r"\$(\w+)", body))
        hidden = {(one, other) for one in declared for other in named if one != other and one.lower() == other.lower()}
        assert hidden == set(), (name, hidden)


def test_a_zip_file_that_is_not_whole_is_deleted_and_nothing_else() -> None:
    assert re.findall(r"if \(-not \$whole\) \{ \[System\.IO\.File\]::Delete\(\$File\) \}", CODE)
    assert len(re.findall(r"::Delete\(", CODE)) == 1
    body = _text(FUNCTIONS["Write-Zip"])
    assert "[System.IO.FileMode]::CreateNew" in body and body.index("$zip.Dispose()") < body.index("$whole = $true")


def test_servers_are_only_the_clients_own() -> None:
    """An address is made in two functions, from the client's own settings, and asked in one."""
    assert len(re.findall(r"\[System\.Net\.WebRequest\]::Create\(", CODE)) == 1
    made = [name for name, node in FUNCTIONS.items() if "url =" in _text(node)]
    assert made == ["Get-ManagementPoint", "Get-UpdatePoint", "Save-Web"]
    assert "$request.AllowAutoRedirect = $false" in CODE and "$request.UseDefaultCredentials = $false" in CODE
    asked = {entry["at"] for entry in manifest()["entries"].values() if entry["kind"] == "web"}
    assert asked == {"management-point", "update-point"}


def test_logs_are_opened_while_the_client_writes_them() -> None:
    assert "[System.IO.FileShare]::ReadWrite -bor [System.IO.FileShare]::Delete" in _text(FUNCTIONS["Copy-Tail"])
    # the size that the folder tells of an open file is old: the file itself is asked
    assert "$part.Length -gt" not in CODE and "$copied.size -gt $most" in CODE
    assert "ReadAllBytes" not in CODE and "Copy-Item" not in CODE and "Get-Content" not in CODE


def test_every_kind_has_its_function_and_the_members_of_a_step_are_those_that_it_reads() -> None:
    entries = manifest()["entries"].values()
    common = {"Id", "Kind", "Seconds", "To", "Privacy"}
    for kind, name in KINDS.items():
        body = _text(FUNCTIONS[f"Save-{name}"])
        if "-Step $Step" in body:
            body += _text(FUNCTIONS["Write-ClassError"])
        reads = set(re.findall(r"\$Step\.(\w+)", body))
        given = {_member(key) for entry in entries if entry["kind"] == kind for key in entry}
        assert reads <= given | common, (kind, reads - given - common)
        assert given - common - reads == set(), (kind, given - common - reads)
    assert {entry["kind"] for entry in entries} == set(KINDS)


def _member(key: str) -> str:
    from ccmdoctor.collect import rendering

    return "Kind" if key in rendering._PROSE else rendering._member(key)


def test_members_hide_none_of_a_hashtable() -> None:
    """``$Step.Keys`` would be the hashtable's own list where a step does not state it."""
    taken = {
        "Keys",
        "Values",
        "Count",
        "Item",
        "IsReadOnly",
        "IsFixedSize",
        "SyncRoot",
        "IsSynchronized",
        "Where",
        "ForEach",
    }
    members = set(re.findall(r"\$(?:Step|one|query)\.(\w+)\b(?!\()", CODE))
    assert members & taken == set()


def test_placeholders_are_known() -> None:
    resolved = set(
        re.search(r"foreach \(\$name in ([^)]*)\)", _text(FUNCTIONS["Resolve-Place"]))[1].replace("'", "").split(", ")
    )  # type: ignore[index]
    used = set(re.findall(r"\{(\w+)\}", (FOLDER / "manifest.toml").read_text(encoding="utf-8")))
    assert {word for word in used if not word.isdigit()} - {"file"} == resolved - set()


def test_every_step_has_a_limit_and_every_path_a_record() -> None:
    body = _text(FUNCTIONS["Invoke-Step"])
    assert "WaitOne(1000 * $Step.Seconds + 5000)" in body and "BeginStop" in body and "catch {" in body
    assert all(entry.get("seconds", 1) <= 300 for entry in manifest()["entries"].values())


def test_a_wmi_that_hangs_does_not_take_the_time_of_the_other_steps() -> None:
    facts, kinds = manifest(), ("wmi", "wmi-method")
    limits = [
        entry.get("seconds", facts["limits"]["seconds"])
        for entry in facts["entries"].values()
        if entry["kind"] in kinds
    ]
    assert "($hung -ge 2) -and ($step.Kind -like 'Wmi*')" in CODE
    assert sum(sorted(limits)[-2:]) < facts["limits"]["all_seconds"] / 2 < sum(limits)


def test_recovery_passwords_are_hidden_before_anything_is_written() -> None:
    entry = manifest()["entries"]["bitlocker-state"]
    told = "    Password:\n      111111-222222-333333-444444-555555-666666-777777-888888\n"
    assert re.sub(entry["hide"], "(hidden)", told) == "    Password:\n      (hidden)\n"
    body = _text(FUNCTIONS["Save-Command"])
    assert body.index("$Step.Hide") < body.index("Write-Text")


def test_literals_expand_nothing() -> None:
    assert literal({"a": ["it's", True, 3], "b": "$(calc) `n"}) == "@{ a = @('it''s', $true, 3); b = '$(calc) `n' }"


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_command_writes_it_out(language: str, tmp_path: Path) -> None:
    file = tmp_path / "Collect-CcmEvidence.ps1"
    done = CliRunner().invoke(main, ["collector", "-o", str(file), "--lang", language])
    assert done.exit_code == 0 and done.stdout == "" and str(file) in done.stderr
    assert (language == "ja") == any("\u3040" <= letter <= "\u30ff" for letter in done.stderr)
    assert file.read_bytes() == SOURCE
    shown = CliRunner().invoke(main, ["collector"])
    assert shown.exit_code == 0 and shown.stdout_bytes.replace(b"\r\n", b"\n") == SOURCE
    refused = CliRunner().invoke(main, ["collector", "-o", str(tmp_path / "no" / "x.ps1"), "--lang", language])
    assert refused.exit_code == 2 and "x.ps1" in refused.stderr


def test_with_a_dash_nothing_stays_and_nothing_ends_the_callers_session() -> None:
    """``exit`` in a session of PowerShell remoting would be the end of what follows it."""
    ends = [_text(node) for node in _nodes(TREE, "flow_control_statement") if _text(node).startswith("exit")]
    assert ends == ["exit 1", "exit $exit"]
    assert "    if ($Output -eq '-') { return }\n    exit 1\n" in CODE
    assert CODE.rstrip().endswith("\nif (-not $send) { exit $exit }")
    # the zip lies in the work folder, which is removed before the last line, in a part that is not packed
    assert "if ($send) { $zip = New-Target -To 'raw/evidence.zip' -Context $context }" in CODE
    assert "if ($name.StartsWith('raw/')) { continue }" in _text(FUNCTIONS["Write-Zip"])
    assert (
        CODE.index("Send-File -Path $zip") < CODE.index("Remove-Item -LiteralPath $work") < CODE.rindex("Write-Output")
    )


def test_the_lines_that_are_sent_can_be_told_from_the_last_one() -> None:
    """Base64 has no brace; the record has one, and is the only other output."""
    outputs = [_text(node) for node in _nodes(TREE, "command") if _text(node).startswith("Write-Output")]
    assert len(outputs) == 2 and all("{" in one or "$line -Compress" in one for one in outputs)
    assert "[System.Convert]::ToBase64String($buffer, 0, $read)" in _text(FUNCTIONS["Send-File"])
    assert [name for name, node in FUNCTIONS.items() if "ToBase64String" in _text(node)] == ["Send-File"]


def test_the_longest_run_holds_the_step_that_begins_last() -> None:
    limits = manifest()["limits"]
    last = max(entry.get("seconds", limits["seconds"]) for entry in manifest()["entries"].values())
    assert longest() > limits["all_seconds"] + last + 5  # Invoke-Step waits 5 seconds more
