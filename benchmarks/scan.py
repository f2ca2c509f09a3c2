"""Scan of one large CCM log with the whole message table, against ripgrep with the same literals, in one run.

    uv run python benchmarks/scan.py [--megabytes 200] [--runs 7]

The log is generated into a temporary folder and never kept. Both programs run as cold processes on the same file, in
turn; what counts is the ratio of the medians.
"""

from __future__ import annotations

import argparse
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ccmdoctor.knowledge.messages import messages, patterns

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
RECORD = (
    '<![LOG[{}]LOG]!><time="10:{:02d}:03.412-540" date="03-25-2025" component="Agent" context="" type="1" '
    'thread="{}" file="agent.cpp:{}">\r\n'
)
CHATTER = (
    "Sending outgoing message '{guid}'. Flags 0x200, sender account empty",
    'Raising event:\n\ninstance of SoftDistProgramStarted\n{\n\tDateTime = "20250325010203.412000+000";\n};',
    'Policy state for [CCM_Policy_Policy5.PolicyID="{guid}"] is currently [Active]',
    "CTaskConsumer::Fire - firing trigger '{guid}' for task '{number}'",
    "Successfully processed request {number} of {number} for user S-1-5-18",
)


def generate(path: Path, megabytes: int) -> None:
    """A log of chatter in which one record in fifteen holds a known line."""
    chance = random.Random(1)
    samples = [message.sample for message in messages().values()]
    with path.open("w", encoding="utf-8", newline="") as out:
        while out.tell() < megabytes << 20:
            lines = []
            for _ in range(2000):
                text = chance.choice(samples) if chance.random() < 1 / 15 else chance.choice(CHATTER)
                text = text.replace("{guid}", f"{{{chance.getrandbits(128):032X}}}")
                text = text.replace("{number}", str(chance.getrandbits(20)))
                lines.append(RECORD.format(text, chance.randrange(60), chance.randrange(9999), chance.randrange(999)))
            out.write("".join(lines))


def timed(command: list[str]) -> float:
    """Seconds of wall time of one cold process."""
    start = time.perf_counter()
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Generate, run both in turn, print medians and the ratio."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--megabytes", type=int, default=200)
    options.add_argument("--runs", type=int, default=7)
    given = options.parse_args()
    ripgrep = shutil.which("rg")
    if ripgrep is None:
        sys.exit("ripgrep (rg) is not installed")
    with tempfile.TemporaryDirectory() as folder:
        log, literals = Path(folder) / "CcmExec.log", Path(folder) / "literals.txt"
        generate(log, given.megabytes)
        literals.write_bytes(b"\n".join(patterns()) + b"\n")
        ours = [sys.executable, "-c", SCAN, str(log)]
        theirs = [ripgrep, "-c", "-F", "-j1", "-f", str(literals), str(log)]
        timed(ours), timed(theirs)  # both with a warm page cache
        pairs = [(timed(ours), timed(theirs)) for _ in range(given.runs)]
    mine, rg = (statistics.median(column) for column in zip(*pairs, strict=True))
    version = subprocess.run([ripgrep, "--version"], capture_output=True, text=True, check=True).stdout.split("\n")[0]
    print(f"{platform.machine()}, {platform.python_implementation()} {platform.python_version()}, {version}")
    print(f"{len(patterns())} literals, {given.megabytes} MB, {given.runs} runs each, medians")
    print(f"ccmdoctor {mine:.3f} s   ripgrep {rg:.3f} s   ratio {rg / mine:.2f}")


if __name__ == "__main__":
    main()
