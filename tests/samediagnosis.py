"""Whether two pieces of evidence lead to the same diagnosis, apart from the names in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from ccmdoctor.model import Quote
from ccmdoctor.reader import read
from ccmdoctor.reasoning.diagnosis import Conclusion, conclude
from ccmdoctor.reasoning.engine import Result
from ccmdoctor.redaction import Redaction
from ccmdoctor.sources import open_source

KEY = bytes(range(32))
Change = Callable[[str], str]


def both(
    addresses: Sequence[str], update: str | None = None, now: str | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The essence of the diagnosis of the evidence (with its names replaced afterwards) and of the redacted evidence."""
    at = datetime.fromisoformat(now) if now else None
    plain = conclude(read(open_source(addresses)), update=update, now=at)
    redaction = Redaction(open_source(addresses), key=KEY)
    redacted = conclude(read(redaction.sources), update=redaction.text(update) if update else None, now=at)
    return essence(plain, redaction.text), essence(redacted, str)


def essence(conclusion: Conclusion, change: Change) -> dict[str, Any]:
    """Everything of a conclusion but the texts of quotes: verdicts, facts, order, questions, places, times."""

    def quote(one: Quote | None) -> Any:
        return one and (change(one.file), one.line, one.when, one.as_written, one.zone)

    def result(one: Result) -> Any:
        found = one.finding
        facts = {key: change(value) if isinstance(value, str) else value for key, value in found.facts.items()}
        quotes = [quote(item) for item in found.quotes]
        return (one.rule.id, found.verdict, facts, quotes, found.why, found.against, found.settle, found.missing)

    reading = conclusion.bundle.reading
    return {
        "outcome": conclusion.outcome,
        "causes": [result(one) for one in conclusion.causes],
        "roots": conclusion.roots,
        "excluded": [result(one) for one in conclusion.excluded],
        "questions": conclusion.questions,
        "stages": [
            (one.stage, one.state, one.last_good, one.last_bad, quote(one.good), quote(one.bad))
            for one in conclusion.stages
        ],
        "path": [(one.step, one.state, quote(one.quote)) for one in conclusion.path],
        "coverage": [
            (change(one.artifact), one.state, one.records, one.unreadable, one.note) for one in reading.coverage
        ],
        "observed": (reading.first, reading.last),
        "troubles": len(reading.troubles) + len(conclusion.troubles),
    }
