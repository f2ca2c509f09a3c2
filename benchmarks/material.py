"""What the benchmarks share: logs made up for them, and timing. Nothing of it is kept."""

from __future__ import annotations

import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from ccmdoctor.knowledge.messages import messages, patterns

MEGABYTE = 1 << 20
RECORD = (
    '<![LOG[{}]LOG]!><time="10:{:02d}:03.412-540" date="03-25-2025" component="Agent" context="" type="1" '
    'thread="{}" file="agent.cpp:{}">\r\n'
)
CHATTER = (
    "Sending outgoing message '{guid}'. Flags 0x200, sender account empty",
    'Raising event:\n\ninstance of SoftDistProgramStarted\n{\n\tDateTime = "20250325010203.412000+000";\n};',
    'Policy [CCM_Policy_Policy5.PolicyID="{guid}"] was looked at and is unchanged',
    "CTaskConsumer::Fire - firing trigger '{guid}' for task '{number}'",
    "Successfully processed request {number} of {number} for user S-1-5-18",
)


def generate(path: Path, megabytes: int, seed: int = 1) -> None:
    """A log of chatter in which one record in fifteen holds a known line."""
    chance = random.Random(seed)
    assert not any(literal in line.encode() for line in CHATTER for literal in patterns()), "chatter is no known line"
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


def timed(command: Sequence[str]) -> float:
    """Seconds of wall time of one cold process. Raises RuntimeError when it could not do its work (exit code 2)."""
    start = time.perf_counter()
    done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    seconds = time.perf_counter() - start
    if done.returncode == 2:
        raise RuntimeError(f"{command[0]}: {done.stderr.decode('utf-8', 'replace').strip()}")
    return seconds


def peak(command: Sequence[str]) -> float:
    """Megabytes of memory that one cold process held at most, without pages of mapped files that it can drop (POSIX).

    The child's ``VmHWM`` minus mapped file pages is not to be had after its end, so RSS is sampled while it runs.
    """
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    most = 0
    while child.poll() is None:
        try:
            status = Path(f"/proc/{child.pid}/status").read_text()
        except OSError:
            break
        rows = dict(row.split(":", 1) for row in status.splitlines() if ":" in row)
        if "RssAnon" in rows:
            most = max(most, int(rows["RssAnon"].split()[0]))
        time.sleep(0.002)
    return most / 1024


def median(run: Callable[[], float], times: int) -> float:
    """The median of several runs, after one that warms the page cache."""
    run()
    return statistics.median(run() for _ in range(times))


def medians(runs: Sequence[Callable[[], float]], times: int) -> list[float]:
    """The medians of several things measured in turn, so that a busy moment hits all of them."""
    for run in runs:
        run()
    return [statistics.median(column) for column in zip(*([run() for run in runs] for _ in range(times)), strict=True)]


def an_hour_ago(log: Path) -> None:
    """Date a log back: one that is being written to is copied before it is read."""
    then = time.time() - 3600
    os.utime(log, (then, then))


def folder(path: Path, megabytes: int) -> None:
    """A ``CCM\\Logs`` folder of that size: logs of 5 MB and their rotations."""
    path.mkdir(parents=True, exist_ok=True)
    names = ("WUAHandler", "ScanAgent", "CcmExec", "PolicyAgent", "LocationServices", "UpdatesDeployment")
    for number in range(max(1, megabytes // 5)):
        rotation = "" if number < len(names) else f"-2025032{number % 10}-10020{number // 10}"
        log = path / f"{names[number % len(names)]}{rotation}.log"
        generate(log, min(5, megabytes), seed=number)
        an_hour_ago(log)


def zipped(source: Path, target: Path) -> None:
    """The folder as a zip."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(source.iterdir()):
            archive.write(file, file.name)


def command(*arguments: str) -> list[str]:
    """A cold run of the program."""
    return [sys.executable, "-m", "ccmdoctor", *arguments]


def machine() -> str:
    """What the figures were taken on."""
    system = f"{platform.system()} {platform.release()}"
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{platform.machine()}, {os.cpu_count()} cores, {system}, {python}"


def ripgrep() -> tuple[str, str] | None:
    """The program and its version, None when it is not installed."""
    found = shutil.which("rg")
    if found is None:
        return None
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout
    return found, version.splitlines()[0]
