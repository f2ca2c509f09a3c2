"""The diagnosis on a terminal. rich measures the cells that Japanese letters take."""

from __future__ import annotations

import io
import os
import shutil
import sys

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from ccmdoctor.model import Cause, Diagnosis, Outcome, Quote, StepState, Verdict
from ccmdoctor.report import view
from ccmdoctor.report.view import Say

MOST_QUOTES = 4
MOST_ODD = 12
_VERDICTS = {Verdict.CONFIRMED: "bold red", Verdict.LIKELY: "bold yellow", Verdict.POSSIBLE: "cyan"}
_STATES = {
    StepState.OK: "green",
    StepState.FAILING: "bold red",
    StepState.RECOVERED: "yellow",
    StepState.UNKNOWN: "dim",
}
_OUTCOMES = {Outcome.CAUSE: "bold red", Outcome.HEALTHY: "bold green", Outcome.INSUFFICIENT: "bold yellow"}


def to_screen(diagnosis: Diagnosis, say: Say) -> str:
    """The text for standard output: as wide as the terminal, in colour only on one."""
    color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    return render(diagnosis, say, width=shutil.get_terminal_size((100, 24)).columns, color=color)


def render(diagnosis: Diagnosis, say: Say, *, width: int = 100, color: bool = False) -> str:
    """The text, ``width`` cells wide."""
    out = io.StringIO()
    console = Console(
        file=out, width=max(40, min(width, 140)), force_terminal=color, color_system="standard" if color else None,
        highlight=False, markup=False, emoji=False, legacy_windows=False,
    )  # fmt: skip
    for part in _parts(diagnosis, say):
        console.print(part)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def _parts(diagnosis: Diagnosis, say: Say) -> list[RenderableType]:
    found = view.parts(diagnosis)
    shown: list[RenderableType] = [_head(diagnosis, say)]
    for cause in found.sure:
        shown += [_title(say("report.causes")), _cause(cause, found.consequences.get(cause.id, []), say)]
    if found.possible:
        shown.append(_title(say("report.other-causes")))
        shown += [_lesser(cause, say) for cause in found.possible]
    shown += [_title(say("report.ladder")), _ladder(diagnosis, say)]
    if diagnosis.open_questions:
        heading = "report.questions" if diagnosis.outcome is not Outcome.INSUFFICIENT else "report.questions-first"
        shown += [_title(say(heading)), _questions(diagnosis, say)]
    if diagnosis.ruled_out:
        shown += [_title(say("report.ruled-out")), _ruled_out(diagnosis, say)]
    return [*shown, _title(say("report.coverage")), _coverage(diagnosis, say)]


def _title(text: str) -> RenderableType:
    return Padding(Rule(Text(text, "bold"), align="left", style="dim"), (1, 0, 0, 0))


def _in(part: RenderableType, left: int = 2) -> RenderableType:
    return Padding(part, (0, 0, 0, left))


def _head(diagnosis: Diagnosis, say: Say) -> RenderableType:
    mark, style = view.OUTCOME_MARKS[diagnosis.outcome], _OUTCOMES[diagnosis.outcome]
    rows: list[RenderableType] = [Text(f"{mark} {say(f'outcomes.{diagnosis.outcome}')}", style)]
    about = "  ".join(f"{label}: {value}" for label, value in view.about(diagnosis, say))
    rows += [_in(Text(line, "dim")) for line in ([about] if about else []) + view.span(diagnosis, say)]
    rows.append(_in(Text(say(f"outcome-advice.{diagnosis.outcome}"))))
    return Group(*rows)


def _name(cause: Cause, say: Say) -> Text:
    head = Text()
    head.append(f"[{say(f'verdicts.{cause.verdict}')}] ", _VERDICTS[cause.verdict])
    head.append(view.harmless(cause.title), "bold")
    head.append(f"  {cause.id} · {say(f'stages.{cause.stage}')}", "dim")
    return head


