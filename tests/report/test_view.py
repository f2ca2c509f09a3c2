"""The small parts that all media share."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from ccmdoctor.model import Quote, Zone
from ccmdoctor.report import view
from ccmdoctor.report.view import Block, Piece
from ccmdoctor.report.words import words
from ccmdoctor.report.wrapping import cut, starts

LETTERS = st.text(st.sampled_from("ab 日本語、。「」ー(){}\\/.:-スキャンっ0x80"), max_size=120)


def _lines(text: str, width: int) -> list[str]:
    at = [0, *starts(text, width), len(text)]
    return [text[begin:end] for begin, end in pairwise(at)]


@given(LETTERS, st.integers(4, 30))
def test_lines_fit_and_together_are_the_text(text: str, width: int) -> None:
    lines = _lines(text, width)
    assert "".join(lines) == text
    assert all(cell_len(line.rstrip(" ")) <= width for line in lines)


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("one two three", 7, ["one two ", "three"]),
        ("スキャンが完了しません。", 10, ["スキャンが", "完了しませ", "ん。"]),
        ("終わりました。次へ", 12, ["終わりまし", "た。次へ"]),  # a full stop never begins a line
        ("値は「正常」です", 6, ["値は", "「正", "常」で", "す"]),  # an opening bracket never ends one
        ("更新 WUAHandler.log を", 14, ["更新 ", "WUAHandler.log ", "を"]),
        ("AAAAAAAAAA", 4, ["AAAA", "AAAA", "AA"]),
    ],
)
def test_where_lines_break(text: str, width: int, lines: list[str]) -> None:
    assert _lines(text, width) == lines


@given(LETTERS, st.integers(2, 40))
def test_a_cut_text_fits(text: str, width: int) -> None:
    assert cell_len(cut(text, width)) <= width
    assert cut(text, width) == text or cut(text, width).endswith("…")


@given(st.text())
def test_what_is_shown_is_harmless(text: str) -> None:
    safe = view.harmless(text)
    assert view.harmless(safe) == safe
    assert not set(safe) & set("\x00\x07\x08\x1b\x7f\x9b\u202a\u202e\u2066\u2069\u200b\u2028\ufeff\r\t")
    assert "\n" not in view.line(text)
    safe.encode("utf-8")


def test_both_times_and_the_doubt_are_shown() -> None:
    say = words("en")
    at = datetime(2025, 3, 25, 10, 2, 3, tzinfo=timezone(timedelta(hours=9)))
    quote = Quote("a.log", 1, "x", at, "03-25-2025 10:02:03.412-540", Zone.PROVEN)
    assert view.times(quote, say) == ["2025-03-25 01:02:03Z", "as written 03-25-2025 10:02:03.412-540"]
    assert view.times(Quote("a.log", 1, "x", at, "10:02", Zone.ASSUMED), say)[2] == say("report.zone-assumed")
    assert view.times(Quote("a.log", 1, "x", None, "10:02", Zone.UNKNOWN), say) == [
        "as written 10:02",
        say("report.zone-unknown"),
    ]
    assert view.times(Quote("a.reg", 1, "x"), say) == []


def test_an_article_is_taken_apart() -> None:
    text = "Do `this`.\n\n- one\n- two\n\n```powershell\nA\n  B\n```\nThen see <https://a.example/x>."
    assert view.blocks(text) == [
        Block("text", "Do `this`."), Block("item", "one"), Block("item", "two"), Block("code", "A\n  B"),
        Block("text", "Then see <https://a.example/x>."),
    ]  # fmt: skip
    assert view.blocks("```\nnot closed") == [Block("code", "not closed")]
    assert view.pieces("a `b` **c** <https://d.example/> <e>") == [
        Piece("text", "a "), Piece("code", "b"), Piece("text", " "), Piece("strong", "c"), Piece("text", " "),
        Piece("link", "https://d.example/"), Piece("text", " <e>"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("source", "linked"),
    [
        ("https://a.example/x", True),
        ("http://a", True),
        ("javascript:alert(1)", False),
        ("https://a b", False),
        ("file:///c", False),
    ],
)
def test_only_web_addresses_become_links(source: str, linked: bool) -> None:
    assert view.is_link(source) is linked
