"""WMI over WinRM: real NTLM, real encryption, pages and faults of a responder on loopback."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ccmdoctor import cli
from ccmdoctor.collect import manifest
from ccmdoctor.model import InputError
from ccmdoctor.reader import read
from ccmdoctor.sources import open_source
from sources import wsman

pytest.importorskip("pypsrp")
PASSWORD = "P@ssw0rd1"
CLASSES = {one["class"] for one in manifest()["entries"].values() if one["kind"] == "wmi"}


@pytest.fixture
def wmi() -> wsman.Wmi:
    found = wsman.Wmi()
    found.classes["Win32_OperatingSystem"] = [
        "<c:BuildNumber>22631</c:BuildNumber><c:CountryCode>81</c:CountryCode><c:ProductType>1</c:ProductType>"
        "<c:LastBootUpTime><cim:Datetime>2025-03-24T08:00:00.5+09:00</cim:Datetime></c:LastBootUpTime>"
    ]
    found.classes["CCM_UpdateStatus"] = [
        f"<c:UniqueId>id-{number}</c:UniqueId><c:Title>2025-03 累積更新プログラム {number}</c:Title><c:Status>Missing</c:Status>"
        "<c:ExtendedStatus xsi:nil='true'/>"
        for number in range(5)
    ]
    return found


@pytest.fixture
def port(wmi: wsman.Wmi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    if os.environ.get("CCMDOCTOR_WINE"):
        pytest.skip("the logon of Wine (SSPI) ends the process")
    users = tmp_path / "users"
    users.write_text(f"CONTOSO:labadmin:{PASSWORD}\n", encoding="utf-8")
    monkeypatch.setenv("NTLM_USER_FILE", str(users))
    monkeypatch.setenv("CCMDOCTOR_USER", "CONTOSO\\labadmin")
    monkeypatch.setenv("CCMDOCTOR_PASSWORD", PASSWORD)
    with wsman.running(wmi) as found:
        yield found


def files(port: int) -> dict[str, Any]:
    found = {}
    for one in open_source([f"winrm://127.0.0.1:{port}"])[0].artifacts():
        with one.open() as data:  # type: ignore[union-attr]
            found[one.name] = json.loads(bytes(data))
    return found


def test_every_class_of_the_collector_is_asked_and_written_as_it_writes_it(wmi: wsman.Wmi, port: int) -> None:
    found = files(port)
    assert {one["class"] for one in found.values()} == CLASSES
    (system,) = found["wmi/Win32_OperatingSystem.json"]["instances"]
    assert system == {"BuildNumber": "22631", "ProductType": 1, "LastBootUpTime": "20250324080000.500000+540"}
    assert any("WHERE" in query for query in wmi.asked)


def test_pages_are_joined(port: int) -> None:
    rows = files(port)["wmi/CCM_UpdateStatus.json"]["instances"]
    assert [row["Title"] for row in rows] == [f"2025-03 累積更新プログラム {number}" for number in range(5)]


def test_the_states_are_those_of_the_collector(port: int) -> None:
    reading = read(open_source([f"winrm://127.0.0.1:{port}"]))
    rows = [state for state in reading.states if state.kind == "wmi" and state.name == "CCM_UpdateStatus"]
    assert [row.values["status"] for row in rows] == ["Missing"] * 5
    assert any(state.kind == "wmi-empty" for state in reading.states)
    assert reading.collected and datetime.now(UTC) - reading.collected < timedelta(minutes=5)


def test_an_error_of_wmi_is_evidence_and_another_fault_is_named(wmi: wsman.Wmi, port: int) -> None:
    wmi.faults["SMS_Authority"] = (2150858752, "The WMI service returned 0x80041010, invalid class")
    wmi.faults["CCM_Client"] = (5, "Access is denied.")
    reading = read(open_source([f"winrm://127.0.0.1:{port}"]))
    errors = {state.name: state.values["code"] for state in reading.states if state.kind == "wmi-error"}
    assert errors == {"SMS_Authority": "0x80041010"}
    notes = {item.artifact: item.note for item in reading.coverage}
    assert notes["wmi/CCM_Client.json"] == "remote-access-denied"


def told(address: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli.main, ["diagnose", address, "--lang", "en"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout + done.stderr


def test_a_wrong_password_ends_with_the_way_out(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCMDOCTOR_PASSWORD", "not-this-one")
    code, said = told(f"winrm://127.0.0.1:{port}")
    assert code == 2 and "refuses the name or the password" in said and "not-this-one" not in said


def test_no_credentials_end_with_the_way_out(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CCMDOCTOR_USER", "CCMDOCTOR_PASSWORD", "NTLM_USER_FILE"):
        monkeypatch.delenv(name)
    code, said = told(f"winrm://127.0.0.1:{port}")
    assert code == 2 and "CCMDOCTOR_USER" in said


def test_a_closed_port_ends_with_the_way_out(port: int) -> None:
    code, said = told("winrm://127.0.0.1:1")
    assert code == 2 and "does not answer" in said


def test_an_address_with_a_path_or_a_password_is_refused() -> None:
    for address in ("winrm://pc0123/x", "winrm://user:secret@pc0123"):
        with pytest.raises(InputError) as caught:
            open_source([address])
        assert "secret" not in str(caught.value)
