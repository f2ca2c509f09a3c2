"""Scan of one large CCM log with the whole message table, against ripgrep with the same literals, in one run.

Both programs run as cold processes on the same file, in turn; what counts is the ratio of the medians.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from material import generate, medians, ripgrep, timed

from ccmdoctor.knowledge.messages import patterns

# The cold process under test: the automaton over a mapped file, hits counted.
SCAN = """
import mmap, sys
from ccmdoctor.knowledge.messages import automaton
count = 0
def hit(pattern, start, end, flags, context):
    global count
    count += 1
with open(sys.argv[1], "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
    for at in range(0, len(data), 64 << 20):
        automaton().scan(memoryview(data)[at : at + (64 << 20)], match_event_handler=hit)
print(count)
"""


def _is_utf8(literal: bytes) -> bool:
    try:
        literal.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def rows(megabytes: int, runs: int) -> list[tuple[str, str]]:
    """Label and figure."""
    found = ripgrep()
    if found is None:
        sys.exit("ripgrep (rg) is not installed")
    rg, version = found
    with tempfile.TemporaryDirectory() as folder:
        log, literals = Path(folder) / "CcmExec.log", Path(folder) / "literals.txt"
        generate(log, megabytes)
        # ripgrep takes UTF-8 only; the same words in the code page of Japan are ours to search alone
        same = [literal for literal in patterns() if _is_utf8(literal)]
        literals.write_bytes(b"\n".join(same) + b"\n")
        ours = [sys.executable, "-c", SCAN, str(log)]
        theirs = [rg, "-c", "-F", "-j1", "-f", str(literals), str(log)]
        mine, other = medians([lambda: timed(ours), lambda: timed(theirs)], runs)
    return [
        (f"scan of {megabytes} MB with {len(patterns())} literals, cold process", f"{mine:.3f} s"),
        (f"`rg -c -F -f` ({version}) with {len(same)} of the same literals on the same file", f"{other:.3f} s"),
        ("ratio (goal: at least 1.5)", f"{other / mine:.2f}"),
    ]
