"""Nothing that tells whose evidence it is comes through, whatever format it stands in.

The identifiers are listed by hand beside each piece (``every_format.py``), not found by the code under test.
"""

from __future__ import annotations

import json
import struct
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from ccmdoctor.cli import main
from ccmdoctor.formats import registry, registry_pol
from ccmdoctor.redaction import Redaction
from ccmdoctor.sources import open_source
from collect.paper import bundle
from redaction.every_format import SAMPLES, SUP
from samediagnosis import both

IDENTIFIERS = sorted({one for _, found in SAMPLES.values() for one in found})
FONT = "Osaka-Mono"  # stands in the style of every page
MEDIA = ["text", "json", "html", "markdown"]


def left(shown: str, identifiers: list[str]) -> list[str]:
    return [one for one in identifiers if one.lower() in shown.lower()]


def redacted(folder: Path) -> str:
    """Names and texts of all artifacts behind each other."""
    shown: list[str] = []
    for source in Redaction(open_source([str(folder)])).sources:
        for artifact in source.artifacts():
            with artifact.open() as data:  # type: ignore[union-attr]
                shown += [artifact.name, bytes(data[:]).decode("utf-8", "replace")]
    return "\n".join(shown)


def run(*arguments: object) -> str:
    done = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert done.exit_code in (0, 1, 3), done.output
    return done.output


@pytest.mark.parametrize("name", SAMPLES)
def test_a_piece_alone(name: str, tmp_path: Path) -> None:
    text, identifiers = SAMPLES[name]
    assert left(f"{name}\n{text}", identifiers) == identifiers, "the piece holds what is looked for"
    (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    assert left(redacted(tmp_path), identifiers) == []


@pytest.mark.parametrize("encoding", ["utf-16", "cp932"])
@pytest.mark.parametrize("name", ["gpresult_ja.txt", "gpresult.html", "policy.reg"])
def test_a_piece_in_another_encoding(name: str, encoding: str, tmp_path: Path) -> None:
    text, identifiers = SAMPLES[name]
    (tmp_path / name).write_bytes(text.encode(encoding))
    (source,) = Redaction(open_source([str(tmp_path)])).sources
    (artifact,) = source.artifacts()
    with artifact.open() as data:  # type: ignore[union-attr]
        shown = bytes(data[:]).decode(encoding)
    assert left(shown, identifiers) == [] and shown.count("\n") == text.count("\n")


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evidence") / "CONTOSO-WKSQALPHA"
    folder.mkdir()
    for name, (text, _) in SAMPLES.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    (folder / "Registry.pol").write_bytes(
        _policy("WUServer", SUP) + _policy("Blob", SUP, kind=3)[8:] + _policy("TargetGroup", "Keiri-Clients")[8:]
    )
    return folder.parent


def _policy(name: str, text: str, kind: int = 1) -> bytes:
    key = "Software\\Policies\\Microsoft\\Windows\\WindowsUpdate"
    value = f"{text}\0".encode("utf-16-le")
    names = f"[{key}\0;{name}\0;".encode("utf-16-le")
    mark = ";".encode("utf-16-le")
    return (
        b"PReg\1\0\0\0" + names + struct.pack("<I", kind) + mark + struct.pack("<I", len(value)) + mark + value + b"]\0"
    )


def test_the_copy_of_everything(everything: Path, tmp_path: Path) -> None:
    run("redact", everything, "-o", tmp_path / "copy.zip")
    with zipfile.ZipFile(tmp_path / "copy.zip") as archive:
        members = {name: archive.read(name).replace(b"\0", b"") for name in archive.namelist()}
    assert len(members) == len(SAMPLES) + 2
    shown = {name: left(f"{name}\n{raw.decode('utf-8', 'replace')}", IDENTIFIERS) for name, raw in members.items()}
    assert {name: found for name, found in shown.items() if found} == {}


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("medium", MEDIA)
def test_every_report_of_everything(everything: Path, medium: str, language: str) -> None:
    shown = run("diagnose", everything, "--redact", "--format", medium, "--lang", language).replace(FONT, "")
    assert left(shown, IDENTIFIERS) == []
    assert left(run("diagnose", everything, "--format", medium, "--lang", language), IDENTIFIERS)


@pytest.mark.parametrize("medium", ["text", "jsonl", "html"])
def test_every_timeline_of_everything(everything: Path, medium: str) -> None:
    shown = run("timeline", everything, "--redact", "--format", medium).replace(FONT, "")
    assert "redacted" in shown and left(shown, IDENTIFIERS) == []


def test_the_diagnosis_of_everything_is_the_same(everything: Path) -> None:
    plain, hidden = both([str(everything)])
    assert hidden == plain


def test_a_policy_file_alone(tmp_path: Path) -> None:
    raw = _policy("WUServer", SUP) + _policy("TargetGroup", "Keiri-Clients")[8:]
    (tmp_path / "Registry.pol").write_bytes(raw)
    (source,) = Redaction(open_source([str(tmp_path)])).sources
    (artifact,) = source.artifacts()
    with artifact.open() as data:  # type: ignore[union-attr]
        made = bytes(data[:])
    header, server, group = registry_pol.read(made, "Registry.pol")
    assert header.values == registry_pol.read(raw, "Registry.pol")[0].values
    assert left(made.replace(b"\0", b"").decode("latin-1"), ["supq7", "contoso", "Keiri"]) == []
    assert "example:8530" in str(server.values) and "unit-001" in str(group.values)


def test_the_zip_of_the_collector(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "PC0123.zip", "w") as archive:
        for name, raw in bundle().items():
            archive.writestr(name, raw)
    identifiers = ["pc0123", "contoso", "10.0.1.10", "11112222-BBBB", "482FCAF0"]
    plain, hidden = both([str(tmp_path)])
    assert hidden == plain
    run("redact", tmp_path, "-o", tmp_path.parent / "copy.zip")
    with zipfile.ZipFile(tmp_path.parent / "copy.zip") as archive:
        for name in archive.namelist():
            shown = f"{name}\n{archive.read(name).replace(bytes(1), b'').decode('utf-8', 'replace')}"
            assert left(shown, identifiers) == [], name


def test_a_list_of_bytes_says_the_redacted_text(tmp_path: Path) -> None:
    (tmp_path / "policy.reg").write_text(SAMPLES["policy.reg"][0], encoding="utf-8", newline="")
    text = redacted(tmp_path).partition("\n")[2]
    shown = {state.name.rpartition("\\")[2]: state.values for state in registry.read(text, "policy.reg")}
    written = json.dumps(shown)
    assert written.count(".example:8530") >= 2 and "part-1.domain-1.example" in written
