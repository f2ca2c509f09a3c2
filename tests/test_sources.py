"""Ways in: hostile archives end in a word, never in a traceback, and nothing leaves the archive."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archives import zipped
from ccmdoctor.formats import text
from ccmdoctor.sources import open_source
from ccmdoctor.sources.archive import Budget, members
from ccmdoctor.sources.artifact import Artifact, RefusedError, Unread, spooled


def drained(data: bytes) -> list[str]:
    """What every member came to: ok, or the reason."""
    found = []
    for one in members(data, "x.zip", Budget(1 << 22)):
        if isinstance(one, Unread):
            found.append(one.why)
            continue
        assert isinstance(one, Artifact) and ".." not in one.name.replace("...", "")
        try:
            with one.open() as content:
                found.append(f"ok {len(content)}")
        except RefusedError as refusal:
            found.append(refusal.why)
    return found


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 600), st.integers(0, 255))
def test_a_damaged_archive_never_raises(noise: bytes, at: int, byte: int) -> None:
    whole = bytearray(zipped({"a/b.log": b"text " * 50, "c.log": noise}))
    whole[at % len(whole)] = byte
    drained(bytes(whole))
    drained(bytes(whole[: at % len(whole)]))
    drained(b"PK\x03\x04" + noise)


def test_what_comes_out_is_counted_and_not_what_is_declared() -> None:
    assert drained(zipped({"a.log": bytes(3 << 20), "b.log": bytes(3 << 20)})) == [f"ok {3 << 20}", "zip-bomb"]


def test_japanese_member_names_without_the_flag_are_read() -> None:
    raw = zipped({"AAAA.log": b"x"}).replace(b"AAAA", "ログ".encode("cp932"))
    assert [one.name for one in members(raw, "x.zip", Budget()) if isinstance(one, Artifact)] == ["x.zip!ログ.log"]


def test_an_encrypted_member_is_named() -> None:
    raw = bytearray(zipped({"a.log": b"secret"}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(mark) + offset] |= 1
    assert drained(bytes(raw)) == ["zip-encrypted"]


def test_several_sources_are_read_together(tmp_path: Path) -> None:
    (tmp_path / "one.log").write_text("x", encoding="utf-8")
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "b.log").write_text("y", encoding="utf-8")
    sources = open_source([str(tmp_path / "one.log"), str(tmp_path / "two")])
    assert [one.name for source in sources for one in source.artifacts()] == ["one.log", "b.log"]


@given(st.text(max_size=300), st.sampled_from(["utf-16-le", "utf-16-be"]), st.integers(1, 64))
def test_wide_text_is_narrowed_in_pieces_of_any_size(content: str, encoding: str, size: int) -> None:
    safe = content.encode("utf-8", "replace").decode().replace("\ufeff", "")
    read = text.narrowed(safe.encode(encoding), encoding)
    assert b"".join(iter(lambda: read(size), b"")).decode() == safe


def test_a_large_stream_is_spooled_to_disk() -> None:
    pieces = iter([b"x" * (1 << 20)] * 40)
    with spooled(lambda size: next(pieces, b""), lambda total: None) as data:
        assert len(data) == 40 << 20 and not isinstance(data, bytes)


@pytest.mark.skipif(sys.platform != "win32", reason="there are no junctions elsewhere")
def test_a_junction_is_not_followed(tmp_path: Path) -> None:
    import _winapi

    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "secret.log").write_text("x", encoding="utf-8")
    (tmp_path / "bundle").mkdir()
    try:
        _winapi.CreateJunction(str(tmp_path / "there"), str(tmp_path / "bundle" / "Logs"))
    except OSError:
        pytest.skip("this file system has no junctions")
    assert list(open_source([str(tmp_path / "bundle")])[0].artifacts()) == [Unread("Logs", "link-not-followed")]
