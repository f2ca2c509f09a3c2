"""From artifacts to events: rotations, copies, encodings, pasted text, zones, bad input."""

from __future__ import annotations

import html
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archives import zipped
from ccmdoctor import reader
from ccmdoctor.model import InputError, Zone
from ccmdoctor.reader import Reading, read
from ccmdoctor.sources import open_source


def line(
    text: str,
    time: str = "10:02:03.412-540",
    date: str = "03-25-2025",
    component: str = "WUAHandler",
    source: str = "cwuahandler.cpp:3525",
) -> str:
    return f'<![LOG[{text}]LOG]!><time="{time}" date="{date}" component="{component}" context="" type="3" thread="4120" file="{source}">\r\n'


FAILED = line("Scan failed with error = 0x80244022.")
DONE = line("Successfully completed scan.", "11:02:03.412-540")


def read_files(folder: Path, **files: str | bytes) -> Reading:
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_log", ".log").replace("_txt", ".txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read(open_source([str(folder)]))


def test_an_event_says_where_it_stands_and_when_it_was(tmp_path: Path) -> None:
    reading = read_files(tmp_path, WUAHandler_log="\ufeff" + DONE + "\r\n" + FAILED)
    event = reading.events["scan-failed"][0]
    assert event.fields == {"error": "0x80244022"} and event.log == "WUAHandler"
    assert (event.record.place.file, event.record.place.line) == ("WUAHandler.log", 3)
    assert event.utc == datetime(2025, 3, 25, 1, 2, 3, 412000, UTC)
    assert event.record.when.as_written == "03-25-2025 10:02:03.412-540"  # type: ignore[union-attr]


def test_a_file_is_known_by_its_records_when_its_name_says_nothing(tmp_path: Path) -> None:
    reading = read_files(tmp_path, anything_txt=FAILED)
    assert reading.events["scan-failed"][0].log == "WUAHandler"


@pytest.mark.parametrize("older", ["WUAHandler-20250325-101500.log", "WUAHANDLER.LO_", "wuahandler.lo_"])
def test_rotated_parts_are_joined_by_their_records(tmp_path: Path, older: str) -> None:
    (tmp_path / older).write_text(FAILED, encoding="utf-8")
    (tmp_path / "WUAHandler.log").write_text(DONE, encoding="utf-8")
    reading = read(open_source([str(tmp_path)]))
    failed, done = reading.events["scan-failed"][0], reading.events["scan-completed"][0]
    assert failed.log == done.log == "WUAHandler" and done.after(failed) and not failed.after(done)


def test_the_stamp_in_a_rotated_name_does_not_order_the_parts(tmp_path: Path) -> None:
    (tmp_path / "WUAHandler-20250101-000000.log").write_text(DONE, encoding="utf-8")
    (tmp_path / "WUAHandler-20250201-000000.log").write_text(FAILED, encoding="utf-8")
    events = read(open_source([str(tmp_path)])).events
    assert events["scan-completed"][0].after(events["scan-failed"][0])


