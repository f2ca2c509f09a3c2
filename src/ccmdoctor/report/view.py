"""What all media share: how an instant, a quote and the parts of a diagnosis are put into words.

Log text is hostile: control characters, ANSI escapes and characters that turn the reading direction are made visible.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from ccmdoctor.model import (
    Cause,
    Coverage,
    Diagnosis,
    Outcome,
    PathState,
    Quote,
    RuledOut,
    StepState,
    UpdateStep,
    Verdict,
    Zone,
)

Say = Callable[..., str]
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
_PIECE = re.compile(r"`(?P<code>[^`\n]+)`|<(?P<link>https?://[^<>\s\"]+)>|\*\*(?P<strong>[^*\n]+)\*\*")
LONGEST_QUOTE = 4000
JOINT = " / "
MARKS = {StepState.OK: "✓", StepState.FAILING: "✗", StepState.RECOVERED: "↻", StepState.UNKNOWN: "?"}
PATH_MARKS = {
    PathState.DONE: "✓",
    PathState.WAITING: "…",
    PathState.FAILED: "✗",
    PathState.NO: "–",
    PathState.UNKNOWN: "?",
}
OUTCOME_MARKS = {Outcome.CAUSE: "✗", Outcome.HEALTHY: "✓", Outcome.INSUFFICIENT: "?"}


def harmless(text: str) -> str:
    """Text with every control, invisible and direction character shown as its code point, and tabs as blanks."""
    if text.isascii() and text.isprintable():
        return text
    return _UNSAFE.sub(_shown, text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    "))


def _shown(found: re.Match[str]) -> str:
    return f"‹U+{ord(found[0]):04X}›"


def line(text: str) -> str:
    """Harmless text on one line: a file name with a line feed in it must not look like two lines of the report."""
    return harmless(text).replace("\n", "‹U+000A›")


def short(text: str, most: int = LONGEST_QUOTE) -> str:
    """Harmless text, cut with an ellipsis when it is longer than ``most`` characters."""
    safe = harmless(text).strip("\n")
    return safe if len(safe) <= most else safe[:most] + " …"


class Block(NamedTuple):
    """A paragraph, an item of a list, or a block of commands of an article."""

    kind: Literal["text", "item", "code"]
    text: str


def blocks(text: str) -> list[Block]:
    """An article's Markdown, as far as articles use it, taken apart; one paragraph or item stands on one line."""
    found: list[Block] = []
    fenced: list[str] | None = None
    for row in harmless(text).splitlines():
        bare = row.strip()
        if bare.startswith("```"):
            if fenced:
                found.append(Block("code", "\n".join(fenced)))
            fenced = [] if fenced is None else None
        elif fenced is not None:
            fenced.append(row.rstrip())
        elif bare.startswith("- "):
            found.append(Block("item", bare[2:].strip()))
        elif bare:
            found.append(Block("text", bare))
    if fenced:
        found.append(Block("code", "\n".join(fenced)))
    return found


class Piece(NamedTuple):
    """A run of letters within a paragraph."""

    kind: Literal["text", "code", "link", "strong"]
    text: str


def pieces(text: str) -> list[Piece]:
    """A paragraph as runs of plain text, code, links and strong text."""
    found: list[Piece] = []
    at = 0
    for match in _PIECE.finditer(text):
        if match.start() > at:
            found.append(Piece("text", text[at : match.start()]))
        if match["code"]:
            found.append(Piece("code", match["code"]))
        elif match["link"]:
            found.append(Piece("link", match["link"]))
        else:
            found.append(Piece("strong", match["strong"]))
        at = match.end()
    return [*found, Piece("text", text[at:])] if at < len(text) else found


