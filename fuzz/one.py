"""One target under atheris in a process of its own: ``python -m fuzz.one TARGET SECONDS CASES [steady]``.

The first input of each kind of failure is cut down and stored; fuzzing goes on, so that no defect hides another.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import atheris

# a comparison of arrays costs memory under atheris that it never gives back; the record reader beside it guides instead
with atheris.instrument_imports(include=["ccmdoctor"], exclude=["ccmdoctor.timeline.columns"]):
    from ccmdoctor.rules.catalogue import rules
    from fuzz.targets import Target, targets

    targets()  # what they load late is instrumented too

from fuzz.run import HANGS, LONGEST, MEMORY, NEW, WORK

SLOW = 2.0  # seconds of the processor for one small input, with the fuzzer's own cost
CUTTING = 20.0  # seconds spent on making one finding smaller


def signature(run: Callable[[bytes], None], data: bytes) -> str | None:
    """What fails and where, or None when nothing does."""
    begun = time.thread_time()
    try:
        run(data)
    except Exception as error:
        inner = [one for one in traceback.extract_tb(error.__traceback__) if "ccmdoctor" in one.filename]
        last = (inner or traceback.extract_tb(error.__traceback__))[-1]
        said = str(error).split("\n")[0] if str(error).startswith("TROUBLE ") else ""
        return f"{type(error).__name__} {Path(last.filename).name}:{last.lineno} {said}".strip()
    return "slow" if time.thread_time() - begun > SLOW else None


def smaller(run: Callable[[bytes], None], data: bytes, kind: str) -> bytes:
    """The input without pieces that do not matter for its failure."""
    until = time.monotonic() + CUTTING
    size = max(1, len(data) // 2)
    while size and time.monotonic() < until:
        at = 0
        while at < len(data) and time.monotonic() < until:
            shorter = data[:at] + data[at + size :]
            if signature(run, shorter) == kind:
                data = shorter
            else:
                at += size
        size //= 2
    return data


def main() -> None:
    """Fuzz for some seconds."""
    name, seconds, cases, steady = sys.argv[1], sys.argv[2], Path(sys.argv[3]), "steady" in sys.argv[4:]
    target = targets()[name]
    if steady:  # what a submission is held to must not depend on luck or on the machine
        random.seed(1)
        length = [f"-runs={int(seconds) * target.pace * 5}", "-seed=1"]
    else:
        length = [f"-max_total_time={seconds}"]
    seen: set[str] = set()

    def once(data: bytes) -> None:
        kind = signature(target.run, data)
        if kind is None or kind in seen:
            return
        seen.add(kind)
        short = smaller(target.run, data, kind)
        path = cases / name / hashlib.sha256(short).hexdigest()[:12]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(short)
        print(f"FINDING {name} {kind} {path}", file=sys.stderr, flush=True)

    for rule in rules():  # their modules are loaded from their files, past the hook of the import above
        atheris.instrument_func(rule.judge)
    new, start = _corpora(target, int(seconds))
    words = WORK / f"{name}.dict"
    words.write_text("".join(f'"{_escaped(one)}"\n' for one in (*target.words, "\n")), encoding="ascii")
    options = [
        *length, f"-max_len={LONGEST}", f"-timeout={HANGS}", f"-rss_limit_mb={MEMORY}",
        f"-dict={words}", f"-artifact_prefix={WORK / name}-", "-report_slow_units=1000",
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, str(new), str(start)], once)
    atheris.Fuzz()


def _corpora(target: Target, seconds: int) -> tuple[Path, Path]:
    """A folder for new inputs, and one with as many known ones, drawn by lot, as are read in a part of the time."""
    folder, new, start = (WORK / f"{target.name}{end}" for end in ("", NEW, ".start"))
    for one in (new, start):
        shutil.rmtree(one, ignore_errors=True)
    for one in (folder, new, start):
        one.mkdir(parents=True, exist_ok=True)
    for seed in target.seeds():
        path = folder / hashlib.sha256(seed).hexdigest()[:16]
        if not path.exists():
            path.write_bytes(seed)
    known = sorted(folder.iterdir())
    for path in random.sample(known, min(len(known), max(10, seconds * target.pace))):
        shutil.copyfile(path, start / path.name)
    return new, start


def _escaped(word: str) -> str:
    return "".join(f"\\x{byte:02x}" if not 32 < byte < 127 or byte in b'"\\' else chr(byte) for byte in word.encode())


if __name__ == "__main__":
    main()