def test_copies_count_once(tmp_path: Path) -> None:
    reading = read_files(
        tmp_path, a__WUAHandler_log=FAILED + DONE, b__WUAHandler_log=FAILED + DONE, c__WUAHandler_log=FAILED
    )
    assert len(reading.events["scan-failed"]) == 1
    assert [item.state for item in reading.coverage] == ["read", "duplicate", "read"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp932"])
def test_every_encoding_gives_the_same_events(tmp_path: Path, encoding: str) -> None:
    content = (line("エージェント") + FAILED).encode(encoding)
    event = read_files(tmp_path, WUAHandler_log=content).events["scan-failed"][0]
    assert event.record.place.line == 2 and event.utc == datetime(2025, 3, 25, 1, 2, 3, 412000, UTC)


def test_a_log_that_powershell_appended_to(tmp_path: Path) -> None:
    content = FAILED.encode() + DONE.encode("utf-16-le") + FAILED.replace("10:02", "12:02").encode()
    events = read_files(tmp_path, WUAHandler_log=content).events
    assert len(events["scan-failed"]) == 2 and len(events["scan-completed"]) == 1


def test_pasted_lines_need_no_frame(tmp_path: Path) -> None:
    text = "See below\nScan failed with error = 0x80244022.\tWUAHandler\t3/25/2025 10:02:03 AM\t5120 (0x1400)\n> Successfully completed scan.\n"
    events = read_files(tmp_path, paste_txt=text).events
    assert events["scan-failed"][0].record.component == "WUAHandler"
    assert events["scan-completed"][0].after(events["scan-failed"][0])


EVENT = (
    "instance of CCM_CcmHttp_Status\n{\n"
    '\tClientID = "GUID:11112222-BBBB-3333-CCCC-4444DDDD5555";\n\tDateTime = "20250325003000.412000+000";\n'
    '\tHostName = "mp.contoso.com";\n\tHRESULT = "0x87d0027e";\n\tProcessID = 1860;\n\tStatusCode = 500;\n};\n'
)


@pytest.mark.parametrize(
    ("pasted", "line"),
    [
        (EVENT, 1), (EVENT.replace("\n", "\r\n"), 1), (f"Hello,\n\nRaising event:\n\n{EVENT}\nThanks\n", 5),
        (" ".join(EVENT.split()), 1), (f"Raising event: {' '.join(EVENT.split())}", 1), (f"> {EVENT}", 1),
    ],
)  # fmt: skip
def test_an_event_without_a_record_around_it_says_its_own_time(tmp_path: Path, pasted: str, line: int) -> None:
    (event,) = read_files(tmp_path, **{"paste.txt": pasted}).events["http-status"]
    assert event.fields == {"host": "mp.contoso.com", "error": "0x87d0027e", "status": "500"}
    assert (event.record.place.line, str(event.utc)) == (line, "2025-03-25 00:30:00.412000+00:00")


def test_an_event_that_breaks_off_says_nothing(tmp_path: Path) -> None:
    assert "http-status" not in read_files(tmp_path, **{"paste.txt": EVENT.partition("StatusCode")[0]}).events


def test_lines_from_the_source_of_a_page_lose_their_entities(tmp_path: Path) -> None:
    reply = '<WSUSLocationReply SchemaVersion="1.00"><LocationRecord WSUSURL="http://sup.contoso.com:8530"/></WSUSLocationReply>'
    plain, copied = (
        read_files(tmp_path / name, **{"paste.txt": f"WSUSLocationReply : {text}\n"}).events["sup-reply"][0].fields
        for name, text in (("plain", reply), ("copied", html.escape(reply)))
    )
    assert copied == plain and "http://sup.contoso.com:8530" in plain["reply"]


def test_two_messages_on_one_line_are_two_events(tmp_path: Path) -> None:
    events = read_files(
        tmp_path,
        x_log="OnSearchComplete - Failed to end search job. Error = 0x80244010. Scan failed with error = 0x80244010.",
    ).events
    assert set(events) == {"search-job-failed", "scan-failed"}


def test_windows_logs_borrow_the_zone_that_native_records_prove(tmp_path: Path) -> None:
    trace = "2025/03/25 10:02:04.0000000 6292  8632  Misc            *FAILED* [80244022] GetConfig\r\n"
    alone = read_files(tmp_path / "a", WindowsUpdate_log=trace).events["wu-failed-tag"][0]
    assert alone.utc is None and alone.record.when.zone is Zone.UNKNOWN  # type: ignore[union-attr]
    beside = read_files(tmp_path / "b", WindowsUpdate_log=trace, WUAHandler_log=FAILED).events["wu-failed-tag"][0]
    assert beside.utc == datetime(2025, 3, 25, 1, 2, 4, tzinfo=UTC) and beside.record.when.zone is Zone.ASSUMED  # type: ignore[union-attr]


def test_windows_pe_and_scripts_prove_no_zone(tmp_path: Path) -> None:
    reading = read_files(
        tmp_path, smsts_log=line("Scan failed with error = 0x80244022.", "10:02:03.412+480", component="TSManager")
    )
    event = reading.events["scan-failed"][0]
    assert event.utc is None and event.record.when.zone is Zone.UNKNOWN  # type: ignore[union-attr]


def test_records_are_counted_and_torn_ones_named(tmp_path: Path) -> None:
    reading = read_files(tmp_path, WUAHandler_log=FAILED * 3 + "<![LOG[torn off\r\n" + DONE)
    item = reading.coverage[0]
    assert (item.state, item.records, item.unreadable) == ("partly", 5, 1)
    assert len(reading.events["scan-failed"]) == 3


def test_a_hit_across_the_edge_of_a_window_is_found_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = "".join(line(f"Scan failed with error = 0x8024402{n % 10}.", f"10:{n:02d}:03.412-540") for n in range(20))
    whole = read_files(tmp_path / "a", WUAHandler_log=content).events["scan-failed"]
    for window in (97, 151, 1000):
        monkeypatch.setattr(reader, "WINDOW", window)
        found = read_files(tmp_path / f"b{window}", WUAHandler_log=content).events["scan-failed"]
        assert [one.record.place for one in found] == [one.record.place for one in whole]


def test_only_the_newest_events_of_a_flood_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MOST_EVENTS", 10)
    content = "".join(
        line("Scan failed with error = 0x80244022.", f"10:{n % 60:02d}:{n // 60:02d}.000-540") for n in range(100)
    )
    reading = read_files(tmp_path, WUAHandler_log=content)
    kept = reading.events["scan-failed"]
    assert len(kept) == 10 and kept[-1].record.place.line == 100
    assert [one.note for one in reading.coverage] == ["older-left-out"]


def test_a_flood_of_many_messages_leaves_the_newest_of_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MANY_EVENTS", 40)
    monkeypatch.setattr(reader, "FEWER_EVENTS", 3)
    noisy = [line("Scan failed with error = 0x80244022.", f"10:00:{n % 60:02d}.000-540") for n in range(100)]
    rare = [line("Successfully completed scan.", f"09:00:0{n}.000-540") for n in range(5)]
    reading = read_files(tmp_path, WUAHandler_log="".join([*rare, *noisy]))
    assert len(reading.events["scan-failed"]) == 40
    assert [one.record.place.line for one in reading.events["scan-completed"]] == [3, 4, 5]
    assert [one.note for one in reading.coverage] == ["older-left-out"]


def test_a_message_that_stands_twice_in_the_first_record_leaves_nothing_out(tmp_path: Path) -> None:
    said = "Scan failed with error = 0x80244022. Scan failed with error = 0x80244022."
    assert [one.note for one in read_files(tmp_path, WUAHandler_log=line(said)).coverage] == [None]


def test_a_zip_inside_a_zip_reads_like_the_loose_files(tmp_path: Path) -> None:
    inner = zipped({"CCM/Logs/WUAHandler.log": FAILED.encode()})
    (tmp_path / "Support_1.zip").write_bytes(zipped({"Support_1/Logs.zip": inner, "readme.txt": b"hello"}))
    reading = read(open_source([str(tmp_path / "Support_1.zip")]))
    assert (
        reading.events["scan-failed"][0].record.place.file == "Support_1.zip!Support_1/Logs.zip!CCM/Logs/WUAHandler.log"
    )


def test_a_name_that_climbs_out_of_the_archive_is_only_a_name(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(
        zipped({"../../etc/WUAHandler.log": FAILED.encode(), "C:\\Windows\\a.log": b"x", "/abs.log": b"y"})
    )
    before = sorted(tmp_path.rglob("*"))
    reading = read(open_source([str(tmp_path / "x.zip")]))
    assert reading.events["scan-failed"] and all(".." not in item.artifact for item in reading.coverage)
    assert [item.note for item in reading.coverage if "WUAHandler" in item.artifact] == ["unsafe-name"]
    assert sorted(tmp_path.rglob("*")) == before


def test_a_zip_bomb_is_refused_and_the_rest_is_read(tmp_path: Path) -> None:
    bomb = zipped({"bomb.log": bytes(200 << 20), "WUAHandler.log": FAILED.encode()})
    (tmp_path / "x.zip").write_bytes(bomb)
    reading = read(open_source([str(tmp_path)]))
    assert reading.events["scan-failed"]
    assert [item.note for item in reading.coverage if item.state == "unreadable"] == ["zip-bomb"]


def test_a_bomb_of_nested_archives_ends_early(tmp_path: Path) -> None:
    content = zipped({"a.log": FAILED.encode()})
    for level in range(10):
        content = zipped({f"{level}.zip": content})
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(InputError) as error:
        read(open_source([str(tmp_path)]))
    assert error.value.about["reason"] == "zip-too-deep"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\n" + bytes(100), "not-text"),
        ("empty.log", b"", "empty"),
        ("mark.log", b"\xef\xbb\xbf", "empty"),
        ("broken.zip", b"PK\x03\x04 and then nothing", "zip-damaged"),
    ],
)
def test_input_that_says_nothing_is_an_error_that_names_it(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as error:
        read(open_source([str(tmp_path)]))
    assert error.value.key == "nothing-readable" and error.value.about == {
        "source": str(tmp_path),
        "file": name,
        "reason": reason,
    }


def test_an_empty_folder_and_a_missing_one(tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        read(open_source([str(tmp_path)]))
    assert error.value.key == "nothing-there"
    with pytest.raises(InputError) as error:
        open_source([str(tmp_path / "nowhere")])
    assert error.value.key == "source-not-found"


@pytest.mark.skipif("CCMDOCTOR_WINE" in os.environ, reason="Wine makes no link that can be seen")
def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside.log").write_text(FAILED, encoding="utf-8")
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / "WUAHandler.log").symlink_to(tmp_path / "outside.log")
    (bundle / "ScanAgent.log").write_text(line("x"), encoding="utf-8")
    reading = read(open_source([str(bundle)]))
    assert "scan-failed" not in reading.events
    assert [item.note for item in reading.coverage] == [None, "link-not-followed"]


@settings(max_examples=60, deadline=None)
@given(noise=st.binary(max_size=400), at=st.integers(0, 10))
def test_noise_between_records_neither_crashes_nor_costs_a_record(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, at: int
) -> None:
    records = [line("Scan failed with error = 0x80244022.", f"10:{n:02d}:03.412-540").encode() for n in range(10)]
    # what a writer leaves behind: no opener and no terminator of its own, and whole lines
    dirt = noise.replace(b"<![LOG[", b"").replace(b"]LOG]!>", b"").replace(b"<", b"") + b"\r\n"
    folder = tmp_path_factory.mktemp("noise")
    (folder / "WUAHandler.log").write_bytes(b"".join([*records[:at], dirt, *records[at:]]))
    assert len(read(open_source([str(folder)])).events["scan-failed"]) == 10
