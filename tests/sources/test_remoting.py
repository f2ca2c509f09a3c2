"""The collector over PowerShell remoting, against a responder with the real protocol: its zip, and what goes wrong."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from archives import zipped
from ccmdoctor import cli
from ccmdoctor.collect import manifest, script
from ccmdoctor.model import Coverage
from ccmdoctor.reader import Reading, read
from ccmdoctor.sources import open_source
from collect import paper
from sources import wsman
from sources.psrp import DENIED, Failure, Script, Silence
from sources.samba import PASSWORD

pytest.importorskip("pypsrp")
Answer = Callable[[Script], Iterator[Any]]


ZIP = zipped(paper.bundle())


def lines(raw: bytes = ZIP, **last: Any) -> list[str]:
    """What the script writes with ``-Output -``: template.ps1, Send-File and the end."""
    said = {
        "schema": "ccmdoctor.collector/1",
        "written": True,
        "computer": "PC0123",
        "bytes": len(raw),
        "ok": 58,
    } | last
    pieces = [raw[at : at + 20_000] for at in range(0, len(raw), 20_000)]
    return [*(base64.b64encode(piece).decode() for piece in pieces), json.dumps(said)]


def brings(*said: Any) -> Answer:
    return lambda ran: iter(said)


def collected(port: int) -> Reading:
    return read(open_source([f"winrm://127.0.0.1:{port}/collector"]))


def notes(reading: Reading) -> dict[str, str | None]:
    return {item.artifact: item.note for item in reading.coverage}


def told(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli.main, ["diagnose", *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout + done.stderr


def test_the_zip_reads_as_the_same_zip_from_a_file(wmi: wsman.Wmi, port: int, tmp_path: Path) -> None:
    wmi.shells.script = brings(*lines())
    (tmp_path / "collector.zip").write_bytes(ZIP)
    remote, local = collected(port), read(open_source([str(tmp_path / "collector.zip")]))
    assert remote.coverage == local.coverage and len(remote.coverage) > 50
    assert remote.events.keys() == local.events.keys() and remote.states == local.states
    assert remote.collected == local.collected and remote.collected is not None


def test_the_script_is_sent_as_it_is_and_its_session_is_closed(wmi: wsman.Wmi, port: int) -> None:
    wmi.shells.script = brings(*lines())
    collected(port)
    assert wmi.shells.ran == [Script(script(), {"Output": "-"})]
    assert wmi.shells.open == {} and wmi.shells.idle == ["PT180S"]
    assert len(wmi.asked) == 1  # the log-on; the classes are in the zip
    assert not any(b"Collect-CcmEvidence" in body or PASSWORD.encode() in body for body in wmi.bodies)


def test_a_script_that_says_nothing_for_a_while_is_waited_for(wmi: wsman.Wmi, port: int) -> None:
    said = lines()
    wmi.shells.script = brings(Silence(), Silence(), *said[:1], Silence(), *said[1:])
    assert "collector.zip" not in notes(collected(port))


def test_the_collector_runs_once_however_often_its_zip_is_read(wmi: wsman.Wmi, port: int) -> None:
    wmi.shells.script = brings(*lines())
    arguments = ["diagnose", f"winrm://127.0.0.1:{port}/collector", "--redact", "--format", "json"]
    done = CliRunner().invoke(cli.main, arguments)
    assert done.exit_code in (0, 1, 3) and json.loads(done.stdout)["coverage"]
    assert len(wmi.shells.ran) == 1


FAILURES: dict[str, tuple[list[Any], str]] = {
    "no-language mode": ([Failure("ScriptsNotAllowed")], "remoting-refused"),
    "the script failed": ([*lines()[:1], Failure("RuntimeException")], "collector-failed"),
    "constrained language": (
        ['{"schema":"ccmdoctor.collector/1","written":false,"error":"constrained-language"}'],
        "collector-constrained",
    ),
    "no room": (lines(b"", written=False, error="too little room on the disk: 1 bytes"), "collector-failed"),
    "a piece is missing": ([*lines()[1:]], "collector-failed"),
    "no last line": (lines()[:-1], "collector-failed"),
    "another last line": ([*lines()[:-1], '{"written": true}'], "collector-failed"),
    "a line that is no base64": (["hello\n", *lines()], "collector-failed"),
    "no text": ([7, *lines()], "collector-failed"),
    "nothing": ([], "collector-failed"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_where_it_cannot_run_the_reason_is_told_and_the_classes_are_read(wmi: wsman.Wmi, port: int, case: str) -> None:
    said, why = FAILURES[case]
    wmi.shells.script = brings(*said)
    reading = collected(port)
    assert Coverage("collector.zip", "unreadable", 0, 0, why) in reading.coverage
    assert notes(reading)["wmi/CCM_UpdateStatus.json"] is None
    assert any(state.name == "CCM_UpdateStatus" for state in reading.states)
    assert reading.collected is not None and wmi.shells.open == {}


@pytest.mark.parametrize("refusal", [(DENIED, "Access is denied."), (2150859180, "no such session configuration")])
def test_where_remoting_is_refused_the_reason_is_told_and_the_classes_are_read(
    wmi: wsman.Wmi, port: int, refusal: tuple[int, str]
) -> None:
    wmi.shells.refusal = refusal
    found = notes(collected(port))
    assert found["collector.zip"] == "remoting-refused" and found["wmi/CCM_UpdateStatus.json"] is None
    for language, words in (("en", "PowerShell remoting"), ("ja", "PowerShell リモート処理")):
        assert words in told(f"winrm://127.0.0.1:{port}/collector", "--lang", language)[1]


def test_where_wmi_is_refused_the_collector_still_runs(wmi: wsman.Wmi, port: int) -> None:
    wmi.faults["Win32_OperatingSystem"] = (DENIED, "Access is denied.")
    wmi.shells.script = brings(*lines())
    assert "collector.zip!wmi/Win32_OperatingSystem.json" in notes(collected(port))


def test_a_script_that_does_not_end_is_given_up(wmi: wsman.Wmi, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccmdoctor.sources.remoting.longest", lambda: 0.2)

    def for_ever(ran: Script) -> Iterator[Any]:
        while True:
            time.sleep(0.02)
            yield Silence()

    wmi.shells.script = for_ever
    found = notes(collected(port))
    assert found["collector.zip"] == "step-timeout" and found["wmi/CCM_UpdateStatus.json"] is None
    assert wmi.shells.open == {}


def test_a_connection_that_breaks_costs_the_zip_only(wmi: wsman.Wmi, port: int) -> None:
    def broken(ran: Script) -> Iterator[Any]:
        yield lines()[0]
        raise ConnectionAbortedError  # ends this connection of the responder without an answer

    wmi.shells.script = broken
    found = notes(collected(port))
    assert found["collector.zip"] == "remote-connection-lost" and found["wmi/CCM_UpdateStatus.json"] is None


def test_a_zip_that_never_ends_is_left_out(wmi: wsman.Wmi, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(manifest()["limits"], "all_bytes", 1 << 20)
    piece = base64.b64encode(bytes(1 << 19)).decode()
    sent = []

    def for_ever(ran: Script) -> Iterator[str]:
        while len(sent) < 100:
            sent.append(1)
            yield piece

    wmi.shells.script = for_ever
    assert notes(collected(port))["collector.zip"] == "file-too-large"
    assert len(sent) < 20 and wmi.shells.open == {}


def test_a_hostile_zip_is_read_as_any_other(wmi: wsman.Wmi, port: int) -> None:
    bomb = zipped({"Logs/WUAHandler.log": bytes(100 << 20), "../up.log": b"Scan failed with error = 0x80244022."})
    wmi.shells.script = brings(*lines(bomb))
    found = notes(collected(port))
    assert found["collector.zip!Logs/WUAHandler.log"] == "zip-bomb"
    assert found["collector.zip!_/up.log"] == "unsafe-name"
