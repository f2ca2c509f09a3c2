"""Every record of one large CCM log taken apart (time, component, thread, text), against what others do.

Two yardsticks run beside it: one plain regular expression, as most scripts use it, and plaso where it is installed
(``log2timeline`` on the path). The best open parser, that of CMTrace Open in Rust, offers no program to run on a file;
where it was measured (22 to 24 MB/s) plaso did 0.16 to 0.19 MB/s on the same machine, so it is 130 times plaso.
"""

from __future__ import annotations

import mmap
import re
import shutil
import subprocess
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
PLASO_PART = 2  # MB: it takes ten seconds for them
RUST_TO_PLASO = 130  # measured on one machine, see above


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


def _plaso() -> tuple[str, float] | None:
    """Name and version, and MB/s of its parser for these logs in a process of its own; None when it is not there."""
    program = shutil.which("log2timeline")
    if program is None:
        return None
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "CcmExec.log"
        generate(log, PLASO_PART)
        options = ["--status_view", "none", "--single_process", "--quiet", "--unattended", "--parsers", "text/sccm"]
        kept = ["--logfile", f"{folder}/plaso.log", "--storage-file", f"{folder}/found.plaso"]
        seconds = timed([program, *options, *kept, str(log)])
        return (told.stdout + told.stderr).split()[-1], log.stat().st_size / MEGABYTE / seconds


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
    plaso = _plaso()
    peers = (
        [
            (f"plaso {plaso[0]}, its parser for these logs", f"{plaso[1]:.2f} MB/s"),
            ("ratio to plaso (goal: 1,300, ten times the Rust parser)", f"{ours / plaso[1]:,.0f}"),
            ("so, to the Rust parser of CMTrace Open (goal: 10)", f"{ours / plaso[1] / RUST_TO_PLASO:.0f}"),
        ]
        if plaso
        else []
    )
    return [
        (f"every record of {megabytes} MB as columns", f"{ours:.0f} MB/s"),
        ("`re.finditer` with groups, every record", f"{theirs:.0f} MB/s"),
        ("ratio to the expression", f"{ours / theirs:.1f}"),
        *peers,
        (f"`timeline` of {megabytes} MB, every record printed", f"{everything:.1f} s, {memory:.0f} MB peak"),
        (f"`timeline --around` of {megabytes} MB", f"{few:.2f} s"),
    ]
