"""The commands as a user types them: answers, exit codes, and errors that name the file and the way out."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner, Result

from ccmdoctor.cli import default_language, main

DEMO = Path(__file__).parent.parent / "src" / "ccmdoctor" / "demo"
HEALTHY = Path(__file__).parent / "healthy" / "scan-succeeds"
SCHEMA = json.loads((Path(__file__).parent.parent / "docs" / "diagnosis-1.schema.json").read_text(encoding="utf-8"))
FAILED = "Scan failed with error = 0x80244022.\tWUAHandler\t3/25/2025 10:02:03 AM\t5120 (0x1400)\n"


def run(*arguments: object, given: str | bytes | None = None) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=given)


def test_the_demo_names_its_cause_and_writes_its_report(tmp_path: Path) -> None:
    report = tmp_path / "demo.html"
    for language, word in (("ja", "ソフトウェア更新ポイント"), ("en", "software update point")):
        done = run("demo", "-o", report, "--lang", language)
        assert done.exit_code == 0 and word in done.stdout and str(report) in done.stdout
        assert "Scan failed with error = 0x80244022." in done.stdout
        html = report.read_text(encoding="utf-8")
        assert "Scan failed with error = 0x80244022." in html and "(503)" in html


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("source", [DEMO, HEALTHY])
def test_json_keeps_its_contract(source: Path, language: str) -> None:
    done = run("diagnose", source, "--format", "json", "--lang", language)
    found = json.loads(done.stdout)
    jsonschema.validate(found, SCHEMA)
    assert found["schema"] == "ccmdoctor.diagnosis/1" and found["language"] == language
    assert done.exit_code == (1 if found["causes"] else 0)
    if found["causes"]:
        first = found["causes"][0]
        assert first["id"] == "sup-503-wsuspool" and first["verdict"] == "confirmed"
        quote = next(one for one in first["quotes"] if one["text"] == "Scan failed with error = 0x80244022.")
        assert (quote["file"], quote["as_written"], quote["when"]) == (
            "Logs/WUAHandler.log",
            "03-25-2025 09:05:41.533-540",
            "2025-03-25T00:05:41.533000Z",
        )


def test_a_zip_gives_the_same_diagnosis_as_the_folder(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(DEMO.rglob("*")):
            archive.write(path, path.relative_to(DEMO))
    loose, packed = (
        json.loads(run("diagnose", source, "--format", "json").stdout) for source in (DEMO, tmp_path / "x.zip")
    )
    for found in (loose, packed):
        for quotes in (one["quotes"] for one in found["causes"]):
            for quote in quotes:
                quote["file"] = quote["file"].removeprefix("x.zip!")
    assert loose["causes"] == packed["causes"]
    assert [stage["state"] for stage in loose["stages"]] == [stage["state"] for stage in packed["stages"]]


def test_pasted_lines_are_diagnosed(tmp_path: Path) -> None:
    done = run("diagnose", "-", "--format", "json", given=FAILED)
    assert done.exit_code == 1 and json.loads(done.stdout)["causes"][0]["id"] == "sup-503-wsuspool"


@pytest.mark.parametrize("medium", ["text", "markdown", "html", "json"])
def test_every_medium_goes_to_a_file_or_to_the_screen(medium: str, tmp_path: Path) -> None:
    report = tmp_path / "report"
    assert run("diagnose", DEMO, "--format", medium, "-o", report).stdout == ""
    assert "0x80244022" in report.read_text(encoding="utf-8")
    assert "0x80244022" in run("diagnose", DEMO, "--format", medium).stdout


def test_the_moment_of_judgement_can_be_given() -> None:
    stale = run("diagnose", HEALTHY, "--format", "json", "--now", "2021-08-20T00:00:00Z")
    assert [cause["id"] for cause in json.loads(stale.stdout)["causes"]] == ["scan-stale-ttl"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["diagnose", "nowhere"], ["nowhere"]),
        (["diagnose", "{folder}", "--now", "soon"], ["soon"]),
        (["diagnose", "{empty}"], ["empty"]),
        (["diagnose", "{png}"], ["a.png"]),
        (["diagnose", "{folder}", "-o", "{empty}/no/such/folder/x"], ["no", "such", "folder"]),
        (["diagnose", "{folder}", "--boundaries", "{png}/a.png"], ["a.png"]),
        (["boundary", "--address", "10.0.1.10", "--boundaries", "{csv}"], ["10.0.1.10/24"]),
        (["boundary", "--address", "10.0.1.300/24", "--boundaries", "{csv}"], ["10.0.1.300/24"]),
        (["explain", "no-such-cause"], ["no-such-cause"]),
    ],
)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_bad_input_is_answered_with_exit_code_2(
    arguments: list[str], words: list[str], language: str, tmp_path: Path
) -> None:
    for name in ("folder", "empty", "png"):
        (tmp_path / name).mkdir()
    (tmp_path / "folder" / "WUAHandler.log").write_text(FAILED, encoding="utf-8")
    (tmp_path / "png" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    (tmp_path / "csv").write_text("BoundaryType,Value\n0,10.0.0.0\n", encoding="utf-8")
    places = {name: tmp_path / name for name in ("folder", "empty", "png", "csv")}
    done = run(*[argument.format(**places) for argument in arguments], "--lang", language)
    assert done.exit_code == 2 and done.stdout == ""
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert "Traceback" not in done.stderr and all(word in done.stderr for word in words), done.stderr
    assert (language == "ja") == any("\u3040" <= letter <= "\u30ff" for letter in done.stderr)


def test_too_little_to_say_is_exit_code_3(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("日本語だけのログ\r\n", encoding="cp932")
    done = run("diagnose", tmp_path, "--format", "json")
    assert done.exit_code == 3 and json.loads(done.stdout)["open_questions"]


@pytest.mark.parametrize(
    "code", ["0x80244022", "80244022", "-2145107934", "2149859362", "wu_e_pt_http_status_service_unavail"]
)
def test_a_code_is_explained_in_every_form(code: str) -> None:
    text = run("explain", code, "--lang", "en").stdout
    assert "0x80244022" in text and "WU_E_PT_HTTP_STATUS_SERVICE_UNAVAIL" in text
    assert "-2145107934" in text and "2149859362" in text and "sup-503-wsuspool" in text


def test_a_cause_is_explained_and_without_a_name_all_are_listed() -> None:
    assert "WsusPool" in run("explain", "sup-503-wsuspool", "--lang", "en").stdout
    listing = run("explain", "--lang", "ja").stdout
    assert "sup-503-wsuspool" in listing and "mp-timeout" in listing


def test_the_boundary_trap_is_explained(tmp_path: Path) -> None:
    csv = tmp_path / "boundaries.csv"
    csv.write_text("BoundaryType,DisplayName,Value\n0,Tokyo,10.0.0.0\n3,Osaka,10.9.0.1-10.9.0.254\n", encoding="utf-8")
    trapped = run("boundary", "--address", "10.0.1.10/24", "--boundaries", csv, "--lang", "en")
    assert trapped.exit_code == 1 and "10.0.1.0" in trapped.stdout and "Tokyo" in trapped.stdout
    first = run("boundary", "--address", "10.0.0.5/24", "--boundaries", csv, "--lang", "en")
    assert first.exit_code == 0
    inside = run("boundary", "--address", "10.9.0.7/24", "--boundaries", csv, "--lang", "en")
    assert inside.exit_code == 0 and "Osaka" in inside.stdout


@pytest.mark.parametrize(
    ("variable", "language"), [("ja_JP.UTF-8", "ja"), ("en_US.UTF-8", "en"), ("de_DE", "en"), ("C", "en")]
)
def test_the_language_is_the_systems(variable: str, language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", variable)
    assert default_language() == language
