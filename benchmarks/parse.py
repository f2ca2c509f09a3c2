"""Every record of one large CCM log taken apart (time, component, thread, text), against one plain regular expression.

The expression is what most scripts use; the best open parser that was measured (a Rust one, 22 to 24 MB/s) ran at a
third of its speed on the same machine (56 to 88 MB/s). So ten times that parser is 3.3 to 4 times the expression.
"""

from __future__ import annotations

import mmap
import re
import tempfile
import time
from pathlib import Path

from material import MEGABYTE, command, generate, medians, peak, timed

from ccmdoctor.timeline import columns

RECORD = re.compile(
    rb'<!\[LOG\[(.*?)\]LOG\]!><time="([0-9:.]+)([+-]\d+)" date="(\d+)-(\d+)-(\d+)" component="([^"]*)" '
    rb'context="([^"]*)" type="(\d)" thread="(\d*)" file="([^"]*)">',
    re.DOTALL,
)
PART = 32  # MB that the expression gets: it needs the bytes in memory


def _ours(data: mmap.mmap) -> float:
    start = time.perf_counter()
    for block in columns.blocks(data):
        block.utc  # noqa: B018
    return time.perf_counter() - start


def _plain(data: bytes) -> float:
    start = time.perf_counter()
    for found in RECORD.finditer(data):
        found.groups()
    return time.perf_counter() - start


def rows(megabytes: int, runs: int) -> list[tuple[str, str]]:
    """Label and figure."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "CcmExec.log"
        generate(log, megabytes)
        size = log.stat().st_size / MEGABYTE
        with log.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            part = data[: PART * MEGABYTE]
            mine, plain = medians([lambda: _ours(data), lambda: _plain(part)], runs)
        whole = command("timeline", str(log))
        narrow = command("timeline", str(log), "--around", "2025-03-25T01:02:03", "--within", "0.01")
        everything, few = medians([lambda: timed(whole), lambda: timed(narrow)], 3)
        memory = peak(whole)
    ours, theirs = size / mine, len(part) / MEGABYTE / plain
    return [
        (f"every record of {megabytes} MB as columns", f"{ours:.0f} MB/s"),
        ("`re.finditer` with groups, every record", f"{theirs:.0f} MB/s"),
        ("ratio (goal: 4, which is ten times the best open parser)", f"{ours / theirs:.1f}"),
        (f"`timeline` of {megabytes} MB, every record printed", f"{everything:.1f} s, {memory:.0f} MB peak"),
        (f"`timeline --around` of {megabytes} MB", f"{few:.2f} s"),
    ]
