"""The diagnosis on a terminal. rich measures the cells that Japanese letters take, and colours."""

from __future__ import annotations

import io
import os
import shutil
import sys

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from ccmdoctor.model import Cause, Diagnosis, OpenQuestion, Outcome, PathState, Quote, Remedy, StepState, Verdict
from ccmdoctor.report import probe, view
from ccmdoctor.report.view import Block, Say
from ccmdoctor.report.wrapping import cut, starts

FALLBACK_WIDTH = 100
NARROWEST, WIDEST = 40, 140
MOST_QUOTES = 4
MOST_EVENTS = 12
MOST_ODD = 12
LONGEST_QUOTE = 400
_VERDICTS = {Verdict.CONFIRMED: "bold red", Verdict.LIKELY: "bold yellow", Verdict.POSSIBLE: "cyan"}
_PATH = {
    PathState.DONE: "green",
    PathState.WAITING: "yellow",
    PathState.FAILED: "bold red",
    PathState.NO: "",
    PathState.UNKNOWN: "dim",
}
_STATES = {
    StepState.OK: "green",
    StepState.FAILING: "bold red",
    StepState.RECOVERED: "yellow",
    StepState.UNKNOWN: "dim",
}
_OUTCOMES = {Outcome.CAUSE: "bold red", Outcome.HEALTHY: "bold green", Outcome.INSUFFICIENT: "bold yellow"}
_PIECES = {"text": "", "code": "cyan", "link": "underline", "strong": "bold"}


def to_screen(diagnosis: Diagnosis, say: Say) -> str:
    """The text for standard output: as wide as the terminal, in colour only on one."""
    color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    return render(diagnosis, say, width=None, color=color)


def render(diagnosis: Diagnosis, say: Say, *, width: int | None = FALLBACK_WIDTH, color: bool = False) -> str:
    """The text, ``width`` cells wide (None: as wide as the terminal). Commands and addresses may be longer."""
    if width is None:
        width = shutil.get_terminal_size((FALLBACK_WIDTH, 24)).columns
    page = _Page(max(NARROWEST, min(width, WIDEST)))
    _fill(page, diagnosis, say)
    out = io.StringIO()
    console = Console(
        file=out, force_terminal=color, color_system="standard" if color else None, highlight=False, markup=False,
        emoji=False, legacy_windows=False,
    )  # fmt: skip
    console.print(Text("\n").join(page.lines), soft_wrap=True)
    return out.getvalue()


