"""What all media share: how an instant, a quote and the parts of a diagnosis are put into words.

Log text is hostile: control characters, ANSI escapes and characters that turn the reading direction are made visible.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from ccmdoctor.model import Cause, Diagnosis, Fact, Outcome, Quote, StepState, Verdict, Zone

Say = Callable[..., str]
_UNSAFE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)
LONGEST_QUOTE = 1200


def harmless(text: str) -> str:
    """Text with every control and direction character shown as its code point, and tabs as blanks."""
    return _UNSAFE.sub(
        lambda found: f"‹U+{ord(found[0]):04X}›", text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    )


def short(text: str, most: int = LONGEST_QUOTE) -> str:
    """Harmless text, cut with an ellipsis when it is longer than ``most`` characters."""
    safe = harmless(text).strip("\n")
    return safe if len(safe) <= most else safe[:most] + " …"


def instant(at: datetime | None) -> str:
    """``2025-03-25 01:02:03Z``, or nothing."""
    return at.strftime("%Y-%m-%d %H:%M:%SZ") if at else ""


def place(quote: Quote, say: Say) -> str:
    """File and line."""
    return f"{harmless(quote.file)}, {say('report.line', line=quote.line)}"


def times(quote: Quote, say: Say) -> str:
    """Both times of a quote, and what is not sure about the zone; empty for a fact that has no time."""
    if quote.as_written is None:
        return ""
    parts = [instant(quote.when)] if quote.when else []
    parts.append(say("report.as-written", time=harmless(quote.as_written)))
    if quote.zone is Zone.ASSUMED:
        parts.append(say("report.zone-assumed"))
    elif quote.zone is Zone.UNKNOWN:
        parts.append(say("report.zone-unknown"))
    return " · ".join(parts)


def facts(cause: Cause) -> list[tuple[str, str]]:
    """The facts that are known, by name."""
    return [(name, harmless(_fact(value))) for name, value in cause.facts.items() if value is not None]


def _fact(value: Fact) -> str:
    return str(value)


class Parts(NamedTuple):
    """A diagnosis sorted for reading: sure roots, other possible roots, and consequences by root."""

    sure: list[Cause]
    possible: list[Cause]
    consequences: dict[str, list[Cause]]


def parts(diagnosis: Diagnosis) -> Parts:
    """Root causes apart from what follows from them."""
    roots = [cause for cause in diagnosis.causes if cause.consequence_of is None]
    below: dict[str, list[Cause]] = {}
    for cause in diagnosis.causes:
        if cause.consequence_of is not None:
            below.setdefault(cause.consequence_of, []).append(cause)
    sure = [cause for cause in roots if cause.verdict is not Verdict.POSSIBLE]
    return Parts(sure, [cause for cause in roots if cause not in sure], below)


def about(diagnosis: Diagnosis, say: Say) -> list[tuple[str, str]]:
    """Who and what this is about: label and value."""
    rows = [
        (say("report.client"), diagnosis.client.name),
        (say("report.site"), diagnosis.client.site_code),
        (say("report.update"), diagnosis.update),
        (say("report.symptom"), say(f"symptoms.{diagnosis.symptom}") if diagnosis.symptom else None),
    ]
    return [(label, harmless(value)) for label, value in rows if value]


def span(diagnosis: Diagnosis, say: Say) -> list[str]:
    """The span of the evidence and the moment of judgement, where known."""
    seen = diagnosis.observed
    lines = []
    if seen.first and seen.last:
        lines.append(say("report.observed", first=instant(seen.first), last=instant(seen.last)))
    if seen.now:
        lines.append(say("report.judged", now=instant(seen.now)))
    return lines


def coverage_summary(diagnosis: Diagnosis, say: Say) -> str:
    """How much was read, in one line."""
    states = [item.state for item in diagnosis.coverage]
    return say(
        "report.coverage-summary",
        read=states.count("read"),
        records=sum(item.records for item in diagnosis.coverage),
        partly=states.count("partly"),
        other=len(states) - states.count("read") - states.count("partly"),
    )


def note(key: str | None, say: Say) -> str:
    """A coverage note in words; a text that is no key stays as it is."""
    if not key:
        return ""
    try:
        return say(f"coverage.{key}")
    except KeyError:
        return harmless(key)


def titles(diagnosis: Diagnosis, ids: tuple[str, ...]) -> list[str]:
    """Cause ids as titles where the diagnosis knows them."""
    known = {cause.id: cause.title for cause in diagnosis.causes} | {one.id: one.title for one in diagnosis.ruled_out}
    return [known.get(id, id) for id in ids]


MARKS = {StepState.OK: "✓", StepState.FAILING: "✗", StepState.RECOVERED: "↻", StepState.UNKNOWN: "?"}
OUTCOME_MARKS = {Outcome.CAUSE: "✗", Outcome.HEALTHY: "✓", Outcome.INSUFFICIENT: "?"}
