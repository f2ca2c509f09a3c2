"""What fuzzing starts from: the samples that the tests hold already, gathered anew for every run."""

from __future__ import annotations

import ast
import io
import struct
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from casefiles import cases_of
from ccmdoctor.knowledge.messages import messages
from ccmdoctor.rules.catalogue import rules
from fuzz.memory import packed

TESTS = Path(__file__).parent.parent / "tests"
LARGEST = 16_384  # bytes of one seed; a fuzzer is quicker with small ones
_SHORTEST = 16  # characters of a constant in a test that may be a sample


@cache
def bundles() -> tuple[dict[str, bytes], ...]:
    """The artifacts of every case of every rule, and of the healthy clients."""
    found = [dict(case.files) for rule in rules() for case in cases_of(rule.folder)]
    for folder in sorted((TESTS / "healthy").iterdir()):
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.*"))}
        found.append({name: raw[:2000] for name, raw in files.items()})
    return tuple(found)


def whole() -> Iterator[bytes]:
    """Whole bundles as one run of bytes each."""
    return (made for files in bundles() if len(made := packed(files)) <= LARGEST)


def records() -> Iterator[bytes]:
    """Logs: those of the cases, and the sample of every known message in the frame of the client."""
    yield from {raw[:LARGEST] for files in bundles() for name, raw in files.items() if ".log" in name.lower()}
    yield from (message.sample.encode() for message in messages().values())


def lines() -> Iterator[bytes]:
    """Single lines of logs of every shape."""
    yield from {row for raw in records() for row in raw.splitlines()[:40]}


def texts(module: str, markers: tuple[str, ...]) -> Iterator[bytes]:
    """Samples of one text format: its markers, the constants in its tests, and artifacts that hold a marker."""
    yield " ".join(markers).encode()
    for path in sorted(TESTS.rglob(f"test_{module}.py")):
        yield from constants(path)
    for files in bundles():
        for raw in files.values():
            if len(raw) <= LARGEST and any(marker.encode() in raw.lower() for marker in markers):
                yield raw


def constants(path: Path) -> Iterator[bytes]:
    """The longer texts and bytes that stand as constants in a Python file."""
    if not path.exists():
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes) and len(node.value) >= _SHORTEST:
            yield node.value.encode("utf-8", "replace") if isinstance(node.value, str) else node.value


def policy_files() -> Iterator[bytes]:
    """Registry.pol with every type of value, with deletions, and torn."""
    key = "Software\\Policies\\Microsoft\\Windows\\WindowsUpdate"
    text = "http://sup.contoso.com:8530\0".encode("utf-16-le")
    entries = [
        _entry(key, "WUServer", 1, text), _entry(key + "\\AU", "UseWUServer", 4, b"\1\0\0\0"),
        _entry(key, "**del.WUServer", 1, " \0".encode("utf-16-le")), _entry(key, "**delvals.", 1, text),
        _entry(key, "**DeleteValues", 1, "a;b\0".encode("utf-16-le")), _entry(key, "", 11, bytes(8)),
        _entry(key, "Many", 7, "a\0b\0\0".encode("utf-16-le")), _entry(key, "Bytes", 3, b"]\0[\0;\0"),
    ]  # fmt: skip
    whole = b"PReg\1\0\0\0" + b"".join(entries)
    yield from (whole, whole[:200], b"PReg\1\0\0\0" + entries[1])
    for files in bundles():
        yield from (raw for name, raw in files.items() if name.lower().endswith(".pol"))


def _entry(key: str, name: str, kind: int, data: bytes) -> bytes:
    def wide(text: str) -> bytes:
        return text.encode("utf-16-le")

    numbers = struct.pack("<I2sI", kind, wide(";"), len(data))
    return wide(f"[{key}\0;{name}\0;") + numbers + wide(";") + data + wide("]")


def archives() -> Iterator[bytes]:
    """Zips of every method, one in the other, with Japanese and with climbing names, and an empty one."""
    log = b"\r\n".join(list(lines())[:3])
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        inner = _zip({"CCM/Logs/WUAHandler.log": log, "../../a.log": b"x", "ログ.log": b"y"}, method)
        yield inner
        yield _zip({"inner.zip": inner, "empty.log": b""}, method)
    yield _zip({}, zipfile.ZIP_STORED)
    yield _zip({"a.log": bytes(4096)}, zipfile.ZIP_DEFLATED)


def _zip(files: dict[str, bytes], method: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, raw in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2025, 3, 25, 10, 2, 4)), raw, method)
    return out.getvalue()


def times() -> Iterator[bytes]:
    """Time, date and source of a record, a line each."""
    for time in ("10:02:03.412-540", "1:2:3", "10:02:03:412+0900", "午後 10:02:03", "20250325010203.412000+540"):
        for date in ("03-25-2025", "2025/03/25", "25.3.2025", "12-31-9999"):
            yield f"{time}\n{date}\ncwuahandler.cpp:3525".encode()
    yield b"3/25/2025 10:02:03 AM\n\n"
