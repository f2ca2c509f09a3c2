"""Texts that are written as lists of their bytes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmdoctor.redaction.encoded import changed, texts

LONG = "http://sup01.contoso.com:8530"


def decimal(text: str, encoding: str = "utf-16-le") -> bytes:
    return ", ".join(str(byte) for byte in f"{text}\0".encode(encoding)).encode()


def exported(text: str, row: int = 25, end: str = "\r\n") -> bytes:
    pairs = [f"{byte:02x}" for byte in f"{text}\0".encode("utf-16-le")]
    return f",\\{end}  ".join(",".join(pairs[at : at + row]) for at in range(0, len(pairs), row)).encode()


def shorter(text: bytes) -> bytes:
    return text.replace(LONG.encode(), b"http://a.example")


def longer(text: bytes) -> bytes:
    return text.replace(LONG.encode(), b"http://host-001.part-1.domain-1.example:8530/of/this/run")


@pytest.mark.parametrize("change", [shorter, longer])
@pytest.mark.parametrize(
    "written", [decimal(LONG), decimal(LONG, "utf-8"), exported(LONG), exported(LONG, 7, "\n"), exported(LONG).upper()]
)
def test_a_text_is_changed_in_its_form(written: bytes, change: object) -> None:
    work = b'"WUServer"=hex(2):' + written + b"\r\n[next]\r\n"
    made = changed(work, change)  # type: ignore[arg-type]
    assert list(texts(made)) == [change(one) for one in texts(work)]  # type: ignore[operator]
    assert LONG.encode() not in b"".join(texts(made)) and LONG.encode() in b"".join(texts(work))
    assert made.count(b"\n") == work.count(b"\n") and made.endswith(b"\r\n[next]\r\n")
    assert all(line.endswith(b"\\\r") or b"," not in line for line in made.split(b"\n")[:-3] if b"\\\r\n" in work)


def test_a_name_inside_binary_data_is_changed() -> None:
    raw = b"\x46\0\0\0\x3b\x0d\0\0\x0b\0\0\0" + LONG.encode() + b"\0\x01\x02"
    work = b"hex:" + b",".join(b"%02x" % byte for byte in raw)
    made = changed(work, shorter)
    assert bytes(int(one, 16) for one in made[4:].split(b",")) == raw.replace(LONG.encode(), b"http://a.example")


@pytest.mark.parametrize(
    "text",
    [
        "1, 2, 3, 4, 5, 6, 7, 8, 9, 300, 400", "hex:00,01,02,03,04,05,06,07,08,09,",
        "00,01,02,03,04,05,06,07,0x", "a,b,c,d,e,f,a,b,c,d", "104, 0, 116", "10.1, 2, 3, 4, 5, 6, 7, 8, 9",
    ],
)  # fmt: skip
def test_what_holds_no_text_stays(text: str) -> None:
    assert changed(text.encode(), lambda one: b"x" + one if one.strip() else one) == text.encode()


@given(st.lists(st.sampled_from([decimal(LONG), exported(LONG), b" ", b"\n", b",", b"7", b"68,00,", b"1, ", b"x"])))
def test_what_is_not_changed_stays_byte_for_byte(pieces: list[bytes]) -> None:
    work = b"".join(pieces)
    assert changed(work, lambda one: one) == work
    assert changed(work, longer).count(b"\n") == work.count(b"\n")


def test_every_byte_is_looked_at_once() -> None:
    seen = list(texts(re.sub(rb"\s", b"", decimal("a" * 100_000)) + b","))
    assert [len(one.strip(b"\0")) for one in seen] == [100_000]
