"""What a probe did, step by step, as all media show it."""

from __future__ import annotations

from typing import NamedTuple

from ccmdoctor.model import Diagnosis, ProbeStep
from ccmdoctor.report import view
from ccmdoctor.report.view import Say

LONGEST_SEEN = 300


class Row(NamedTuple):
    """One step: whether it went well, its name, its time; what went wrong in words, and what was seen as it came."""

    ok: bool
    mark: str
    step: str
    seconds: str
    seen: str


class Asked(NamedTuple):
    """One server that was asked: which it is, and the steps."""

    title: str
    rows: list[Row]


def asked(diagnosis: Diagnosis, say: Say) -> list[Asked]:
    """The servers in the order in which they were asked."""
    found: dict[str, Asked] = {}
    for step in diagnosis.probe_steps:
        title = f"{view.name('probe', step.service, say)}: {view.line(step.url)}"
        found.setdefault(title, Asked(title, [])).rows.append(_row(step, say))
    return list(found.values())


def _row(step: ProbeStep, say: Say) -> Row:
    ok = step.error is None
    seconds = say("probe.seconds", seconds=f"{step.seconds:.3f}")
    seen = view.line(view.short(step.seen, LONGEST_SEEN))
    if step.error is not None:
        seen = say("probe.failed", fault=view.name("probe-faults", step.error, say), seen=seen)
    return Row(ok, "✓" if ok else "✗", view.name("probe", step.step, say), seconds, seen)
