"""The diagnosis as Markdown, to paste into a ticket."""

from __future__ import annotations

import re

from ccmdoctor.model import Cause, Diagnosis, Quote
from ccmdoctor.report import view
from ccmdoctor.report.view import Say

_SPECIAL = re.compile(r"([\\`*_{}\[\]|#~])")
_VERBATIM = re.compile(r"(^ *```.*?^ *```$|`[^`\n]+`|<https?://[^>\s]+>)", re.MULTILINE | re.DOTALL)
MOST_QUOTES = 4


def render(diagnosis: Diagnosis, say: Say) -> str:
    """Verdict first, proof in fenced blocks, then the ladder, open questions, what was ruled out and what was read."""
    found = view.parts(diagnosis)
    lines = [f"# {view.OUTCOME_MARKS[diagnosis.outcome]} {say(f'outcomes.{diagnosis.outcome}')}", ""]
    lines += [f"- {label}: {_plain(value)}" for label, value in view.about(diagnosis, say)]
    lines += [f"- {line}" for line in view.span(diagnosis, say)]
    lines += ["", say(f"outcome-advice.{diagnosis.outcome}"), ""]
    for cause in found.sure:
        lines += _cause(cause, found.consequences.get(cause.id, []), say, "##")
    if found.possible:
        lines += [f"## {say('report.other-causes')}", ""]
        for cause in found.possible:
            lines += _cause(cause, found.consequences.get(cause.id, []), say, "###")
    lines += (
        _ladder(diagnosis, say) + _questions(diagnosis, say) + _ruled_out(diagnosis, say) + _coverage(diagnosis, say)
    )
    return "\n".join(lines).rstrip() + "\n"


def _plain(text: str) -> str:
    """Text that no Markdown reader takes for markup."""
    return _angles(_SPECIAL.sub(r"\\\1", view.harmless(text)).replace("\n", " "))


def _angles(text: str) -> str:
    return text.replace("<", "&lt;").replace(">", "&gt;")


def _prose(text: str) -> str:
    """An article's own Markdown, filled with facts: only code and links keep their angle brackets."""
    pieces = _VERBATIM.split(view.harmless(text))
    return "".join(piece if index % 2 else _angles(piece) for index, piece in enumerate(pieces))


def _fence(text: str, kind: str = "text") -> list[str]:
    """A fenced block whose fence is longer than any run of backticks inside."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{kind}", *text.splitlines(), fence, ""]


def _cause(cause: Cause, consequences: list[Cause], say: Say, level: str) -> list[str]:
    lines = [f"{level} {_plain(cause.title)} ({say(f'verdicts.{cause.verdict}')})", ""]
    lines += [f"`{cause.id}` · {say(f'stages.{cause.stage}')}", "", _plain(cause.summary), ""]
    lines += [f"- {say('report.against')}: {text}" for text in cause.against]
    lines += [f"- {say('report.consequences')}: {_plain(one.title)} (`{one.id}`)" for one in consequences]
    if cause.against or consequences:
        lines.append("")
    for quote in cause.quotes[:MOST_QUOTES]:
        lines += _quote(quote, say)
    lines += [f"{level}# {say('report.fix')}", ""]
    for number, step in enumerate(cause.remedy, 1):
        lines += [f"{number}. **{say(f'roles.{step.role}')}**: {_prose(step.do)}", ""]
        if step.command:
            lines += [f"   {line}".rstrip() for line in _fence(view.harmless(step.command), "powershell")]
        if step.undo:
            lines += [f"   {say('report.undo')}: {_prose(step.undo)}", ""]
    verify = next((step.verify for step in cause.remedy if step.verify), None)
    if verify:
        lines += [f"**{say('report.verify')}**", "", _prose(verify), ""]
    return [*lines, *(f"- <{source}>" for source in cause.sources), ""]


def _quote(quote: Quote, say: Say) -> list[str]:
    head = " · ".join(part for part in (_plain(view.place(quote, say)), _plain(view.times(quote, say))) if part)
    return [head, "", *_fence(view.short(quote.text))]


def _ladder(diagnosis: Diagnosis, say: Say) -> list[str]:
    lines = [
        f"## {say('report.ladder')}",
        "",
        f"| {say('report.stage')} | {say('report.state')} | {say('report.last-good')} | {say('report.last-bad')} |",
        "|---|---|---|---|",
    ]
    for stage in diagnosis.stages:
        good, bad = (view.instant(at) or say("report.never") for at in (stage.last_good, stage.last_bad))
        state = f"{view.MARKS[stage.state]} {say(f'states.{stage.state}')}"
        lines.append(f"| {say(f'stages.{stage.stage}')} | {state} | {good} | {bad} |")
    return [*lines, ""]


def _questions(diagnosis: Diagnosis, say: Say) -> list[str]:
    if not diagnosis.open_questions:
        return []
    lines = [f"## {say('report.questions')}", ""]
    for question in diagnosis.open_questions:
        lines += [
            f"- {question.ask}",
            f"  {say('report.settles')}: {', '.join(f'`{id}`' for id in question.would_settle)}",
            "",
        ]
        if question.command:
            lines += [f"  {line}".rstrip() for line in _fence(question.command, "powershell")]
    return lines


def _ruled_out(diagnosis: Diagnosis, say: Say) -> list[str]:
    if not diagnosis.ruled_out:
        return []
    rows = [f"- {_plain(one.title)} (`{one.id}`): {one.why}" for one in diagnosis.ruled_out]
    return [f"## {say('report.ruled-out')}", "", *rows, ""]


def _coverage(diagnosis: Diagnosis, say: Say) -> list[str]:
    lines = [f"## {say('report.coverage')}", "", view.coverage_summary(diagnosis, say), ""]
    odd = [item for item in diagnosis.coverage if item.state != "read" or item.note]
    lines += [
        f"- {_plain(item.artifact)}: {say(f'coverage.{item.state}')} {view.note(item.note, say)}".rstrip()
        for item in odd
    ]
    lines += [f"- {say('report.troubles')}: {_plain(one.where)}: {_plain(one.what)}" for one in diagnosis.troubles]
    return [*lines, "", f"{say('report.tool')}: {diagnosis.tool}"]
