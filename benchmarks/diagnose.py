"""Cold runs of the command on a folder of logs, on its zip, and on the same over SMB: wall time and peak memory."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from material import command, folder, medians, peak, timed, zipped

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))  # its Samba


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


def over_smb(megabytes: int, runs: int) -> list[tuple[str, str]]:
    """The same folder behind a Samba on loopback; nothing where there is none."""
    from sources import samba

    if not shutil.which("smbd", path="/usr/sbin:/usr/bin"):
        return []
    with samba.running() as server:
        server.logs.rmdir()
        folder(server.logs, megabytes)
        os.environ |= {"CCMDOCTOR_USER": server.user, "CCMDOCTOR_PASSWORD": samba.PASSWORD}
        run = command("diagnose", server.at("C$/Windows/CCM/Logs"), "--format", "html", "-o", os.devnull)
        (seconds,) = medians([lambda: timed(run)], runs)
    return [(f"`diagnose` of a {megabytes} MB folder over SMB to HTML, cold (goal: 3 s)", f"{seconds:.2f} s")]
