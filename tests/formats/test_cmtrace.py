"""The CMTrace frame: every variant seen in the wild, between two good records that must come out whole."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmdoctor.formats import cmtrace
from ccmdoctor.formats.text import decode
from ccmdoctor.model import Zone

GOOD = b'<![LOG[%s]LOG]!><time="%s" date="03-25-2025" component="WUAHandler" context="" type="1" thread="4120" file="cwuahandler.cpp:3525">'


def record(text: bytes = b"A good record.", time: bytes = b"10:02:03.412-540") -> bytes:
    return GOOD % (text, time)


def texts(data: bytes) -> list[str]:
    return [decode(data[frame.text]) for frame in cmtrace.frames(data)]


def trailer(data: bytes) -> cmtrace.Trailer:
    frame = next(iter(cmtrace.frames(data)))
    assert frame.trailer is not None
    return cmtrace.read_trailer(data[frame.trailer])


# (name, time attribute, UTC or None, zone): rows 1 to 14 of the variants seen in the wild
TIMES = [
    ("Japan", b"10:02:03.412-540", datetime(2025, 3, 25, 1, 2, 3, 412000), Zone.PROVEN),
    ("US Eastern summer", b"10:02:03.412+240", datetime(2025, 3, 25, 14, 2, 3, 412000), Zone.PROVEN),
    ("UK summer, two digits", b"10:02:03.412-60", datetime(2025, 3, 25, 9, 2, 3, 412000), Zone.PROVEN),
    ("two zeros", b"10:02:03.412+00", datetime(2025, 3, 25, 10, 2, 3, 412000), Zone.PROVEN),
    ("one zero", b"10:02:03.412+0", datetime(2025, 3, 25, 10, 2, 3, 412000), Zone.PROVEN),
    ("India", b"10:02:03.412-330", datetime(2025, 3, 25, 4, 32, 3, 412000), Zone.PROVEN),
    ("one-digit hour", b"9:02:03.412-540", datetime(2025, 3, 25, 0, 2, 3, 412000), Zone.PROVEN),
    (".NET, seven digits, no bias", b"10:02:03.4120001", None, Zone.UNKNOWN),
    ("no milliseconds", b"10:02:03", None, Zone.UNKNOWN),
    ("script bug, two signs", b"10:02:03.412+-360", None, Zone.UNKNOWN),
    ("blank for the plus", b"10:02:03.412 600", None, Zone.UNKNOWN),
    ("sign glued away", b"10:02:03.412540", None, Zone.UNKNOWN),
    ("clock offset", b"10:02:03.412+09:00", None, Zone.UNKNOWN),
    ("impossible bias", b"10:02:03.412+9999", None, Zone.UNKNOWN),
]


@pytest.mark.parametrize(("name", "time", "utc", "zone"), TIMES, ids=[row[0] for row in TIMES])
def test_utc_is_local_plus_bias_or_not_stated(name: str, time: bytes, utc: datetime | None, zone: Zone) -> None:
    when = trailer(record(time=time)).when
    assert when is not None and when.zone is zone
    assert when.utc == (utc.replace(tzinfo=UTC) if utc else None)
    assert when.local.replace(microsecond=0) == datetime(2025, 3, 25, 9 if time.startswith(b"9") else 10, 2, 3)


def test_scripts_write_milliseconds_unpadded() -> None:
    when = trailer(record(time=b"10:02:03.5+300").replace(b"cwuahandler.cpp:3525", b"Script.ps1:10")).when
    assert when is not None and when.local.microsecond == 5000 and when.utc is None


@pytest.mark.parametrize("source", [b"LiteTouch", b"", b"C:\\x\\Deploy.ps1", b"Microsoft.X.SCClient"])
def test_only_the_native_client_proves_a_zone(source: bytes) -> None:
    when = trailer(record().replace(b"cwuahandler.cpp:3525", source)).when
    assert when is not None and when.zone is Zone.UNKNOWN and when.utc is None


@pytest.mark.parametrize(
    ("date", "day"),
    [
        (b"03-25-2025", (3, 25)),
        (b"3-5-2025", (3, 5)),
        (b"25-03-2025", (3, 25)),
        (b"2025-03-25", (3, 25)),
        (b"03/25/2025", (3, 25)),
        (b"03.25.2025", (3, 25)),
    ],
)
def test_dates_in_every_order_that_is_not_ambiguous(date: bytes, day: tuple[int, int]) -> None:
    when = trailer(record().replace(b"03-25-2025", date)).when
    assert when is not None and (when.local.month, when.local.day) == day


def test_a_record_that_states_its_own_utc_agrees() -> None:
    text = b'instance of CCM_CcmHttp_Status\n{\n\tDateTime = "20250325010203.412000+000";\n}'
    assert trailer(record(text)).when.utc == datetime(2025, 3, 25, 1, 2, 3, 412000, UTC)  # type: ignore[union-attr]


# a damaged record between two good ones, and how many records come out with a trailer
DAMAGED = {
    "no terminator": b"<![LOG[cut off in the middle\r\n",
    "trailer cut": b'<![LOG[Successfully unloaded]LOG]!><ti ad="4180" file="x.cpp:1">\r\n',
    "broken quoting": b'<![LOG[text]LOG]!><time="10:00:00.000-540" date="03-25-2025" component="x" context="" type="1" thread="1" file=hello.log"">\r\n',
    "attributes missing": b'<![LOG[text]LOG]!><time="10:00:00.000-540" date="03-25-2025" component="x">\r\n',
    "other order": b'<![LOG[text]LOG]!><time="10:00:00.000-540" type="2" date="03-25-2025" file="a.cpp:1" component="x">\r\n',
    "not a time": b'<![LOG[text]LOG]!><time="later" date="soon" component="x" context="" type="" thread="" file="">\r\n',
    "empty message": b'<![LOG[]LOG]!><time="10:00:00.000-540" date="03-25-2025" component="" context="" type="1" thread="1" file="">\r\n',
    "lone tail": b"of another record]LOG]!>\r\n",
    "terminator inside": b'<![LOG[a ]LOG]!> b]LOG]!><time="10:00:00.000-540" date="03-25-2025" component="x" context="" type="1" thread="1" file="">\r\n',
    "control characters": b'<![LOG[a\x14\x1a\x1bb]LOG]!><time="10:00:00.000-540" date="03-25-2025" component="x" context="" type="1" thread="1" file="">\r\n',
    "NUL padding": b"\x00" * 512 + b"\r\n",
    "typographic quotes": "<![LOG[text]LOG]!><time=”10:00:00.000-540″ date=”03-25-2025″ component=”x” context=”” type=”1″ thread=”1″ file=”a.cpp:1″>\r\n".encode(),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_bad_record_costs_no_good_one(name: str) -> None:
    data = record(b"before") + b"\r\n" + DAMAGED[name] + record(b"after") + b"\r\n"
    found = texts(data)
    assert found[0] == "before" and found[-1] == "after"
    last = list(cmtrace.frames(data))[-1]
    assert last.trailer and cmtrace.read_trailer(data[last.trailer]).when.utc == datetime(
        2025, 3, 25, 1, 2, 3, 412000, UTC
    )  # type: ignore[union-attr]


def test_typographic_quotes_are_read() -> None:
    assert trailer(DAMAGED["typographic quotes"]).component == "x"


def test_a_whole_record_quoted_inside_a_message_is_text() -> None:
    inner = record(b"inner", b"01:00:00.000+000")
    data = record(b"outer says: " + inner + b" and goes on") + b"\r\n" + record(b"after")
    found = texts(data)
    assert len(found) == 2 and found[0].endswith("and goes on") and "inner" in found[0]
    assert trailer(data).when.utc == datetime(2025, 3, 25, 1, 2, 3, 412000, UTC)  # type: ignore[union-attr]


def test_two_records_on_one_line() -> None:
    assert texts(record(b"one") + record(b"two") + b"\r\n" + record(b"three")) == ["one", "two", "three"]


def test_a_message_over_many_lines() -> None:
    body = b"\r\n".join(b"line %d" % number for number in range(63)) + b"x" * 58_549
    assert texts(b"\xef\xbb\xbf" + record(body) + b"\n" + record(b"next"))[0] == body.decode()


def test_japanese_text_in_the_code_page_of_the_machine() -> None:
    assert texts(record("スキャンに失敗しました".encode("cp932"))) == ["スキャンに失敗しました"]


def test_a_file_that_starts_in_the_middle_of_a_record() -> None:
    data = (
        b'half a text]LOG]!><time="10:00:00.000-540" date="03-25-2025" component="x" context="" type="1" thread="1" file="a.cpp:1">\r\n'
        + record(b"whole")
    )
    assert texts(data) == ["whole"]
    assert cmtrace.frame_at(data, 5) is None


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_every_byte_of_a_record_finds_it(line_end: bytes, mark: bytes) -> None:
    data = mark + record(b"one") + line_end + record(b"two\nlines") + line_end + record(b"three") + line_end
    frames = list(cmtrace.frames(data))
    assert len(frames) == 3
    for frame in frames:
        assert all(cmtrace.frame_at(data, at) == frame for at in range(frame.start, frame.end))


def test_counting_marks_does_not_depend_on_where_the_buffer_ends() -> None:
    data = record(b"one") + b"\r\n" + record(b"two") + b"\r\n<![LOG[torn"
    for chunk in range(1, len(data) + 2):
        counts = [cmtrace.count(data, at, at + chunk) for at in range(0, len(data), chunk)]
        assert [sum(column) for column in zip(*counts, strict=True)] == [3, 2], chunk


@given(st.binary(max_size=2000), st.integers(0, 2000))
def test_never_raises_and_never_leaves_the_data(noise: bytes, cut: int) -> None:
    data = noise[:cut] + record(b"x")[: cut % 200] + noise[cut:]
    for frame in cmtrace.frames(data):
        assert 0 <= frame.start < frame.end <= len(data)
        if frame.trailer:
            cmtrace.read_trailer(data[frame.trailer])
    for at in range(0, len(data), 97):
        frame = cmtrace.frame_at(data, at)
        assert frame is None or frame.start <= at < frame.end


@given(st.integers(0, 400))
def test_truncation_at_any_byte_keeps_the_whole_records(cut: int) -> None:
    data = record(b"first") + b"\r\n" + record(b"second") + b"\r\n"
    whole = [frame for frame in cmtrace.frames(data) if frame.end <= cut]
    kept = [frame for frame in cmtrace.frames(data[:cut]) if frame.trailer]
    assert kept == whole
