"""The diagnosis as Markdown, to paste into a ticket. Log text stays in its blocks and never becomes markup."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ccmdoctor.model import Cause, Diagnosis, Outcome, Quote, Remedy
from ccmdoctor.report import probe, view
from ccmdoctor.report.view import Block, Piece, Say

_SPECIAL = re.compile(r"([\\`*_{}\[\]|#~$])")
_ANGLES = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}
MOST_QUOTES = 4
MOST_EVENTS = 12
LONGEST_QUOTE = 1200


def render(diagnosis: Diagnosis, say: Say) -> str:
    """Verdict first, proof in fenced blocks, then the ladder, open questions, what was ruled out and what was read."""
    found = view.parts(diagnosis)
    short_of_evidence = diagnosis.outcome is Outcome.INSUFFICIENT
    lines = _head(diagnosis, say) + _path(diagnosis, say) + _asked(diagnosis, say)
    if short_of_evidence:
        lines += _questions(diagnosis, say, "report.questions-first")
    for number, cause in enumerate(found.sure):
        first = number == 0 and len(found.sure) > 1
        lines += _cause(cause, found.consequences.get(cause.id, []), say, first=first)
    if found.possible:
        lines += [f"## {say('report.other-causes' if found.sure else 'report.possible-causes')}", ""]
    for cause in found.possible:
        lines += _lesser(cause, say)
    lines += _ladder(diagnosis, say)
    if not short_of_evidence:
        lines += _questions(diagnosis, say, "report.questions")
    lines += _excluded(diagnosis, say) + _timeline(diagnosis, say) + _coverage(diagnosis, say)
    return "\n".join(lines).rstrip() + "\n"


def _plain(text: str) -> str:
    """Text that no Markdown reader takes for markup or for a reference to another ticket."""
    return _SPECIAL.sub(r"\\\1", view.harmless(text)).replace("\n", " ").translate(_ANGLES)


def _code(text: str) -> str:
    """Text as code within a line; the marks are longer than any run of backticks inside."""
    safe = view.line(text)
    mark = "`" * (_longest_run(safe) + 1)
    pad = " " if safe.startswith("`") or safe.endswith("`") else ""
    return f"{mark}{pad}{safe}{pad}{mark}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)


def _fence(text: str, kind: str = "text") -> list[str]:
    """A fenced block whose fence is longer than any run of backticks inside."""
    fence = "`" * max(3, _longest_run(text) + 1)
    return [f"{fence}{kind}", *text.splitlines(), fence, ""]


def _prose(text: str) -> str:
    """A paragraph of an article, filled with facts: its code, links and strong text stay, all else is plain."""
    return "".join(_piece(piece) for piece in view.pieces(view.line(text)))


def _piece(piece: Piece) -> str:
    if piece.kind == "code":
        return _code(piece.text)
    if piece.kind == "link":
        return f"<{piece.text}>"
    return f"**{_plain(piece.text)}**" if piece.kind == "strong" else _plain(piece.text)


def _blocks(blocks: Iterable[Block]) -> list[str]:
    lines: list[str] = []
    for block in blocks:
        if block.kind == "code":
            lines += _fence(block.text, "powershell")
        else:
            lines += [("- " if block.kind == "item" else "") + _prose(block.text), ""]
    return lines


def _under(lines: list[str], lead: str = "   ") -> list[str]:
    """Lines as a part of the list item above."""
    return [f"{lead}{line}".rstrip() for line in lines]


def _head(diagnosis: Diagnosis, say: Say) -> list[str]:
    lines = [f"# {view.OUTCOME_MARKS[diagnosis.outcome]} {say(f'outcomes.{diagnosis.outcome}')}", ""]
    lines += [say(f"outcome-advice.{diagnosis.outcome}"), ""]
    lines += [f"- {line}" for line in view.checked(diagnosis, say)]
    lines += [f"- {label}: {_plain(value)}" for label, value in view.about(diagnosis, say)]
    return [*lines, *(f"- {line}" for line in view.span(diagnosis, say)), ""]


def _name(cause: Cause, level: str, say: Say, *, first: bool = False) -> list[str]:
    parts = [say("report.first-to-check")] if first else []
    parts += [say(f"stages.{cause.stage}"), _code(cause.id)]
    lines = [f"{level} {_prose(cause.title)} ({say(f'verdicts.{cause.verdict}')})", "", " · ".join(parts), ""]
    lines += [_prose(cause.summary), ""]
    rows = [f"- {_plain(label)}: {_code(value)}" for label, value in view.facts(cause, say)]
    rows += [f"- **{say('report.against')}**: {_plain(text)}" for text in cause.against]
    return [*lines, *rows, ""] if rows else lines


def _cause(cause: Cause, consequences: list[Cause], say: Say, *, first: bool) -> list[str]:
    lines = _name(cause, "##", say, first=first)
    if cause.quotes:
        lines += [f"### {say('report.proof')}", ""]
    for quote in cause.quotes[:MOST_QUOTES]:
        lines += _quote(quote, say)
    if len(cause.quotes) > MOST_QUOTES:
        lines += [say("report.more", count=len(cause.quotes) - MOST_QUOTES), ""]
    if consequences:
        lines += [f"### {say('report.consequences')}", ""]
    for one in consequences:
        lines += [f"- {_prose(one.title)} ({_code(one.id)})", ""]
        for quote in one.quotes[:1]:
            lines += _under(_quote(quote, say), "  ")
    if cause.remedy:
        lines += [f"### {say('report.fix')}", ""]
    for number, step in enumerate(cause.remedy, 1):
        lines += _step(number, step, say)
    check = view.verify(cause)
    if check:
        lines += [f"### {say('report.verify')}", "", *_blocks(check)]
    return lines + _sources(cause, say)


def _step(number: int, step: Remedy, say: Say, *, commands: bool = True) -> list[str]:
    blocks = view.blocks(step.do) or [Block("text", "")]
    lead = " " * len(f"{number}. ")
    lines = [f"{number}. **{_plain(view.name('roles', step.role, say))}**: {_prose(blocks[0].text)}", ""]
    lines += _under(_blocks(blocks[1:]), lead)
    if step.command and commands:
        lines += _under(_fence(view.harmless(step.command), "powershell"), lead)
    if step.undo and commands:
        lines += [f"{lead}{say('report.undo')}: {_prose(step.undo)}", ""]
    return lines


def _lesser(cause: Cause, say: Say) -> list[str]:
    """A cause that is only possible: what it is, its first proof, and the steps without their commands."""
    lines = _name(cause, "###", say)
    for quote in cause.quotes[:1]:
        lines += _quote(quote, say)
    for number, step in enumerate(cause.remedy, 1):
        lines += _step(number, step, say, commands=False)
    return lines + _sources(cause, say)


def _sources(cause: Cause, say: Say) -> list[str]:
    if not cause.sources:
        return []
    links = (f"<{source}>" if view.is_link(source) else _plain(source) for source in cause.sources)
    return [f"{say('report.sources')}:", "", *(f"- {link}" for link in links), ""]


def _quote(quote: Quote, say: Say) -> list[str]:
    where = f"{_code(quote.file)}, {say('report.line', line=quote.line)}"
    head = " · ".join([where, *(_plain(time) for time in view.times(quote, say))])
    return [head, "", *_fence(view.short(quote.text, LONGEST_QUOTE))]


def _path(diagnosis: Diagnosis, say: Say) -> list[str]:
    """The update that was asked for, step by step."""
    if not diagnosis.update_steps:
        return []
    headings = [say(f"report.{heading}") for heading in ("step", "state", "time", "proof")]
    lines = [f"## {say('report.path', update=_plain(diagnosis.update or ''))}", "", f"| {' | '.join(headings)} |"]
    lines.append("|---|---|---|---|")
    for one in diagnosis.update_steps:
        at = view.instant(one.quote.when) if one.quote else ""
        proof = f"{_code(one.quote.file)}, {say('report.line', line=one.quote.line)}" if one.quote else ""
        state = f"{view.PATH_MARKS[one.state]} {view.step(one, say)}"
        lines.append(f"| {say(f'steps.{one.step}')} | {state} | {at} | {proof} |")
    return [*lines, ""]


def _asked(diagnosis: Diagnosis, say: Say) -> list[str]:
    """What a probe did, with the time of each step."""
    servers = probe.asked(diagnosis, say)
    lines = [f"## {say('report.probe')}", ""] if servers else []
    headings = [say(f"report.{heading}") for heading in ("step", "state", "time", "proof")]
    for server in servers:
        lines += [f"**{_plain(server.title)}**", "", f"| {' | '.join(headings)} |", "|---|---|---|---|"]
        for row in server.rows:
            lines.append(f"| {row.step} | {row.mark} | {row.seconds} | {_plain(row.seen)} |")
        lines.append("")
    return lines


def _ladder(diagnosis: Diagnosis, say: Say) -> list[str]:
    if not diagnosis.stages:
        return []
    headings = [say(f"report.{heading}") for heading in ("stage", "state", "last-good", "last-bad")]
    lines = [f"## {say('report.ladder')}", "", f"| {' | '.join(headings)} |", "|---|---|---|---|"]
    for stage in diagnosis.stages:
        good, bad = (view.instant(at) or say("report.never") for at in (stage.last_good, stage.last_bad))
        state = f"{view.MARKS[stage.state]} {say(f'states.{stage.state}')}"
        lines.append(f"| {say(f'stages.{stage.stage}')} | {state} | {good} | {bad} |")
    return [*lines, ""]


def _questions(diagnosis: Diagnosis, say: Say, heading: str) -> list[str]:
    lines = [f"## {say(heading)}", ""] if diagnosis.open_questions else []
    for number, question in enumerate(diagnosis.open_questions, 1):
        lead = " " * len(f"{number}. ")
        lines += [f"{number}. {_plain(question.ask)}", ""]
        if question.command:
            lines += _under(_fence(view.harmless(question.command), "powershell"), lead)
        if question.would_settle:
            settles = view.JOINT.join(_prose(title) for title in view.titles(diagnosis, question.would_settle))
            lines += [f"{lead}{say('report.settles')}: {settles}", ""]
    return lines


def _excluded(diagnosis: Diagnosis, say: Say) -> list[str]:
    if not diagnosis.ruled_out:
        return []
    lines = [f"## {say('report.ruled-out')} ({len(diagnosis.ruled_out)})", ""]
    for group in view.excluded(diagnosis):
        lines.append(f"- {_plain(group.why)}")
        lines += [f"  - {_prose(one.title)} ({_code(one.id)})" for one in group.causes]
        for quote in group.quotes[:1]:
            where = f"{_code(quote.file)}, {say('report.line', line=quote.line)}"
            lines.append(f"  - {say('report.proof')}: {where}: {_code(view.short(quote.text, 160))}")
    return [*lines, ""]


def _timeline(diagnosis: Diagnosis, say: Say) -> list[str]:
    """The newest deciding events in one block, so that a long line cannot spoil the ticket."""
    if not diagnosis.timeline:
        return []
    rows = [
        f"{view.instant(quote.when)}  {view.line(quote.file)}:{quote.line}  {view.line(view.short(quote.text, 160))}"
        for quote in diagnosis.timeline[-MOST_EVENTS:]
    ]
    left = len(diagnosis.timeline) - MOST_EVENTS
    more = [say("report.more", count=left), ""] if left > 0 else []
    return [f"## {say('report.timeline')}", "", *more, *_fence("\n".join(rows))]


def _coverage(diagnosis: Diagnosis, say: Say) -> list[str]:
    lines = [f"## {say('report.coverage')}", "", view.coverage_summary(diagnosis, say), ""]
    for item in diagnosis.coverage:
        if view.is_odd(item):
            parts = [view.name("coverage", item.state, say), view.note(item.note, say)]
            parts += [f"{say('report.unreadable')}: {item.unreadable}"] if item.unreadable else []
            lines.append(f"- {_code(item.artifact)}: {_plain(' · '.join(part for part in parts if part))}")
    lines += [f"- {say('report.troubles')}: {_code(one.where)}: {_code(one.what)}" for one in diagnosis.troubles]
    return [*lines, "", f"{say('report.tool')}: {_plain(diagnosis.tool)}"]
