"""WMI over WinRM: real NTLM, real encryption, pages and faults of a responder on loopback."""

from __future__ import annotations

import json
import time
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ccmdoctor import cli
from ccmdoctor.collect import manifest
from ccmdoctor.model import InputError
from ccmdoctor.reader import Reading, read
from ccmdoctor.sources import open_source
from probe import lab
from sources import wsman
from sources.samba import PASSWORD

pytest.importorskip("pypsrp")
CLASSES = {one["class"] for one in manifest()["entries"].values() if one["kind"] == "wmi"}


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


def test_an_address_with_another_path_or_a_password_is_refused() -> None:
    for address in (
        "winrm://pc0123/x",
        "winrm://pc0123/collector/x",
        "winrm://pc0123?collector",
        "winrm://user:secret@pc0123",
    ):
        with pytest.raises(InputError) as caught:
            open_source([address])
        assert "secret" not in str(caught.value)


def notes(reading: Reading) -> dict[str, str | None]:
    return {item.artifact: item.note for item in reading.coverage}


def test_nothing_is_sent_in_clear(wmi: wsman.Wmi, port: int) -> None:
    files(port)
    assert len(wmi.bodies) > len(CLASSES)
    assert not any(word in body for body in wmi.bodies for word in (b"SELECT", b"Envelope", PASSWORD.encode()))


@pytest.fixture
def issuer(tmp_path: Path) -> lab.Issuer:
    return lab.Issuer(tmp_path)


def test_over_tls_the_logon_is_bound_to_the_certificate(
    wmi: wsman.Wmi, port: int, issuer: lab.Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pypsrp.negotiate import NoCertificateRetrievedWarning

    certificate, key, *_ = issuer.issue("good", ("127.0.0.1",))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(issuer.root))
    with warnings.catch_warnings(), wsman.running(wmi, certificate, key) as secure:
        warnings.simplefilter("error", NoCertificateRetrievedWarning)
        reading = read(open_source([f"winrms://127.0.0.1:{secure}"]))
    assert notes(reading)["wmi/CCM_UpdateStatus.json"] is None


def test_a_certificate_that_is_not_trusted_ends_with_the_way_out(wmi: wsman.Wmi, port: int, issuer: lab.Issuer) -> None:
    certificate, key, *_ = issuer.issue("good", ("127.0.0.1",))
    before = len(wmi.bodies)
    with wsman.running(wmi, certificate, key) as secure:
        code, said = told(f"winrms://127.0.0.1:{secure}")
    assert code == 2 and "certificate of the host is not trusted" in said and len(wmi.bodies) == before


def test_an_answer_that_is_too_large_or_nests_without_end_costs_only_its_class(
    wmi: wsman.Wmi, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ccmdoctor.sources.winrm.LARGEST_ANSWER", 100_000)
    wmi.classes["CCM_Client"] = [f"<c:Name>{'x' * 200_000}</c:Name>"]
    wmi.classes["SMS_Authority"] = ["<c:X>" * 2_000 + "</c:X>" * 2_000]
    found = notes(read(open_source([f"winrm://127.0.0.1:{port}"])))
    assert found["wmi/CCM_Client.json"] == found["wmi/SMS_Authority.json"] == "remote-failed"
    assert found["wmi/CCM_UpdateStatus.json"] is None


def test_a_class_without_end_is_left_out(wmi: wsman.Wmi, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccmdoctor.sources.winrm.MOST_ROWS", 4)
    assert notes(read(open_source([f"winrm://127.0.0.1:{port}"])))["wmi/CCM_UpdateStatus.json"] == "too-many-instances"
    monkeypatch.setattr("ccmdoctor.sources.winrm.CLASS_SECONDS", -1)
    assert notes(read(open_source([f"winrm://127.0.0.1:{port}"])))["wmi/CCM_UpdateStatus.json"] == "remote-too-slow"


def test_a_host_that_falls_silent_is_given_up(wmi: wsman.Wmi, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccmdoctor.sources.winrm.SECONDS", 6)
    wmi.slow.update(dict.fromkeys(CLASSES - {"Win32_OperatingSystem"}, 60))
    began = time.monotonic()
    found = notes(read(open_source([f"winrm://127.0.0.1:{port}"])))
    assert time.monotonic() - began < 30  # not six seconds for each of the classes
    assert {"remote-unreachable", "remote-connection-lost"} == {note for note in found.values() if note}


def test_what_is_no_answer_is_told(wmi: wsman.Wmi, port: int) -> None:
    wmi.raw["CCM_Client"] = "<s:Envelope xmlns:s='http://www.w3.org/2003/05/soap-envelope'/>"
    wmi.raw["SMS_Authority"] = "not xml at all"
    found = notes(read(open_source([f"winrm://127.0.0.1:{port}"])))
    assert found["wmi/CCM_Client.json"] == found["wmi/SMS_Authority.json"] == "remote-failed"