class _Page:
    """The lines so far. Text is wrapped to the width; commands and addresses are not, so that they can be copied."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.lines: list[Text] = []

    def put(self, text: Text | str, *, at: int = 0, mark: str = "", style: str = "") -> None:
        """A paragraph from column ``at``, its first line behind ``mark`` and the others under its text."""
        whole = Text(text, style) if isinstance(text, str) else text
        lead = at + cell_len(mark)
        before = " " * at + mark
        for paragraph in whole.split("\n", allow_blank=True):
            for row in paragraph.divide(starts(paragraph.plain, self.width - lead)):
                row.rstrip()
                self.lines.append(Text(before) + row if row.plain else Text(before.rstrip()))
                before = " " * lead

    def whole(self, text: str, *, at: int, style: str) -> None:
        """Lines that stay whole at any width: commands to copy, addresses to open."""
        self.lines += [Text(" " * at + row, style) for row in view.harmless(text).splitlines()]

    def command(self, text: str, *, at: int) -> None:
        """Commands a little to the right of the text that they belong to."""
        self.whole(text, at=at + 2, style="cyan")

    def blank(self) -> None:
        """An empty line."""
        self.lines.append(Text())

    def heading(self, text: str) -> None:
        """A title with a line behind it. Many Japanese consoles draw the line twice as wide: it has room for that."""
        title = cut(text, self.width - 4)
        self.blank()
        self.lines.append(Text(title, "bold") + Text(" " + "─" * ((self.width - cell_len(title) - 2) // 2), "dim"))


def _fill(page: _Page, diagnosis: Diagnosis, say: Say) -> None:
    found = view.parts(diagnosis)
    _head(page, diagnosis, say)
    _path(page, diagnosis, say)
    _asked(page, diagnosis, say)
    short_of_evidence = diagnosis.outcome is Outcome.INSUFFICIENT
    if short_of_evidence:
        _questions(page, diagnosis, say, "report.questions-first")
    if found.sure:
        page.heading(say("report.causes"))
    for number, cause in enumerate(found.sure):
        if number:
            page.blank()
        _cause(page, cause, found.consequences.get(cause.id, []), say, first=number == 0 and len(found.sure) > 1)
    if found.possible:
        page.heading(say("report.other-causes" if found.sure else "report.possible-causes"))
    for number, cause in enumerate(found.possible):
        if number:
            page.blank()
        _lesser(page, cause, say)
    _ladder(page, diagnosis, say)
    if not short_of_evidence:
        _questions(page, diagnosis, say, "report.questions")
    _excluded(page, diagnosis, say)
    _timeline(page, diagnosis, say)
    _coverage(page, diagnosis, say)


def _head(page: _Page, diagnosis: Diagnosis, say: Say) -> None:
    mark, style = view.OUTCOME_MARKS[diagnosis.outcome], _OUTCOMES[diagnosis.outcome]
    page.put(f"{mark} {say(f'outcomes.{diagnosis.outcome}')}", style=style)
    page.put(say(f"outcome-advice.{diagnosis.outcome}"), at=2)
    for row in view.checked(diagnosis, say):
        page.put(row, at=2)
    about = "   ".join(f"{label}: {value}" for label, value in view.about(diagnosis, say))
    for row in ([about] if about else []) + view.span(diagnosis, say):
        page.put(row, at=2, style="dim")


def _prose(text: str, style: str = "") -> Text:
    """A paragraph of an article. Code keeps its marks, for terminals without colour."""
    whole = Text(style=style)
    for piece in view.pieces(view.line(text)):
        whole.append(f"`{piece.text}`" if piece.kind == "code" else piece.text, _PIECES[piece.kind])
    return whole


def _blocks(page: _Page, blocks: list[Block], *, at: int) -> None:
    for block in blocks:
        if block.kind == "code":
            page.command(block.text, at=at)
        else:
            page.put(_prose(block.text), at=at, mark="- " if block.kind == "item" else "")


def _name(page: _Page, cause: Cause, say: Say, *, first: bool = False) -> None:
    head = Text().append(f"[{say(f'verdicts.{cause.verdict}')}] ", _VERDICTS.get(cause.verdict, ""))
    page.put(head.append_text(_prose(view.line(cause.title), "bold")))
    where = [say(f"stages.{cause.stage}"), cause.id]
    page.put(" · ".join([say("report.first-to-check"), *where] if first else where), at=2, style="dim")
    page.put(_prose(cause.summary), at=2)
    facts = view.JOINT.join(f"{label}: {value}" for label, value in view.facts(cause, say))
    if facts:
        page.put(facts, at=2, style="dim")
    for text in cause.against:
        page.put(f"{say('report.against')}: {view.harmless(text)}", at=2, style="yellow")


def _cause(page: _Page, cause: Cause, consequences: list[Cause], say: Say, *, first: bool) -> None:
    _name(page, cause, say, first=first)
    if cause.quotes:
        page.put(say("report.proof"), at=2, style="bold")
    _quotes(page, cause.quotes, MOST_QUOTES, say)
    if consequences:
        page.put(say("report.consequences"), at=2, style="bold")
    for one in consequences:
        page.put(_prose(view.line(one.title)).append(f"  {one.id}", "dim"), at=4, mark="- ")
        _quotes(page, one.quotes, 1, say, at=6)
    if cause.remedy:
        page.put(say("report.fix"), at=2, style="bold")
    for number, step in enumerate(cause.remedy, 1):
        _step(page, number, step, say)
    check = view.verify(cause)
    if check:
        page.put(say("report.verify"), at=2, style="bold")
    _blocks(page, check, at=4)
    if cause.sources:
        page.put(say("report.sources"), at=2, style="bold")
    for source in cause.sources:
        page.whole(view.line(source), at=4, style="dim")


def _step(page: _Page, number: int, step: Remedy, say: Say) -> None:
    mark = f"{number}. "
    inside = 4 + len(mark)
    blocks = view.blocks(step.do) or [Block("text", "")]
    role = Text().append(f"{view.name('roles', step.role, say)}: ", "bold")
    page.put(role.append_text(_prose(blocks[0].text)), at=4, mark=mark)
    _blocks(page, blocks[1:], at=inside)
    if step.command:
        page.command(step.command, at=inside)
    if step.undo:
        page.put(_prose(f"{say('report.undo')}: {step.undo}", "dim"), at=inside)


def _lesser(page: _Page, cause: Cause, say: Say) -> None:
    """A cause that is only possible: shorter than the sure ones, and where its repair can be read."""
    _name(page, cause, say)
    _quotes(page, cause.quotes, 1, say)
    page.put(say("report.explain", id=cause.id), at=2, style="dim")


def _quotes(page: _Page, quotes: tuple[Quote, ...], most: int, say: Say, *, at: int = 4) -> None:
    for quote in quotes[:most]:
        page.put(" · ".join([view.place(quote, say), *view.times(quote, say)]), at=at, style="dim")
        page.put(view.short(quote.text, LONGEST_QUOTE), at=at + 2)
    if len(quotes) > most > 1:
        page.put(say("report.more", count=len(quotes) - most), at=at, style="dim")


def _path(page: _Page, diagnosis: Diagnosis, say: Say) -> None:
    """The update that was asked for, step by step."""
    if not diagnosis.update_steps:
        return
    page.heading(say("report.path", update=view.line(diagnosis.update or "")))
    labels = [say(f"steps.{one.step}") for one in diagnosis.update_steps]
    size = max(cell_len(label) for label in labels) + 2
    for one, label in zip(diagnosis.update_steps, labels, strict=True):
        mark = f"{view.PATH_MARKS[one.state]} {set_cell_size(label, size)}"
        page.put(Text(view.step(one, say), _PATH[one.state]), at=2, mark=mark)
        if one.quote:
            where = [view.place(one.quote, say), view.instant(one.quote.when)]
            page.put(" · ".join(part for part in where if part), at=4 + size, style="dim")


def _asked(page: _Page, diagnosis: Diagnosis, say: Say) -> None:
    """What a probe did, with the time of each step."""
    servers = probe.asked(diagnosis, say)
    if servers:
        page.heading(say("report.probe"))
    for server in servers:
        page.whole(server.title, at=2, style="bold")
        sizes = [
            max(cell_len(cell) for cell in column) + 2
            for column in zip(*(row[2:4] for row in server.rows), strict=True)
        ]
        for row in server.rows:
            mark = f"{row.mark} {set_cell_size(row.step, sizes[0])}{set_cell_size(row.seconds, sizes[1])}"
            page.put(Text(row.seen, "dim" if row.ok else "bold red"), at=2, mark=mark)


def _ladder(page: _Page, diagnosis: Diagnosis, say: Say) -> None:
    if not diagnosis.stages:
        return
    page.heading(say("report.ladder"))
    rows = [tuple(say(f"report.{heading}") for heading in ("stage", "state", "last-good", "last-bad"))]
    for stage in diagnosis.stages:
        state = f"{view.MARKS[stage.state]} {say(f'states.{stage.state}')}"
        good, bad = (view.instant(at) or say("report.never") for at in (stage.last_good, stage.last_bad))
        rows.append((say(f"stages.{stage.stage}"), state, good, bad))
    sizes = [max(cell_len(row[column]) for row in rows) + 2 for column in range(4)]
    styles = ["dim", *(_STATES[stage.state] for stage in diagnosis.stages)]
    for row, style in zip(rows, styles, strict=True):
        cell = [set_cell_size(text, size) for text, size in zip(row, sizes, strict=True)]
        shown = Text(cell[0], "dim" if style == "dim" else "").append(cell[1], style).append(cell[2] + cell[3], "dim")
        page.put(shown, at=2)


def _questions(page: _Page, diagnosis: Diagnosis, say: Say, heading: str) -> None:
    if diagnosis.open_questions:
        page.heading(say(heading))
    for number, question in enumerate(diagnosis.open_questions, 1):
        _question(page, number, question, diagnosis, say)


def _question(page: _Page, number: int, question: OpenQuestion, diagnosis: Diagnosis, say: Say) -> None:
    mark = f"{number}. "
    page.put(view.harmless(question.ask), at=2, mark=mark)
    if question.command:
        page.command(question.command, at=2 + len(mark))
    if question.would_settle:
        settles = view.JOINT.join(view.titles(diagnosis, question.would_settle))
        page.put(f"{say('report.settles')}: {settles}", at=2 + len(mark), style="dim")


def _excluded(page: _Page, diagnosis: Diagnosis, say: Say) -> None:
    """By reason; the quotes stand in the other media."""
    if not diagnosis.ruled_out:
        return
    page.heading(f"{say('report.ruled-out')} ({len(diagnosis.ruled_out)})")
    by_reason: dict[str, list[str]] = {}
    for one in diagnosis.ruled_out:
        by_reason.setdefault(one.why, []).append(view.line(one.title))
    for why, titles in by_reason.items():
        page.put(view.harmless(why), at=2, mark="- ")
        page.put(view.JOINT.join(titles), at=4, style="dim")


def _timeline(page: _Page, diagnosis: Diagnosis, say: Say) -> None:
    """The newest deciding events, one line each."""
    if not diagnosis.timeline:
        return
    page.heading(say("report.timeline"))
    left = len(diagnosis.timeline) - MOST_EVENTS
    if left > 0:
        page.put(say("report.more", count=left), at=2, style="dim")
    for quote in diagnosis.timeline[-MOST_EVENTS:]:
        file = view.line(quote.file).rpartition("/")[2]
        row = f"{view.instant(quote.when)}  {cut(file, 28)}:{quote.line}  {view.line(quote.text[:300].strip())}"
        page.put(cut(row, page.width - 2), at=2)


def _coverage(page: _Page, diagnosis: Diagnosis, say: Say) -> None:
    page.heading(say("report.coverage"))
    page.put(view.coverage_summary(diagnosis, say), at=2)
    odd = [item for item in diagnosis.coverage if view.is_odd(item)]
    for item in odd[:MOST_ODD]:
        parts = [view.name("coverage", item.state, say), view.note(item.note, say)]
        if item.unreadable:
            parts.append(f"{say('report.unreadable')}: {item.unreadable}")
        page.put(f"{view.line(item.artifact)}: {' · '.join(part for part in parts if part)}", at=2, mark="- ")
    if len(odd) > MOST_ODD:
        page.put(say("report.more", count=len(odd) - MOST_ODD), at=2, style="dim")
    for one in diagnosis.troubles:
        text = f"{say('report.troubles')}: {view.line(one.where)}: {view.harmless(one.what)}"
        page.put(text, at=2, mark="! ", style="red")
    page.put(f"{say('report.tool')}: {view.line(diagnosis.tool)}", at=2, style="dim")
