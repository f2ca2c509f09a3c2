"""The redacted copy: what is in it, what is left out, and the commands that make it."""

from __future__ import annotations

import json
import os
import struct
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archives import zipped
from ccmdoctor.cli import main
from ccmdoctor.formats import registry_pol
from ccmdoctor.redaction import Redaction, write
from ccmdoctor.redaction.policy_file import rewritten
from ccmdoctor.sources import open_source

ROOT = Path(__file__).parent.parent.parent
DEMO = ROOT / "src" / "ccmdoctor" / "demo"
CASE = ROOT / "tests" / "healthy" / "japanese-client"
PNG = b"\x89PNG\r\n\x1a\n contoso " + bytes(100)
LINE = "<![LOG[Scan of pc0123.contoso.com by CONTOSO\\yamada at 10.1.2.3]LOG]!>\r\n"
SECRETS = ("contoso", "pc0123", "yamada", "10.1.2.3")


def run(*arguments: object, given: bytes | None = None) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=given)


def unzipped(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def leaks(files: dict[str, bytes]) -> list[tuple[str, str]]:
    found = []
    for name, content in files.items():
        low = name.lower().encode() + b"\n" + content.lower()
        found += [
            (name, one)
            for one in SECRETS
            if one.encode() in low or one.encode("utf-16-le") in low or one.encode("utf-16-be") in low
        ]
    return found


def test_a_folder_with_everything_in_it(tmp_path: Path) -> None:
    inner = zipped({"Logs/pc0123.log": LINE.encode(), "../../evil.log": LINE.encode(), "a.png": PNG})
    folder = tmp_path / "evidence"
    (folder / "PC0123").mkdir(parents=True)
    (folder / "PC0123" / "SCNotify_CONTOSO@yamada_1.log").write_text(LINE, encoding="utf-8-sig")
    (folder / "PC0123" / "wide.txt").write_text(LINE, encoding="utf-16")
    (folder / "PC0123" / "cp932.txt").write_text(f"ユーザー名: yamada\r\n{LINE}", encoding="cp932")
    (folder / "picture.png").write_bytes(PNG)
    (folder / "empty.log").write_bytes(b"")
    (folder / "inner.zip").write_bytes(zipped({"deep.zip": inner, "x.log": LINE.encode()}))
    output = tmp_path / "copy.zip"
    done = run("redact", folder, "-o", output, "--lang", "en")
    assert done.exit_code == 0, done.output
    files = unzipped(output)
    assert leaks(files) == []
    assert any(name.startswith("inner.zip/deep.zip/") and name.endswith("evil.log") for name in files), list(files)
    assert not [name for name in files if ".." in name or name.startswith("/")]
    note = files["REDACTED.txt"].decode()
    assert "picture.png: not a text file" in note and "inner.zip!deep.zip!a.png" in note
    japanese = next(content for name, content in files.items() if name.endswith("cp932.txt"))
    assert japanese.decode("cp932").startswith("ユーザー名: user-") and japanese.count(b"\r\n") == 2
    wide = next(content for name, content in files.items() if name.endswith("wide.txt"))
    assert wide.startswith(b"\xff\xfe") and "host-" in wide.decode("utf-16")
    assert "7 files" in done.stdout and "2 files were left out" in done.stdout


def test_the_copy_leads_to_the_same_diagnosis(tmp_path: Path) -> None:
    output = tmp_path / "copy.zip"
    assert run("redact", DEMO, "-o", output).exit_code == 0
    plain, copied, shown = (
        json.loads(run("diagnose", *arguments, "--format", "json", "--lang", "en").stdout)
        for arguments in ((DEMO,), (output,), (DEMO, "--redact"))
    )
    for found in (copied, shown):
        assert [one["id"] for one in found["causes"]] == [one["id"] for one in plain["causes"]]
        assert [one["id"] for one in found["ruled_out"]] == [one["id"] for one in plain["ruled_out"]]
        assert found["open_questions"] == plain["open_questions"]
        assert [(one["stage"], one["state"]) for one in found["stages"]] == [
            (one["stage"], one["state"]) for one in plain["stages"]
        ]
    places = [
        [
            (quote["file"].removeprefix("copy.zip!"), quote["line"], quote["when"])
            for cause in found["causes"]
            for quote in cause["quotes"]
        ]
        for found in (plain, copied, shown)
    ]
    assert places[0] == places[1] == places[2] and places[0]


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("medium", ["text", "json", "markdown", "html"])
def test_no_report_names_anybody(medium: str, language: str) -> None:
    names = ("contoso", "10.0.1.", "sup01", "mp01")
    plain = run("diagnose", DEMO, "--format", medium, "--lang", language).stdout.lower()
    shown = run("diagnose", DEMO, "--format", medium, "--lang", language, "--redact").stdout.lower()
    assert "contoso" in plain and not [one for one in names if one in shown]
    assert "0x80244022" in shown


def test_the_timeline_names_nobody() -> None:
    assert "contoso" in run("timeline", DEMO).stdout.lower()
    assert "contoso" not in run("timeline", DEMO, "--redact").stdout.lower()


def test_an_update_that_is_asked_for_by_its_id_is_still_found(tmp_path: Path) -> None:
    id = "1b0d0f2e-aaaa-4bbb-8ccc-dddd22223333"
    (tmp_path / "UpdatesStore.log").write_text(f"Queried Update ({id}): Status=Missing, Title=x (KB5053598)\n")
    plain, hidden = (
        json.loads(run("diagnose", tmp_path, "--update", id, "--format", "json", *more).stdout)
        for more in ((), ("--redact",))
    )
    assert plain["update"] == id and hidden["update"] not in (id, None)
    assert [one["state"] for one in plain["update_steps"]] == [one["state"] for one in hidden["update_steps"]]


def test_boundaries_are_redacted_with_the_evidence(tmp_path: Path) -> None:
    csv = tmp_path / "contoso-boundaries.csv"
    csv.write_text("BoundaryType,DisplayName,Value\n3,Osaka,10.9.0.1-10.9.0.254\n", encoding="utf-8")
    shown = run("diagnose", CASE, "--boundaries", csv, "--redact", "--format", "json").stdout
    assert "10.9.0." not in shown and "contoso" not in shown


def test_standard_input_is_read_twice_over(tmp_path: Path) -> None:
    output = tmp_path / "copy.zip"
    assert run("redact", "-", "-o", output, given=LINE.encode()).exit_code == 0
    files = unzipped(output)
    assert leaks(files) == [] and b"Scan of host-001.domain-1.example" in files["stdin"]
    assert "contoso" not in run("diagnose", "-", "--redact", given=LINE.encode()).stdout


def test_the_map_is_written_on_request_only_and_to_its_owner(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(LINE, encoding="utf-8")
    key = tmp_path.parent / f"{tmp_path.name}.csv"
    assert run("redact", tmp_path / "a.log", "-o", tmp_path / "copy.zip", "--map", key).exit_code == 0
    text = key.read_text(encoding="utf-8-sig")
    assert "host,pc0123,host-001" in text and "user,yamada,user-" in text and "address,10.1.2.3,10." in text
    assert key.stat().st_mode & 0o077 == 0 or os.name == "nt"  # there the folder decides


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize(
    ("source", "target", "word"),
    [
        ("nowhere", "out.zip", "nowhere"),
        ("evidence", "evidence/out.zip", "evidence"),
        ("evidence/a.log", "evidence/a.log", "a.log"),
        ("evidence", "no/such/folder/out.zip", "out.zip"),
        ("empty", "out.zip", "empty"),
        ("pictures", "out.zip", "a.png"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_nothing(
    source: str, target: str, word: str, language: str, tmp_path: Path
) -> None:
    for name in ("evidence", "empty", "pictures"):
        (tmp_path / name).mkdir()
    (tmp_path / "evidence" / "a.log").write_bytes(LINE.encode())
    (tmp_path / "pictures" / "a.png").write_bytes(PNG)
    before = sorted(tmp_path.rglob("*"))
    done = run("redact", tmp_path / source, "-o", tmp_path / target, "--lang", language)
    assert done.exit_code == 2 and word in done.stderr and "Traceback" not in done.stderr
    assert (language == "ja") == any("\u3040" <= letter <= "\u30ff" for letter in done.stderr)
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "evidence" / "a.log").read_bytes() == LINE.encode()


def test_two_sources_keep_their_files_apart(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "WUAHandler.log").write_text(f"{name}\n")
    sources = open_source([str(tmp_path / "one"), str(tmp_path / "two")])
    write(Redaction(sources), tmp_path / "copy.zip", lambda done: "note")
    assert sorted(unzipped(tmp_path / "copy.zip")) == ["1/WUAHandler.log", "2/WUAHandler.log", "REDACTED.txt"]


def test_members_whose_names_become_equal_get_names_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped({"x<y.log": b"1\n", "x*y.log": b"2\n", "CON.log": b"3\n"}))
    write(Redaction(open_source([str(tmp_path / "a.zip")])), tmp_path / "copy.zip", lambda done: "note")
    assert sorted(unzipped(tmp_path / "copy.zip")) == ["REDACTED.txt", "_CON.log", "x_y (2).log", "x_y.log"]


def test_a_policy_file_is_rewritten_whole() -> None:
    def entry(name: str, kind: int, value: bytes) -> bytes:
        texts = b";\0".join(f"{one}\0".encode("utf-16-le") for one in ("SOFTWARE\\Policies\\Contoso", name))
        numbers = struct.pack("<I", kind), struct.pack("<I", len(value))
        return b"[\0" + b";\0".join((texts, *numbers, value)) + b"]\0"

    data = b"PReg\x01\0\0\0" + entry("WUServer", 1, "http://sup.contoso.com\0".encode("utf-16-le"))
    data += entry("List", 7, "a.contoso.com\0b\0\0".encode("utf-16-le")) + entry("Number", 4, b"\1\0\0\0")
    data += entry("Blob", 3, b"contoso")
    states = registry_pol.read(rewritten(data, lambda text: text.replace("contoso", "made-up")), "Registry.pol")
    assert [state.values.get("value") for state in states[1:]] == [
        "http://sup.made-up.com", ["a.made-up.com", "b"], 1, "00" * 7,
    ]  # fmt: skip
    torn = registry_pol.read(rewritten(data[:-9], str), "Registry.pol")
    assert torn[0].values["reason"] == "bad-body" and len(torn) == 4
    assert rewritten(b"\0" * 20, str)[:8] == bytes(8)