def instant(at: datetime | None) -> str:
    """``2025-03-25 01:02:03Z``, or nothing."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%SZ") if at else ""


def place(quote: Quote, say: Say) -> str:
    """File and line."""
    return f"{line(quote.file)}, {say('report.line', line=quote.line)}"


def times(quote: Quote, say: Say) -> list[str]:
    """Both times of a quote, and what is not sure about the zone; empty for a fact that has no time."""
    if quote.as_written is None:
        return []
    parts = [instant(quote.when)] if quote.when else []
    parts.append(say("report.as-written", time=line(quote.as_written)))
    if quote.zone is Zone.ASSUMED:
        parts.append(say("report.zone-assumed"))
    elif quote.zone is Zone.UNKNOWN:
        parts.append(say("report.zone-unknown"))
    return parts


def name(section: str, key: str, say: Say) -> str:
    """The word for a role, a state or a fact; one that has no word stays as it is."""
    try:
        return say(f"{section}.{key}")
    except KeyError:
        return line(key)


def note(key: str | None, say: Say) -> str:
    """A coverage note in words; a text that is no key stays as it is."""
    return name("coverage", key, say) if key else ""


def facts(cause: Cause, say: Say) -> list[tuple[str, str]]:
    """The facts that are known, by name."""
    return [(name("facts", key, say), line(str(value))) for key, value in cause.facts.items() if value is not None]


def verify(cause: Cause) -> list[Block]:
    """How to see that the repair worked."""
    return [block for step in cause.remedy if step.verify for block in blocks(step.verify)]


class Parts(NamedTuple):
    """A diagnosis sorted for reading: sure roots, other possible roots, and consequences by root."""

    sure: list[Cause]
    possible: list[Cause]
    consequences: dict[str, list[Cause]]


def parts(diagnosis: Diagnosis) -> Parts:
    """Root causes apart from what follows from them. A cause whose root is not named stands for itself."""
    above = {cause.id: cause.consequence_of for cause in diagnosis.causes}
    sure: list[Cause] = []
    possible: list[Cause] = []
    below: dict[str, list[Cause]] = {}
    for cause in diagnosis.causes:
        root = _root(cause.id, above)
        if root != cause.id:
            below.setdefault(root, []).append(cause)
        elif cause.verdict is Verdict.POSSIBLE:
            possible.append(cause)
        else:
            sure.append(cause)
    return Parts(sure, possible, below)


def _root(id: str, above: dict[str, str | None]) -> str:
    """The last cause on the way up that is named in the report; the cause itself when that way is a circle."""
    passed = [id]
    while (higher := above[passed[-1]]) is not None and higher in above:
        if higher in passed:
            return id
        passed.append(higher)
    return passed[-1]


def about(diagnosis: Diagnosis, say: Say) -> list[tuple[str, str]]:
    """Who and what this is about: label and value."""
    rows = [
        (say("report.client"), diagnosis.client.name),
        (say("report.site"), diagnosis.client.site_code),
        (say("report.update"), diagnosis.update),
        (say("report.symptom"), say(f"symptoms.{diagnosis.symptom}") if diagnosis.symptom else None),
    ]
    return [(label, line(value)) for label, value in rows if value]


def span(diagnosis: Diagnosis, say: Say) -> list[str]:
    """The span of the evidence and the moment of judgement, where known."""
    seen = diagnosis.observed
    lines = []
    if seen.first and seen.last:
        lines.append(say("report.observed", first=instant(seen.first), last=instant(seen.last)))
    if seen.now:
        lines.append(say("report.judged", now=instant(seen.now)))
    return lines


def checked(diagnosis: Diagnosis, say: Say) -> list[str]:
    """What "nothing wrong" rests on, and where the evidence is silent. Empty when a cause was found."""
    if diagnosis.outcome is Outcome.CAUSE:
        return []
    good = [one for one in diagnosis.stages if one.state in (StepState.OK, StepState.RECOVERED)]
    dark = [one for one in diagnosis.stages if one.state is StepState.UNKNOWN]
    lines = []
    for key, stages in (("checked", good), ("not-checked", dark)):
        if stages:
            lines.append(say(f"report.{key}", stages=JOINT.join(say(f"stages.{one.stage}") for one in stages)))
    if diagnosis.ruled_out:
        lines.append(say("report.excluded-count", count=len(diagnosis.ruled_out)))
    return lines


def step(one: UpdateStep, say: Say) -> str:
    """What is known of a step, in words."""
    known = one.state is not PathState.UNKNOWN
    return say(f"path.{one.step}-{one.state}" if known else "states.unknown")


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


def is_odd(item: Coverage) -> bool:
    """Whether there is more to say of an artifact than that it was read."""
    return item.state not in ("read", "duplicate") or item.unreadable > 0 or bool(item.note)


def coverage(diagnosis: Diagnosis) -> list[Coverage]:
    """The artifacts, those with something to tell first."""
    return sorted(diagnosis.coverage, key=lambda item: not is_odd(item))


class Excluded(NamedTuple):
    """Causes that are ruled out for one reason, with the same proof."""

    why: str
    causes: list[RuledOut]
    quotes: tuple[Quote, ...]


def excluded(diagnosis: Diagnosis) -> list[Excluded]:
    """What was ruled out, by reason and proof, in the order of the stages."""
    groups: dict[tuple[str, tuple[Quote, ...]], list[RuledOut]] = {}
    for one in diagnosis.ruled_out:
        groups.setdefault((one.why, one.quotes), []).append(one)
    return [Excluded(why, causes, quotes) for (why, quotes), causes in groups.items()]


MOST_TITLES = 4


def titles(diagnosis: Diagnosis, ids: Iterable[str]) -> list[str]:
    """The first few cause ids as titles: as the diagnosis words them, else as their article does, else the id."""
    listed = list(ids)
    known = {cause.id: cause.title for cause in diagnosis.causes} | {one.id: one.title for one in diagnosis.ruled_out}
    named = [line(known.get(id) or _headline(id, diagnosis.language) or id) for id in listed[:MOST_TITLES]]
    return named + ([f"… +{len(listed) - MOST_TITLES}"] if len(listed) > MOST_TITLES else [])


def _headline(id: str, language: str) -> str | None:
    """The title of an article without facts, or None: an older or newer version may have written the diagnosis."""
    from ccmdoctor.rules.articles import article
    from ccmdoctor.rules.catalogue import rule_by_id

    rule = rule_by_id(id)
    try:
        return article(rule.folder, language).headline({}, "…") if rule else None
    except (OSError, ValueError):
        return None


def is_link(source: str) -> bool:
    """Whether a source may be made a link: a web address and nothing that runs."""
    return re.fullmatch(r"https?://[^\s<>\"]+", source) is not None