def _cause(cause: Cause, consequences: list[Cause], say: Say) -> RenderableType:
    rows: list[RenderableType] = [_name(cause, say), _in(Text(view.harmless(cause.summary)))]
    rows += [_in(Text(f"{say('report.against')}: {text}", "yellow")) for text in cause.against]
    rows.append(_in(Text(say("report.proof"), "bold")))
    rows += [_in(_quote(quote, say), 4) for quote in cause.quotes[:MOST_QUOTES]]
    if consequences:
        rows.append(_in(Text(say("report.consequences"), "bold")))
        rows += [_in(Text(f"- {view.harmless(one.title)} ({one.id})"), 4) for one in consequences]
    rows.append(_in(Text(say("report.fix"), "bold")))
    for number, step in enumerate(cause.remedy, 1):
        line = Text(f"{say(f'roles.{step.role}')}: ", "bold")
        line.append(view.harmless(step.do), "not bold")
        rows.append(_in(_hanging(f"{number}.", line), 4))
        if step.command:
            rows.append(_in(Text(view.harmless(step.command), "cyan"), 7))
        if step.undo:
            rows.append(_in(Text(f"{say('report.undo')}: {view.harmless(step.undo)}", "dim"), 7))
    verify = next((step.verify for step in cause.remedy if step.verify), None)
    if verify:
        rows += [_in(Text(say("report.verify"), "bold")), _in(Text(_without_fences(verify)), 4)]
    rows += [_in(Text(f"{say('report.sources')}: {source}", "dim"), 4) for source in cause.sources]
    return Group(*rows)


def _hanging(mark: str, text: Text) -> RenderableType:
    """A marked item whose further lines stand under its text."""
    grid = Table.grid(padding=(0, 1, 0, 0))
    grid.add_row(Text(mark), text)
    return grid


def _without_fences(text: str) -> str:
    return "\n".join(line for line in view.harmless(text).splitlines() if not line.lstrip().startswith("```"))


def _lesser(cause: Cause, say: Say) -> RenderableType:
    rows: list[RenderableType] = [_name(cause, say), _in(Text(view.harmless(cause.summary)))]
    rows += [_in(Text(f"{say('report.against')}: {text}", "yellow")) for text in cause.against]
    rows += [_in(_quote(quote, say), 4) for quote in cause.quotes[:1]]
    return Group(*rows)


def _quote(quote: Quote, say: Say) -> RenderableType:
    head = " · ".join(part for part in (view.place(quote, say), view.times(quote, say)) if part)
    return Group(Text(head, "dim"), _in(Text(view.short(quote.text, 400))))


def _ladder(diagnosis: Diagnosis, say: Say) -> RenderableType:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=True, header_style="dim")
    for heading in ("stage", "state", "last-good", "last-bad"):
        table.add_column(say(f"report.{heading}"), no_wrap=True)
    for stage in diagnosis.stages:
        good, bad = (view.instant(at) or say("report.never") for at in (stage.last_good, stage.last_bad))
        state = Text(f"{view.MARKS[stage.state]} {say(f'states.{stage.state}')}", _STATES[stage.state])
        table.add_row(Text(say(f"stages.{stage.stage}")), state, good, bad)
    return _in(table)


def _questions(diagnosis: Diagnosis, say: Say) -> RenderableType:
    rows: list[RenderableType] = []
    for question in diagnosis.open_questions:
        rows.append(_hanging("-", Text(question.ask)))
        if question.command:
            rows.append(_in(Text(question.command, "cyan")))
        rows.append(_in(Text(f"{say('report.settles')}: {', '.join(question.would_settle)}", "dim")))
    return _in(Group(*rows))


def _ruled_out(diagnosis: Diagnosis, say: Say) -> RenderableType:
    return _in(Group(*[_hanging("-", Text(f"{view.harmless(one.title)}: {one.why}")) for one in diagnosis.ruled_out]))


def _coverage(diagnosis: Diagnosis, say: Say) -> RenderableType:
    rows: list[RenderableType] = [Text(view.coverage_summary(diagnosis, say))]
    odd = [item for item in diagnosis.coverage if item.state not in ("read", "duplicate") or item.note]
    rows += [
        Text(f"- {view.harmless(item.artifact)}: {say(f'coverage.{item.state}')} {view.note(item.note, say)}".rstrip())
        for item in odd[:MOST_ODD]
    ]
    if len(odd) > MOST_ODD:
        rows.append(Text(f"… +{len(odd) - MOST_ODD}", "dim"))
    rows += [
        Text(f"! {say('report.troubles')}: {view.harmless(one.where)}: {view.harmless(one.what)}", "red")
        for one in diagnosis.troubles
    ]
    return _in(Group(*rows))
