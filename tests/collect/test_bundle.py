"""The zip of the collector through the whole of ``diagnose``: as the loose files, and with what failed told."""

from __future__ import annotations

import json
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from ccmdoctor.cli import main
from ccmdoctor.formats import collected, probe_answer
from ccmdoctor.model import State
from ccmdoctor.reader import Reading, read
from ccmdoctor.report.words import words
from ccmdoctor.sources import open_source
from collect import paper

TAKEN = datetime(2025, 3, 25, 1, 30, tzinfo=UTC)


def pack(files: paper.Files, path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in files.items():
            archive.writestr(name, raw)
    return path


def read_zip(files: paper.Files, folder: Path) -> Reading:
    return read(open_source([str(pack(files, folder / "CcmEvidence-PC0123.zip"))]))


def diagnosis(*arguments: str) -> dict[str, Any]:
    done = CliRunner().invoke(main, ["diagnose", *arguments, "--format", "json", "--lang", "en"])
    assert done.exit_code in (0, 1, 3), done.stderr
    return json.loads(done.stdout)


def states(reading: Reading, kind: str) -> list[State]:
    return [state for state in reading.states if state.kind == kind]


def test_the_zip_gives_the_diagnosis_of_the_loose_files(tmp_path: Path) -> None:
    files = paper.bundle()
    loose = tmp_path / "loose"
    for name, raw in files.items():
        if name != collected.NAME:
            (loose / name).parent.mkdir(parents=True, exist_ok=True)
            (loose / name).write_bytes(raw)
    packed = diagnosis(str(pack(files, tmp_path / "x.zip")))
    spread = diagnosis(str(loose), "--now", TAKEN.isoformat())
    plain = json.loads(json.dumps(packed).replace("x.zip!", ""))
    assert plain["observed"]["now"] == spread["observed"]["now"] == "2025-03-25T01:30:00Z"
    for part in ("outcome", "client", "stages", "causes", "ruled_out", "open_questions", "timeline", "troubles"):
        assert plain[part] == spread[part], part
    assert packed["causes"] and packed["client"]["name"] == "PC0123" and packed["troubles"] == []


def test_the_tail_of_a_log_in_two_bytes_a_letter_is_read(tmp_path: Path) -> None:
    """The script keeps the mark of a file whose beginning it leaves out."""
    whole = paper.log("ReportingEvents").decode()
    tail = whole[whole.index("\n") + 1 :]
    for number, raw in enumerate((whole.encode("utf-16"), b"\xff\xfe" + tail.encode("utf-16-le"))):
        reading = read(open_source([str(pack({"Logs/ReportingEvents.log": raw}, tmp_path / f"{number}.zip"))]))
        assert sum(len(events) for events in reading.events.values()) > 5
        assert [one.state for one in reading.coverage] == ["read"]


def test_the_moment_and_the_bias_come_from_the_collection(tmp_path: Path) -> None:
    files = paper.bundle("servicing-log")
    reading = read_zip(files, tmp_path)
    assert reading.collected == TAKEN
    event = next(event for events in reading.events.values() for event in events if event.log == "CBS")
    assert event.utc is not None and event.utc.hour == 1, "local time of Japan, told by the collection alone"
    without = read(open_source([str(_write(files["Logs/CBS.log"], tmp_path / "CBS.log"))]))
    assert all(event.utc is None for events in without.events.values() for event in events)


def _write(raw: bytes, path: Path) -> Path:
    path.write_bytes(raw)
    return path


def test_steps_that_failed_are_told(tmp_path: Path) -> None:
    steps = [
        paper.record("winhttp-proxy"),
        paper.record("gpresult-html", "timeout", error="gpresult.exe"),
        paper.record("wmi-repository", "failed", error="Access is denied."),
        paper.record("setup-logs", "absent", error=r"C:\$WINDOWS.~BT\Sources\Panther"),
        paper.record("ip-configuration", "skipped"),
        paper.record("scan-logs", cut=[{"file": "WUAHandler-20250101-000000.log", "bytes": 5242880, "taken": 0}]),
        paper.record("content-logs", failed=[{"file": "CAS.log", "error": "The file is locked."}]),
        paper.record("maintenance-windows", "failed", files=["wmi/CCM_ServiceWindow.json"], code=-2147217405),
    ]
    files = paper.files_of("winhttp-proxy") | {"collected.json": paper.collected(steps)}
    reading = read_zip(files, tmp_path)
    notes = {one.artifact.partition("!")[2]: (one.state, one.note) for one in reading.coverage if one.note}
    assert notes == {
        "policy/gpresult.html": ("unreadable", "step-timeout"),
        "commands/winmgmt.txt": ("unreadable", "step-failed"),
        "Panther": ("skipped", "step-absent"),
        "commands/ipconfig.txt": ("skipped", "step-skipped"),
        "Logs/WUAHandler-20250101-000000.log": ("skipped", "step-cut"),
        "Logs/CAS.log": ("unreadable", "step-failed"),
    }
    for language in ("ja", "en"):
        assert all(words(language)(f"coverage.{note}") for _, note in notes.values())
    report = CliRunner().invoke(main, ["diagnose", str(tmp_path / "CcmEvidence-PC0123.zip"), "--lang", "en"])
    shown = " ".join(report.stdout.split())
    assert "policy/gpresult.html: not readable" in shown and "gave up after the time limit" in shown


@pytest.mark.parametrize(
    ("code", "message"),
    [(-2147217392, "クラスが無効です"), (-2147217405, "アクセスが拒否されました"), (-2147217394, "Invalid namespace ")],
)
def test_a_class_that_could_not_be_asked_is_evidence(code: int, message: str, tmp_path: Path) -> None:
    entry = paper.ENTRIES["site-authority"]
    files = {entry["to"]: paper.class_error(entry, code, message), "collected.json": paper.collected([])}
    found = states(read_zip(files, tmp_path), "wmi-error")
    assert [(one.name, one.values["code"]) for one in found] == [("SMS_Authority", f"0x{code & 0xFFFFFFFF:08x}")]


def test_a_class_without_instances_and_a_missing_service_are_evidence(tmp_path: Path) -> None:
    entry = paper.ENTRIES["assignments"]
    files = {entry["to"]: paper.instances(entry, [])} | paper.files_of("services")
    reading = read_zip(files, tmp_path)
    assert [one.name for one in states(reading, "wmi-empty")] == ["CCM_UpdateCIAssignment"]
    assert [one.name for one in states(reading, "service-missing")] == ["ccmexec"]


def test_an_instance_is_quoted_with_its_own_line(tmp_path: Path) -> None:
    entry = paper.ENTRIES["update-status"]
    rows = [
        {
            "UniqueId": f"0f7a4a3e-0000-4f6e-8b8a-00000000000{n}",
            "Title": f"更新 {n}",
            "Article": f"505360{n}",
            "Status": "Missing",
        }
        for n in range(3)
    ]
    found = states(read_zip({entry["to"]: paper.instances(entry, rows)}, tmp_path), "wmi")
    assert [one.place.line for one in found] == [2, 3, 4]
    assert all(f"505360{n}" in one.text and f"更新 {n}" in one.text for n, one in enumerate(found))


def test_what_a_healthy_client_yields_makes_no_cause(tmp_path: Path) -> None:
    logs = Path(__file__).parents[1] / "healthy" / "japanese-client"
    files = {path.relative_to(logs).as_posix(): path.read_bytes() for path in logs.rglob("*") if path.is_file()}
    for number, one in enumerate((paper.healthy(), {**paper.healthy(), **_refused("scan-path")})):
        found = diagnosis(str(pack(files | one, tmp_path / f"{number}.zip")))
        assert found["causes"] == [] and found["outcome"] == "nothing-wrong-found"


def _refused(id: str) -> paper.Files:
    """A class that this version of the client does not have."""
    return {paper.ENTRIES[id]["to"]: paper.class_error(paper.ENTRIES[id], -2147217392, "クラスが無効です")}


def test_an_absent_key_is_known_to_be_absent(tmp_path: Path) -> None:
    raw = b"Windows Registry Editor Version 5.00\r\n\r\n[-HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft\\Windows\\WindowsUpdate]\r\n"
    found = diagnosis(
        str(
            pack(
                {"registry/WindowsUpdatePolicy.reg": raw, "Logs/WUAHandler.log": paper.log("WUAHandler")},
                tmp_path / "x.zip",
            )
        )
    )
    assert "wuserver-not-set" in {one["id"] for one in found["causes"]}


@pytest.mark.parametrize(
    ("facts", "status", "error"),
    [
        ({"status": 503, "error": "ProtocolError"}, 503, None),
        ({"status": 407, "error": "ProtocolError"}, 407, "proxy-auth"),
        ({"status": 302}, 302, None),
        ({"status": 200, "expected": True}, 200, None),
        ({"status": 200, "expected": False}, 200, "intercepted"),
        ({"status": 503, "expected": False}, 503, None),
        (
            {"error": "NameResolutionFailure", "detail": ["リモート名を解決できませんでした。"]},
            None,
            "name-not-resolved",
        ),
        ({"error": "ConnectFailure", "socket": "ConnectionRefused"}, None, "connect-failed"),
        ({"error": "ConnectFailure", "socket": "TimedOut"}, None, "timeout"),
        ({"error": "Timeout"}, None, "timeout"),
        ({"error": "TrustFailure"}, None, "tls"),
        ({"error": "ReceiveFailure"}, None, "closed"),
        ({"error": "UnknownError"}, None, "other"),
    ],
)
def test_an_answer_means_what_it_means_when_asked_by_hand(
    facts: dict[str, Any], status: int | None, error: str | None, tmp_path: Path
) -> None:
    entry = paper.ENTRIES["update-point-probe"]
    found = states(read_zip({entry["to"]: paper.answer(entry, **facts)}, tmp_path), "web-answer")
    assert [one.values for one in found] == [{"target": "client.asmx", "status": status, "error": error}]
    assert found[0].text.strip() and "sup01.contoso.com" in found[0].text


@pytest.mark.parametrize(("expected", "cause"), [(True, None), (False, "mp-http-error")])
def test_a_login_page_is_no_answer_of_the_management_point(expected: bool, cause: str | None, tmp_path: Path) -> None:
    entry = paper.ENTRIES["management-point-probe"]
    raw = paper.answer(entry, status=200, type="text/html", expected=expected)
    found = diagnosis(str(pack({entry["to"]: raw}, tmp_path / "x.zip")))
    assert [one["id"] for one in found["causes"]] == ([cause] if cause else [])
    assert ({one["stage"]: one["state"] for one in found["stages"]}["policy"] == "ok") is expected


def test_the_clock_is_compared_with_the_management_point(tmp_path: Path) -> None:
    entry = paper.ENTRIES["management-point-probe"]
    late = paper.answer(entry, status=200, date="2025-03-25T01:37:00.0000000Z", clock_seconds=412.1)
    found = states(read_zip({entry["to"]: late}, tmp_path), "clock-offset")
    assert [(one.name, one.values["seconds"]) for one in found] == [("mp01.contoso.com", 412.1)]


def test_the_pages_show_the_same_in_both_languages() -> None:
    root = Path(__file__).parents[2]
    english, japanese = (
        (root / "docs" / name).read_text(encoding="utf-8") for name in ("collector.md", "collector.ja.md")
    )
    for shape in (
        r"```sh\n(.*?)```",
        r"`([^`\n]*(?:powershell\.exe|Invoke-Command|-Skip \")[^`\n]*)`",
        r'`("error[^`]*)`',
    ):
        found = re.findall(shape, english, re.DOTALL)
        assert found and found == re.findall(shape, japanese, re.DOTALL)
    for text in (english, japanese):
        assert all((root / "docs" / link).exists() for link in re.findall(r"\]\((?!https?:)([^)]+)\)", text))
    assert "has not been run on Windows" in english and "Windows 上での実行はまだ確認していません" in japanese
    template = (root / "src/ccmdoctor/collect/template.ps1").read_text(encoding="utf-8")
    assert all(
        word in template
        for word in ("constrained-language", "the file exists already: ", "too little room on the disk: ")
    )


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_FIELDS = st.sampled_from(
    [
        "collected",
        "computer",
        "bias",
        "steps",
        "script",
        "ask",
        "url",
        "status",
        "error",
        "socket",
        "clock_seconds",
        "date",
    ]
)


@given(
    st.dictionaries(_FIELDS, _JSON, max_size=8),
    st.lists(
        st.dictionaries(st.sampled_from(["id", "to", "state", "cut", "failed", "files", "error"]), _JSON), max_size=3
    ),
)
def test_hostile_records_never_raise(facts: dict[str, Any], steps: list[dict[str, Any]]) -> None:
    told = {"schema": "ccmdoctor.collected/1", "steps": steps} | facts
    found = collected.read(json.dumps(told), "x.zip!collected.json")
    assert list(collected.coverage(found)) is not None and collected.moments(found) is not None
    probe_answer.read(json.dumps({"schema": "ccmdoctor.collected-answer/1", "ask": "mplist"} | facts), "a.json")


@given(st.text(max_size=300))
def test_any_text_is_no_record(text: str) -> None:
    assert collected.read(text, "collected.json") == [] and probe_answer.read(text, "a.json") == []
