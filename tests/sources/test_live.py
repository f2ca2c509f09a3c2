"""This machine: registry values in the form of an export; the whole of it on Windows (or what stands for it)."""

from __future__ import annotations

import os
import sys
from typing import Any

import pytest
from click.testing import CliRunner

from ccmdoctor import cli
from ccmdoctor.formats import registry
from ccmdoctor.reader import read
from ccmdoctor.sources import artifact, live, open_source

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


@pytest.mark.skipif(sys.platform != "win32" or not os.environ.get("CCMDOCTOR_WINE"), reason="writes to the registry")
def test_the_registry_and_the_logs_of_this_machine_are_read(tmp_path: Any) -> None:
    import winreg

    logs = tmp_path / "Logs"
    logs.mkdir()
    (logs / "WUAHandler.log").write_text("Scan failed with error = 0x80244022.\n", encoding="utf-8")
    made = {
        KEY: {"WUServer": (1, "http://sup.contoso.com:8530")},
        KEY + r"\AU": {"UseWUServer": (4, 1)},
        r"SOFTWARE\Microsoft\CCM\Logging\@Global": {"LogDirectory": (1, str(logs))},
    }
    for key, values in made.items():
        with winreg.CreateKeyEx(
            winreg.HKEY_LOCAL_MACHINE, key, 0, winreg.KEY_ALL_ACCESS | winreg.KEY_WOW64_64KEY
        ) as handle:
            for name, (kind, value) in values.items():
                winreg.SetValueEx(handle, name, 0, kind, value)
    reading = read(open_source(["live"]))
    values = {state.name: state.values["value"] for state in reading.states if state.kind == "registry-value"}
    assert values[f"HKLM\\{KEY}\\WUServer"] == "http://sup.contoso.com:8530"
    assert values[f"HKLM\\{KEY}\\AU\\UseWUServer"] == 1
    notes = {item.artifact: (item.state, item.note) for item in reading.coverage}
    assert notes["CCM/Logs/WUAHandler.log"][0] == "read"
    assert notes["collector.zip"][1] in ("no-powershell", "collector-failed")  # Wine has none, or a stand-in


@pytest.mark.skipif(sys.platform != "win32", reason="elsewhere nobody is kept from renaming")
def test_a_log_can_be_renamed_and_deleted_while_it_is_open(tmp_path: Any) -> None:
    log = tmp_path / "CAS.log"
    log.write_bytes(b"x" * 100)
    with open(log, "rb", opener=artifact._without_waiting) as file:
        log.rename(tmp_path / "CAS.lo_")
        (tmp_path / "CAS.lo_").unlink()
        assert file.read() == b"x" * 100
