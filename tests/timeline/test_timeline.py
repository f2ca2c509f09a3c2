"""The timeline: every log in one order, UTC where it is known, filters, and three media that log text cannot harm."""

from __future__ import annotations

import json
import re
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ccmdoctor.cli import main
from ccmdoctor.model import InputError, Zone
from ccmdoctor.sources import open_source
from ccmdoctor.timeline.entries import Entry, Wanted, is_trouble
from ccmdoctor.timeline.streams import merged

NATIVE = (
    '<![LOG[{text}]LOG]!><time="{time}" date="03-25-2025" component="{component}" context="" type="{type}"'
    ' thread="4120" file="x.cpp:1">\r\n'
)


def record(text: str, time: str = "10:02:03.412-540", component: str = "WUAHandler", type: int = 1) -> str:
    return NATIVE.format(text=text, time=time, component=component, type=type)


def bundle(folder: Path, **logs: str) -> Path:
    for name, text in logs.items():
        (folder / f"{name}.log").write_text(text, encoding="utf-8", newline="")
    return folder


def shown(source: Path, wanted: Wanted = Wanted()) -> list[Entry]:  # noqa: B008
    with merged(open_source([str(source)]), wanted) as (entries, _):
        return list(entries)


def said(source: Path, wanted: Wanted = Wanted()) -> list[str]:  # noqa: B008
    return [entry.text for entry in shown(source, wanted)]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["timeline", *arguments, "--lang", "en"])


def test_two_logs_in_one_order(tmp_path: Path) -> None:
    bundle(
        tmp_path,
        WUAHandler=record("one", "10:00:00.000-540") + record("three", "10:00:02.000-540"),
        ScanAgent=record("two", "01:00:01.000+000", "ScanAgent"),  # the other log states another bias
    )
    assert said(tmp_path) == ["one", "two", "three"]
    assert shown(tmp_path)[0].utc == datetime(2025, 3, 25, 1, tzinfo=UTC)


def test_a_file_keeps_its_order_when_its_clock_goes_back(tmp_path: Path) -> None:
    bundle(tmp_path, WUAHandler=record("first", "10:00:01.000-540") + record("second", "10:00:00.970-540"))
    assert said(tmp_path) == ["first", "second"]


def test_windows_logs_get_the_zone_of_the_client(tmp_path: Path) -> None:
    trace = "2025/03/25 10:00:01.0000000 4120  5012  Agent           WU client failed\r\n"
    bundle(
        tmp_path,
        WUAHandler=record("before", "10:00:00.000-540") + record("after", "10:00:02.000-540"),
        WindowsUpdate=trace,
    )
    assert said(tmp_path) == ["before", "WU client failed", "after"]
    assert [entry.zone for entry in shown(tmp_path)] == [Zone.PROVEN, Zone.ASSUMED, Zone.PROVEN]


def test_no_zone_is_invented(tmp_path: Path) -> None:
    bundle(tmp_path, SCClient=record("opened", "10:00:00.1234567", "SCClient").replace("x.cpp:1", ""))
    (entry,) = shown(tmp_path)
    assert entry.utc is None
    assert "2025-03-25 10:00:00.123 ?" in run(str(tmp_path)).output


def test_torn_records_and_foreign_lines_stay_in_place(tmp_path: Path) -> None:
    torn = "<![LOG[torn away\r\n"
    bundle(tmp_path, WUAHandler=record("one") + torn + record("two") + "a foreign line\r\n" + record("three"))
    assert said(tmp_path) == ["one", "torn away\r\n", "two", "a foreign line", "three"]
    assert [entry.line for entry in shown(tmp_path)] == [1, 2, 3, 4, 5]


