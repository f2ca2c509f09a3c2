"""This machine: registry values in the form of an export; the whole of it on Windows (or what stands for it)."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from ccmdoctor import cli
from ccmdoctor.collect import manifest
from ccmdoctor.formats import registry
from ccmdoctor.reader import read
from ccmdoctor.sources import Artifact, Unread, artifact, live, open_source
from ccmdoctor.sources.collector import Collected

DEMO = Path(__file__).parent.parent.parent / "src/ccmdoctor/demo"

KEY = r"SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate"


@pytest.mark.parametrize(
    ("kind", "value", "read_as"),
    [
        (1, 'http://sup.contoso.com:8530/"x"\\', 'http://sup.contoso.com:8530/"x"\\'),
        (1, "two\r\nlines", "two\r\nlines"),
        (2, r"%SystemRoot%\x", r"%SystemRoot%\x"),
        (4, 0x80244022, 0x80244022),
        (11, 1 << 40, 1 << 40),
        (7, ["a", "更新"], ["a", "更新"]),
        (3, b"\x01\xff", "01ff"),
    ],
)
def test_a_value_comes_back_from_its_line(kind: int, value: Any, read_as: Any) -> None:
    text = f"Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\{KEY}]\r\n{live.reg_line('Name', value, kind)}\r\n"
    (state,) = (one for one in registry.read(text, "x.reg") if one.kind == "registry-value")
    assert state.values["value"] == read_as


@pytest.mark.skipif(sys.platform == "win32", reason="this is the answer elsewhere")
def test_elsewhere_the_way_out_is_told() -> None:
    done = CliRunner().invoke(cli.main, ["diagnose", "live", "--lang", "en"])
    assert done.exit_code == 2 and "only on Windows" in done.stderr and "smb://" in done.stderr


in_wine = pytest.mark.skipif(
    sys.platform != "win32" or not os.environ.get("CCMDOCTOR_WINE"), reason="writes to the registry"
)


def write(values: dict[str, dict[str, tuple[int, Any]]], view: int) -> None:
    import winreg

    for key, inside in values.items():
        with winreg.CreateKeyEx(winreg.HKEY_LOCAL_MACHINE, key, 0, winreg.KEY_ALL_ACCESS | view) as handle:
            for name, (kind, value) in inside.items():
                winreg.SetValueEx(handle, name, 0, kind, value)


@in_wine
def test_the_registry_and_the_logs_of_this_machine_are_read(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import winreg

    logs = tmp_path / "Logs"
    logs.mkdir()
    (logs / "WUAHandler.log").write_text("Scan failed with error = 0x80244022.\n", encoding="utf-8")
    monkeypatch.setenv("WHERE_LOGS_LIE", str(tmp_path))
    made = {
        KEY: {"WUServer": (1, "http://sup.contoso.com:8530")},
        KEY + r"\AU": {"UseWUServer": (4, 1)},
        r"SOFTWARE\Microsoft\CCM\Logging\@Global": {"LogDirectory": (2, r"%WHERE_LOGS_LIE%\Logs")},
    }
    write(made, winreg.KEY_WOW64_64KEY)
    reading = read(open_source(["live"]))
    values = {state.name: state.values["value"] for state in reading.states if state.kind == "registry-value"}
    assert values[f"HKLM\\{KEY}\\WUServer"] == "http://sup.contoso.com:8530"
    assert values[f"HKLM\\{KEY}\\AU\\UseWUServer"] == 1
    notes = {item.artifact: (item.state, item.note) for item in reading.coverage}
    assert notes["CCM/Logs/WUAHandler.log"][0] == "read"
    assert notes["collector.zip"][1] in ("no-powershell", "collector-failed")  # Wine has none, or a stand-in


@in_wine
def test_keys_are_exported_from_the_view_of_64_bits_with_values_of_every_type() -> None:
    import winreg

    top = r"SOFTWARE\Contoso\Export"
    inside: dict[str, tuple[int, Any]] = {
        "": (1, "default"), "None": (0, None), "Text": (1, 'a "b" \\c'), "Expand": (2, r"%SystemRoot%\x"),
        "Bytes": (3, b"\x01\xff"), "Word": (4, 0xFFFFFFFF), "Big": (5, b"\x00\x00\x00\x01"),
        "List": (7, ["a", "更新"]), "Empty": (7, []), "Long": (11, 1 << 63),
    }  # fmt: skip
    write({top: inside, top + r"\Below\Deeper": {"x": (1, "y")}}, winreg.KEY_WOW64_64KEY)
    write({top: {"Text": (1, "of 32 bits")}}, winreg.KEY_WOW64_32KEY)
    raw, missing = live.exported([{"key": top, "deep": True}, {"key": top + "Not"}])
    text = raw.decode()
    found = {one.name.rpartition("\\")[2]: one for one in registry.read(text, "x.reg") if one.kind == "registry-value"}
    assert found["Text"].values["value"] == 'a "b" \\c' and found["x"].values["value"] == "y"
    assert found["Word"].values["value"] == 0xFFFFFFFF and found["Long"].values["value"] == 1 << 63
    assert found["List"].values["value"] == ["a", "更新"] and found["Expand"].values["value"] == r"%SystemRoot%\x"
    assert f"[-HKEY_LOCAL_MACHINE\\{top}Not]" in text and missing == []
    assert all(
        line in text for line in ('@="default"', '"None"=hex(0):', '"Big"=hex(5):00,00,00,01', '"Empty"=hex(7):00,00')
    )


# --- the collector: a stand-in for Windows PowerShell, as a real process ----------------------------------------------

STAND_IN = """#!{python}
import json, os, subprocess, sys
from pathlib import Path
with open({record!r}, "a") as record:
    record.write(json.dumps([sys.argv[1:], dict(os.environ), os.path.exists(sys.argv[sys.argv.index("-File") + 1])]) + "\\n")
{does}
"""
WRITES = """
import zipfile
target = sys.argv[sys.argv.index("-Output") + 1]
with zipfile.ZipFile(target, "w") as archive:
    archive.writestr("commands/winhttp.txt", "Current WinHTTP proxy settings:\\r\\n\\r\\n    Direct access (no proxy server).\\r\\n")
