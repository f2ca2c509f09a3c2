"""What fuzzing found once is tried again, and every target once over changed samples; the long runs are ``fuzz/run.py``."""

from __future__ import annotations

import pkgutil
import time
from functools import cache
from pathlib import Path

import pytest
from fuzz.memory import packed, unpacked
from fuzz.run import CASES
from fuzz.targets import Target, targets
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccmdoctor import formats
from ccmdoctor.knowledge.messages import messages

ALL = sorted(targets())
SECONDS = {"diagnosis": 3.0}  # the rest take a second
KEPT = sorted(path for path in CASES.rglob("*") if path.is_file())


@pytest.mark.parametrize("path", KEPT, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_finding_of_the_fuzzer_stays_mended(path: Path) -> None:
    targets()[path.parent.name].run(path.read_bytes())


def test_every_format_is_a_target() -> None:
    # a package holds the pieces of a format that is a target itself
    found = {module.name for module in pkgutil.iter_modules(formats.__path__) if not module.ispkg}
    without_bytes = {"collected", "web_address"} - set(ALL)  # read states and words, not bytes
    assert found - without_bytes <= set(ALL)


def test_every_case_belongs_to_a_target() -> None:
    assert {path.parent.name for path in KEPT} <= set(ALL)
    assert all(path.stat().st_size <= 4096 for path in KEPT)


@cache
def _samples(target: Target) -> list[bytes]:
    return sorted({one[:6000] for one in target.seeds()})[:3000] or [b""]


def _changed(data: bytes, changes: list[tuple[str, int, bytes]]) -> bytes:
    """The bytes with pieces cut, doubled, moved or written over."""
    for kind, where, piece in changes:
        at = where % (len(data) + 1)
        to = at + 1 + where % 97
        data = {
            "cut": data[:at] + data[to:],
            "double": data[:to] + data[at:],
            "write": data[:at] + piece + data[at + len(piece) :],
            "put": data[:at] + piece + data[at:],
            "end": data[:at],
            "turn": data[at:] + data[:at],
        }[kind]
    return data


HOSTILE = st.sampled_from(
    [b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"<![LOG[", b"]LOG]!><time=", b"\r\n", b"\n", b'"', b"\t", b"\xb2", b"{", b"[",
     "²".encode(), "٣".encode(), b"9" * 40, b"12-31-9999", b"23:59:59.999+840", b" " * 200, b"\n%%%% x.log\n", b"\x1b[2J"]
)  # fmt: skip
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["cut", "double", "write", "put", "end", "turn"]),
        st.integers(0, 1 << 16),
        HOSTILE | st.binary(min_size=1, max_size=8),
    ),
    max_size=6,
)


@pytest.mark.parametrize("name", ALL)
def test_changed_samples(name: str) -> None:
    target = targets()[name]
    until = time.monotonic() + SECONDS.get(name, 1.0)

    @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.integers(0, len(_samples(target)) - 1), CHANGES)
    def tried(which: int, changes: list[tuple[str, int, bytes]]) -> None:
        if time.monotonic() < until:
            target.run(_changed(_samples(target)[which], changes))

    tried()


def test_a_bundle_in_memory_is_the_bundle() -> None:
    files = {"CCM/Logs/WUAHandler.log": b"a\nb", "gpresult.txt": b"", "日本.log": b"\r\n"}
    assert unpacked(packed(files)) == files
    assert unpacked(b"only") == {"WUAHandler.log": b"only"}


def test_samples_are_there_to_start_from() -> None:
    assert all(any(_samples(target)) for target in targets().values())
    assert len(_samples(targets()["lines"])) > len(messages())
