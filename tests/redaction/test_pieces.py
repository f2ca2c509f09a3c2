"""Bytes of every encoding come back as they were, but for what was changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmdoctor.redaction import pieces
from ccmdoctor.redaction.pieces import changed

JAPANESE = "サーバー sup.contoso.com に接続\r\nユーザー名: yamada\r\n"


def same(work: bytes) -> bytes:
    return work


def hidden(work: bytes) -> bytes:
    return work.replace(b"contoso", b"domain-1")


@given(st.binary(max_size=400))
def test_any_bytes_survive(data: bytes) -> None:
    assert b"".join(changed(data, same)) == data


@given(st.text(max_size=200), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp932"]))
def test_any_text_survives_in_every_encoding(text: str, encoding: str) -> None:
    data = text.encode(encoding, "replace")
    assert b"".join(changed(data, same)) == data


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp932", "euc_jp"])
def test_a_change_comes_out_in_the_same_encoding(encoding: str) -> None:
    expected = JAPANESE.replace("contoso", "domain-1").encode(encoding)
    assert b"".join(changed(JAPANESE.encode(encoding), hidden)) == expected


def test_a_name_with_a_nul_inside_is_the_name() -> None:
    raw = b"to sup.con\0to\0\0so.com\r\nkept a\0b\r\n" + "ユーザー con\0toso\r\n".encode("cp932") + bytes(40)
    expected = b"to sup.domain-1.com\r\nkept a\0b\r\n" + "ユーザー domain-1\r\n".encode("cp932") + bytes(40)
    assert b"".join(changed(raw, hidden)) == expected


def test_encodings_may_be_mixed_in_one_file() -> None:
    def mixed(name: str) -> bytes:
        text = f"スキャン http://sup.{name}.com 失敗\r\n"
        return (
            b"\xef\xbb\xbf" + text.encode() + text.encode("cp932") + text.encode("utf-16-le") + f"sup.{name}.com\n".encode()
            + text.encode("latin-1", "replace") + b"\xff\xfe\x81 sup." + name.encode() + b".com \x00\x00 torn"
        )  # fmt: skip

    assert b"".join(changed(mixed("contoso"), hidden)) == mixed("domain-1")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_large_files_are_cut_at_lines_and_endless_lines_at_blanks(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "PIECE", 64)
    monkeypatch.setattr(pieces, "LONGEST_LINE", 256)
    text = "sup.contoso.com answered\r\n" * 40 + "sup.contoso.com " * 60 + "\n" + "contoso" * 3 + "\n"
    seen: list[bytes] = []

    def note(work: bytes) -> bytes:
        seen.append(work)
        return hidden(work)

    assert b"".join(changed(text.encode(encoding), note)).decode(encoding) == text.replace("contoso", "domain-1")
    assert len(seen) > 5 and all(len(one) <= 1024 for one in seen)
