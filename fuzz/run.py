"""Runs the fuzz targets side by side and keeps what they find.

python fuzz/run.py --seconds 60                        every target for a minute
python fuzz/run.py --seconds 3600 --target registry    one of them for an hour

A finding is cut down and stored below ``fuzz/cases/<target>/``, where the ordinary tests replay it.
Needs atheris (Linux): ``uv run --group fuzz python fuzz/run.py``.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
PATHS = [str(ROOT), str(ROOT / "tests"), str(ROOT / "src")]
WORK = ROOT / "build" / "fuzz"  # corpora that grew, and the book of how long each target ran
CASES = ROOT / "fuzz" / "cases"
LONGEST = 16_384  # bytes of one input
MEMORY = 2048  # MB of one target
NEW = ".new"  # behind the name of a corpus: what a run has found worth keeping
HANGS = 60  # seconds for one input


def main() -> int:
    """Exit code 0 when nothing was found, 1 when something was, 2 when fuzzing is not possible here."""
    asked = _arguments()
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed (it exists for Linux): uv run --group fuzz python fuzz/run.py", file=sys.stderr)
        return 2
    from fuzz.targets import targets

    unknown = sorted(set(asked.target) - set(targets()))
    if unknown:
        print(f"no such target: {', '.join(unknown)}; there are {', '.join(sorted(targets()))}", file=sys.stderr)
        return 2
    waiting = list(asked.target or targets())
    running: dict[int, tuple[str, Path, float, subprocess.Popen[bytes]]] = {}
    found = 0
    while waiting or running:
        while waiting and len(running) < asked.jobs:
            name = waiting.pop(0)
            log = WORK / f"{name}.log"
            log.parent.mkdir(parents=True, exist_ok=True)
            command = [
                sys.executable,
                "-m",
                "fuzz.one",
                name,
                str(asked.seconds),
                str(asked.cases),
                *(["steady"] if asked.steady else []),
            ]
            with log.open("wb") as out:
                paths = {"PYTHONPATH": os.pathsep.join(PATHS), "PYTHONHASHSEED": "0"}
                child = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out, env={**os.environ, **paths})
            # a Popen that nobody holds is waited for by the next one
            running[child.pid] = name, log, time.monotonic(), child
        pid, status, usage = os.wait4(-1, 0)
        if pid in running:
            name, log, begun, child = running.pop(pid)
            code = child.returncode = os.waitstatus_to_exitcode(status)
            for path in (WORK / f"{name}{NEW}").glob("*"):
                path.replace(WORK / name / path.name)
            found += _report(name, log, code, usage.ru_utime + usage.ru_stime, time.monotonic() - begun)
    return 1 if found else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, help="how long each target runs (default: 60)")
    parser.add_argument("--target", action="append", default=[], help="one target; may stand several times")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many targets run at a time")
    parser.add_argument("--steady", action="store_true", help="as many inputs as fit into that time, the same each run")
    parser.add_argument("--cases", type=Path, default=CASES, help="where findings are stored")
    return parser.parse_args()


def _report(name: str, log: Path, code: int, cpu: float, wall: float) -> int:
    """Say what became of a target and write it into the book; how many findings it had."""
    text = log.read_text(encoding="utf-8", errors="replace")
    runs = next((int(one) for one in re.findall(r"Done (\d+) runs", text)), None)
    if runs is None:
        runs = max((int(one) for one in re.findall(r"^#(\d+)", text, re.MULTILINE)), default=0)
    findings = text.count("\nFINDING ") + text.startswith("FINDING ") + (code != 0)
    entry = {"target": name, "cpu": round(cpu), "wall": round(wall), "runs": runs, "findings": findings, "exit": code}
    with (WORK / "book.jsonl").open("a", encoding="utf-8") as book:
        book.write(json.dumps(entry) + "\n")
    print(f"{name:20} {cpu:7.0f} s CPU {runs:10} runs {findings:4} findings", flush=True)
    for line in re.findall(r"^FINDING .*", text, re.MULTILINE):
        print(f"    {line}", flush=True)
    if code:
        print(f"    ended with {code}; see {log}", flush=True)
    return findings


if __name__ == "__main__":
    sys.path[:0] = PATHS
    sys.exit(main())