print("a warning")
print(json.dumps({"schema": "ccmdoctor.collector/1", "written": True, "bytes": os.path.getsize(target)}))
"""
here = pytest.mark.skipif(sys.platform == "win32", reason="a script stands for a program of Windows")


class PowerShell(NamedTuple):
    """Where the stand-in lies, what it noted, and the folder for temporary files."""

    program: Path
    record: Path
    temporary: Path

    def does(self, what: str) -> None:
        text = STAND_IN.format(python=sys.executable, record=str(self.record), does=what)
        self.program.write_text(text, encoding="utf-8")
        self.program.chmod(0o755)

    def runs(self) -> list[Any]:
        return [json.loads(line) for line in self.record.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def powershell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PowerShell:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("SYSTEMROOT", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("CCMDOCTOR_PASSWORD", "s3cret")
    return PowerShell(tmp_path / r"System32\WindowsPowerShell\v1.0\powershell.exe", tmp_path / "record", temporary)


def collected() -> dict[str, str | None]:
    """What the zip of a run came to: the note by artifact."""
    zip = Collected(live._collected)

    class Only:
        address = "live"

        def artifacts(self) -> Iterator[Artifact | Unread]:
            yield zip.artifact()

        def collected(self) -> None:
            return None

    return {item.artifact: item.note for item in read([Only(), Only(), open_source([str(DEMO)])[0]]).coverage}


@here
def test_the_collector_runs_once_without_what_was_read_and_leaves_nothing(powershell: PowerShell) -> None:
    powershell.does(WRITES)
    assert collected()["collector.zip!commands/winhttp.txt"] is None
    ((arguments, variables, there),) = powershell.runs()
    assert arguments[:5] == ["-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File"] and there
    assert arguments[6::2] == ["-Output", "-Skip"] and len(arguments) == 10
    skipped = set(arguments[-1].split(","))
    assert "user-proxy" not in skipped and "scan-logs" in skipped
    assert skipped <= set(manifest()["entries"])
    assert "s3cret" not in variables.values()
    assert list(powershell.temporary.iterdir()) == []


@here
@pytest.mark.parametrize(
    ("does", "why"),
    [
        ('print(\'{"schema":"ccmdoctor.collector/1","written":false,"error":"constrained-language"}\'); sys.exit(1)', "collector-constrained"),
        ('print(\'{"schema":"ccmdoctor.collector/1","written":false,"error":"no room"}\'); sys.exit(1)', "collector-failed"),
        ("sys.exit(1)", "collector-failed"),
        ("import time; time.sleep(30)", "step-timeout"),
        ("subprocess.Popen(['sleep', '30'], start_new_session=True); import time; time.sleep(30)", "step-timeout"),
    ],
)  # fmt: skip
def test_a_collector_that_brings_nothing_is_told(
    powershell: PowerShell, monkeypatch: pytest.MonkeyPatch, does: str, why: str
) -> None:
    monkeypatch.setattr("ccmdoctor.sources.live.longest", lambda: 2)
    powershell.does(does)
    began = time.monotonic()
    assert collected()["collector.zip"] == why
    assert time.monotonic() - began < 15 and len(powershell.runs()) == 1
    assert list(powershell.temporary.iterdir()) == []


@here
def test_without_powershell_that_is_told(powershell: PowerShell) -> None:
    assert collected()["collector.zip"] == "no-powershell"


@pytest.mark.skipif(sys.platform != "win32", reason="elsewhere nobody is kept from renaming")
def test_a_log_can_be_renamed_and_deleted_while_it_is_open(tmp_path: Any) -> None:
    log = tmp_path / "CAS.log"
    log.write_bytes(b"x" * 100)
    with open(log, "rb", opener=artifact._without_waiting) as file:
        log.rename(tmp_path / "CAS.lo_")
        (tmp_path / "CAS.lo_").unlink()
        assert file.read() == b"x" * 100
