"""Cold runs of the command on a folder of logs and on its zip: wall time and peak memory."""

from __future__ import annotations

import tempfile
from pathlib import Path

from material import command, folder, medians, peak, timed, zipped


def rows(megabytes: int, runs: int) -> list[tuple[str, str]]:
    """Label and figure."""
    with tempfile.TemporaryDirectory() as made:
        logs, archive, report = Path(made) / "Logs", Path(made) / "logs.zip", Path(made) / "report.html"
        folder(logs, megabytes)
        zipped(logs, archive)
        runs_of = {
            "help": command("--help"),
            "folder": command("diagnose", str(logs), "--format", "html", "-o", str(report)),
            "zip": command("diagnose", str(archive), "--format", "html", "-o", str(report)),
        }
        times = medians([lambda run=run: timed(run) for run in runs_of.values()], runs)  # type: ignore[misc]
        memory = {name: peak(run) for name, run in runs_of.items()}
    seconds = dict(zip(runs_of, times, strict=True))
    return [
        ("`ccmdoctor --help` (goal: 0.2 s)", f"{seconds['help']:.3f} s"),
        (
            f"`diagnose` of a {megabytes} MB folder to HTML, cold (goal: 0.5 s, 150 MB)",
            f"{seconds['folder']:.2f} s, {memory['folder']:.0f} MB",
        ),
        (f"the same zipped (goal: 0.8 s)", f"{seconds['zip']:.2f} s, {memory['zip']:.0f} MB"),  # noqa: F541
    ]