def test_filters(tmp_path: Path) -> None:
    bundle(
        tmp_path,
        WUAHandler=record("Scan failed with error = 0x80244022.", "10:00:00.000-540", type=3)
        + record("OnSearchComplete - 0x00000000", "10:30:00.000-540"),
        ScanAgent=record("Scan request failed", "10:05:00.000-540", "ScanAgent"),
    )
    at = datetime(2025, 3, 25, 1, 0, tzinfo=UTC)
    assert len(said(tmp_path, Wanted.of(around=at))) == 2
    assert len(said(tmp_path, Wanted.of(around=at, within=timedelta(minutes=1)))) == 1
    assert said(tmp_path, Wanted.of(components=("scanagent",))) == ["Scan request failed"]
    assert len(said(tmp_path, Wanted.of(errors=True))) == 2
    assert len(said(tmp_path, Wanted.of(grep=re.compile("0x80244022")))) == 1


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("[CCMHTTP] ERROR: URL=http://mp.contoso.com", True),
        ("Scan failed with error = 0x80244022.", True),
        ("スキャンに失敗しました", True),
        ("Result = 0x87d00215", True),
        ("completed, error code = 0x00000000", False),
        ("State 1, error code 0 and detail message are not changed", False),
        ("completed with no errors", False),
        ("finished installing (0x00000000)", False),
    ],
)
def test_what_tells_of_an_error(text: str, trouble: bool) -> None:
    assert is_trouble(text) is trouble


def test_a_zip_in_a_zip_is_one_bundle(tmp_path: Path) -> None:
    inner = tmp_path / "inner.zip"
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("CCM/Logs/ScanAgent.log", record("inner", "10:00:01.000-540", "ScanAgent"))
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as archive:
        archive.writestr("WUAHandler.log", record("outer", "10:00:00.000-540"))
        archive.write(inner, "inner.zip")
    inner.unlink()
    assert said(tmp_path / "outer.zip") == ["outer", "inner"]


def test_a_copy_is_shown_once(tmp_path: Path) -> None:
    bundle(tmp_path, WUAHandler=record("one"))
    (tmp_path / "copy").mkdir()
    bundle(tmp_path / "copy", WUAHandler=record("one"))
    assert said(tmp_path) == ["one"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "WUAHandler.log").write_bytes(record("更新に失敗しました").encode(encoding))
    assert said(tmp_path) == ["更新に失敗しました"]


def test_json_lines(tmp_path: Path) -> None:
    bundle(tmp_path, WUAHandler=record("a \x1b[31mred\x1b[0m text", type=3) + record("two"))
    rows = [json.loads(row) for row in run(str(tmp_path), "--format", "jsonl").stdout.splitlines()]
    assert [row["line"] for row in rows] == [1, 2]
    assert rows[0]["when"] == "2025-03-25T01:02:03.412000Z"
    assert rows[0]["as_written"] == "03-25-2025 10:02:03.412-540"
    assert rows[0]["text"] == "a \x1b[31mred\x1b[0m text"  # escaped by JSON, whole for programs


@pytest.mark.parametrize("medium", ["text", "html"])
def test_log_text_harms_neither_terminal_nor_page(tmp_path: Path, medium: str) -> None:
    bundle(tmp_path, WUAHandler=record("<script>alert(1)</script> \x1b]0;title\x07 \u202egnp.exe\nnext"))
    output = run(str(tmp_path), "--format", medium).stdout
    assert not any(sign in output for sign in ("\x1b", "\x07", "\u202e"))
    assert ("<script" in output) == (medium == "text")


def test_html_says_when_rows_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccmdoctor.timeline.media.MOST_ROWS", 2)
    bundle(tmp_path, WUAHandler=record("row") * 3)
    output = run(str(tmp_path), "--format", "html").stdout
    assert output.count("<tr><td") == 2
    assert "More than 2 records fit" in output


def test_files_without_times_are_named(tmp_path: Path) -> None:
    bundle(tmp_path, WUAHandler=record("one"))
    (tmp_path / "proxy.txt").write_text("Direct access (no proxy server).\n")
    result = run(str(tmp_path))
    assert "proxy.txt" in result.stderr
    assert "proxy.txt" not in result.stdout


@pytest.mark.parametrize(
    ("arguments", "word"),
    [(["--grep", "("], "("), (["--around", "noon"], "noon"), (["-o", "/no/such/folder/x"], "folder")],
)
def test_bad_calls_end_in_2_and_name_what_is_wrong(tmp_path: Path, arguments: list[str], word: str) -> None:
    bundle(tmp_path, WUAHandler=record("one"))
    result = run(str(tmp_path), *arguments)
    assert result.exit_code == 2
    assert word in result.stderr


def test_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(InputError), merged(open_source([str(tmp_path)]), Wanted()):
        pass
