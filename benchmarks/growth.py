"""How time grows with the size of a log and with the number of rules: both should be straight lines."""

from __future__ import annotations

import itertools
import tempfile
import time
from pathlib import Path
from unittest import mock

from material import MEGABYTE, an_hour_ago, command, folder, generate, median, peak, timed

from ccmdoctor.evidence.base import Bundle, Target
from ccmdoctor.reader import read
from ccmdoctor.reasoning import engine
from ccmdoctor.rules.catalogue import rules
from ccmdoctor.sources import open_source

COUNTS = (20, 50, 100, 200, 300, 400)


def by_size(sizes: tuple[int, ...], runs: int) -> list[tuple[float, float, float]]:
    """Megabytes, seconds and peak megabytes of memory of cold diagnoses of one log."""
    found = []
    with tempfile.TemporaryDirectory() as made:
        for size in sizes:
            log = Path(made) / "CcmExec.log"
            generate(log, min(size, 200))
            piece = log.read_bytes()
            with log.open("ab") as out:
                for _ in range(size // 200 - 1):
                    out.write(piece)
            an_hour_ago(log)
            run = command("diagnose", str(log), "--format", "json")
            seconds = median(lambda run=run: timed(run), runs if size <= 200 else 1)  # type: ignore[misc]
            found.append((log.stat().st_size / MEGABYTE, seconds, peak(run)))
            log.unlink()
    return found


def by_rules(runs: int) -> list[tuple[float, float]]:
    """Number of rules and milliseconds to judge one bundle of 5 MB with them."""
    found = []
    with tempfile.TemporaryDirectory() as made:
        folder(Path(made), 5)
        reading = read(open_source([made]))
        for count in COUNTS:
            some = tuple(itertools.islice(itertools.cycle(rules()), count))

            def once(some: tuple[engine.Rule, ...] = some) -> float:
                with mock.patch.object(engine, "rules", lambda: some):
                    start = time.perf_counter()
                    engine.judge(Bundle(reading, Target(), reading.last))
                    return (time.perf_counter() - start) * 1000

            found.append((float(count), median(once, runs)))
    return found
