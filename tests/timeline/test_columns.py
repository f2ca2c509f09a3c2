"""The columns hold the records that the record-by-record reader finds, with what it says of each."""

from __future__ import annotations

from datetime import datetime, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ccmdoctor.formats import cmtrace
from ccmdoctor.formats.text import decode
from ccmdoctor.timeline import columns
from ccmdoctor.timeline.columns import NO_BIAS, NO_TIME

EPOCH = datetime(1970, 1, 1)
RECORD = '<![LOG[{}]LOG]!><time="{}" date="{}" component="{}" context="{}" type="{}" thread="{}" file="{}">'
Row = tuple[int, int, str, int, int, int, int, str]


def by_columns(data: bytes, window: int) -> list[Row]:
    return [
        (start, end, decode(data[begin:stop]), local, bias, kind, thread, decode(data[name:name_end]))
        for block in columns.blocks(data, window)
        for start, end, begin, stop, local, bias, kind, thread, name, name_end in zip(
            *(column.tolist() for column in block), strict=True
        )
    ]


def one_by_one(data: bytes) -> list[Row]:
    rows = []
    for frame in cmtrace.frames(data):
        told = cmtrace.read_trailer(data[frame.trailer]) if frame.trailer else cmtrace.read_trailer(b"")
        local = (told.when.local - EPOCH) // timedelta(milliseconds=1) if told.when else NO_TIME
        bias = told.when.bias if told.when and told.when.bias is not None else NO_BIAS
        thread = int(told.thread) if told.thread.isascii() and told.thread.isdigit() else -1
        kind = -1 if told.severity is None else told.severity
        rows.append((frame.start, frame.end, decode(data[frame.text]), local, bias, kind, thread, told.component))
    return rows


texts = st.sampled_from(
    [
        "Scan failed with error = 0x80244022.",
        "",
        "Two\nlines",
        'says "quoted" > and <',
        "日本語",
        "]LOG]!>",
        "<![LOG[in",
    ]
)
records = st.builds(
    RECORD.format,
    texts,
    st.sampled_from(
        [
            "10:02:03.412-540",
            "10:02:03.412+00",
            "9:02:03.4+0",
            "10:02:03.4120001",
            "24:00:00.000-540",
            "",
            "10:02:03.412+9999",
        ]
    ),
    st.sampled_from(["03-25-2025", "3-5-2025", "02-30-2025", "2025-03-25", ""]),
    st.sampled_from(["WUAHandler", "A_b.c", "", "日本", "x" * 120, "a>b"]),
    st.sampled_from(["", "ctx"]),
    st.sampled_from(["1", "3", "0", "", "12"]),
    st.sampled_from(["4120", "", "0", "123456789012", "(0x10)"]),
    st.sampled_from(["x.cpp:35", "x.cpp", "Script.ps1:1", "", 'odd.log""']),
)
pieces = st.one_of(
    records,
    st.sampled_from(["foreign line", "<ti ad=", "]LOG]!><time=", "<![LOG[torn", "\x00\x00", "<!", '"']),
    st.text('<>![]LOG"= \n', max_size=8),
)
logs = st.lists(st.tuples(pieces, st.sampled_from(["\r\n", "\n", "", " \r\n", "\r\n\r\n"])), max_size=12).map(
    lambda found: "".join(piece + end for piece, end in found).encode()
)


@given(logs, st.sampled_from([64, 300, 1000, 1 << 20]))
@example(RECORD.format("a", "10:02:03.412-540", "03-25-2025", "C", "", "1", "1", "x.cpp:1").encode(), 1 << 20)
@settings(max_examples=400, deadline=None)
def test_the_same_records_whatever_the_window(data: bytes, window: int) -> None:
    assert by_columns(data, window) == one_by_one(data)


@given(logs, st.integers(0, 3000), st.binary(max_size=6))
@settings(max_examples=200, deadline=None)
def test_damage_changes_nothing_of_that(data: bytes, at: int, noise: bytes) -> None:
    damaged = data[:at] + noise + data[at + len(noise) :]
    # a name that is not UTF-8 any more is decoded with the rest of its trailer there and alone here
    assert [row[:-1] for row in by_columns(damaged, 500)] == [row[:-1] for row in one_by_one(damaged)]


def test_the_usual_record_is_taken_apart_at_once() -> None:
    line = RECORD.format("text", "10:02:03.412-540", "02-29-2024", "WUAHandler", "", "3", "4120", "x.cpp:3525") + "\r\n"
    rows = by_columns((line * 1000).encode(), 1 << 20)
    assert len(rows) == 1000
    local = datetime(2024, 2, 29, 10, 2, 3, 412000)
    assert rows[-1][2:] == ("text", (local - EPOCH) // timedelta(milliseconds=1), -540, 3, 4120, "WUAHandler")


def test_utc_of_a_block() -> None:
    data = RECORD.format("t", "10:02:03.412-540", "03-25-2025", "C", "", "1", "1", "x.cpp:1").encode()
    (block,) = columns.blocks(data)
    assert EPOCH + timedelta(milliseconds=int(block.utc[0])) == datetime(2025, 3, 25, 1, 2, 3, 412000)


def test_as_written_is_what_the_reader_says() -> None:
    twice = '10:02:03.412-540" time="11:05:00.000-540'  # a damaged trailer
    for time in ("10:02:03.412-540", "10:02:03.412+00", "10:02:03.4120001", "10:02:03", twice):
        data = RECORD.format("t", time, "03-25-2025", "C", "", "1", "1", "x.cpp:1").encode()
        (block,) = columns.blocks(data)
        where = [int(column[0]) for column in (block.text_end, block.end, block.local, block.bias)]
        frame = next(cmtrace.frames(data))
        assert frame.trailer is not None
        assert columns.instant(data, *where) == cmtrace.read_trailer(data[frame.trailer]).when
