"""Which bytes are text, and in which encoding."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmdoctor.formats import text

JAPANESE = "プロキシ サーバー: proxy.contoso.com:8080"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16", "utf-16-le"])
def test_japanese_text_is_read_in_every_encoding_that_windows_saves(encoding: str) -> None:
    raw = JAPANESE.encode(encoding)
    wide = text.is_wide(raw)
    assert (raw.decode(wide).lstrip("\ufeff") if wide else text.decode(raw)) == JAPANESE


def test_ascii_in_utf16_without_a_mark_is_recognised_by_its_nuls() -> None:
    assert text.is_wide("StatusCode : 200\r\n".encode("utf-16-le")) == "utf-16-le"
    assert text.is_wide("StatusCode : 200\r\n".encode("utf-16-be")) == "utf-16-be"


def test_a_log_that_powershell_appended_to_is_narrowed() -> None:
    mixed = b"plain line\r\n" + "Scan failed with error\r\n".encode("utf-16-le") + b"plain again\r\n"
    assert text.holds_wide_runs(mixed)
    assert text.narrow(mixed) == b"plain line\r\nScan failed with error\r\nplain again\r\n"


@pytest.mark.parametrize("head", [b"\x89PNG\r\n\x1a\n" + bytes(50), b"MZ" + bytes(100), bytes(range(256)) * 4])
def test_images_and_programs_are_not_text(head: bytes) -> None:
    assert text.is_binary(head)


@pytest.mark.parametrize(
    "head",
    [b"a\x14\x1a\x1bb in a log line that goes on and on and on", b"<![LOG[x" + bytes(3000), "日本語".encode("cp932")],
)
def test_control_characters_and_padding_do_not_make_a_log_binary(head: bytes) -> None:
    assert not text.is_binary(head)


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\r\n\r\n", bytes(100)])
def test_blank_files(data: bytes) -> None:
    assert text.is_blank(data)


@given(st.binary(max_size=500), st.integers(1, 50))
def test_newlines_are_counted_whatever_the_pieces(data: bytes, chunk: int) -> None:
    assert text.newlines(data, 0, len(data), chunk) == data.count(b"\n")


@given(st.binary(max_size=500))
def test_decoding_never_raises(raw: bytes) -> None:
    assert isinstance(text.decode(raw), str)
    text.is_wide(raw)
    text.is_binary(raw)
    text.narrow(raw)
