"""What people see on a terminal and in a ticket."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from itertools import pairwise

import msgspec
import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token
from rich.cells import cell_len
from syrupy.assertion import SnapshotAssertion

from ccmdoctor.model import Diagnosis, Outcome, StepState
from ccmdoctor.report import markdown, terminal, view
from ccmdoctor.report.words import words

Sample = Callable[[str, str], Diagnosis]
SAMPLES = ["likely", "confirmed", "healthy", "insufficient", "hostile"]
LANGUAGES = ["ja", "en"]


def _whole(diagnosis: Diagnosis) -> set[str]:
    texts = [step.command or "" for cause in diagnosis.causes for step in cause.remedy]
    texts += [question.command or "" for question in diagnosis.open_questions]
    texts += [source for cause in diagnosis.causes for source in cause.sources]
    texts += [block.text for cause in diagnosis.causes for block in view.verify(cause) if block.kind == "code"]
    return {line for text in texts for line in view.harmless(text).splitlines()}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", ["likely", "confirmed", "healthy", "insufficient"])
def test_the_terminal_report(sample: Sample, snapshot: SnapshotAssertion, name: str, language: str, width: int) -> None:
    assert terminal.render(sample(name, language), words(language), width=width) == snapshot


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["likely", "confirmed", "healthy", "insufficient"])
def test_the_markdown_report(sample: Sample, snapshot: SnapshotAssertion, name: str, language: str) -> None:
    assert markdown.render(sample(name, language), words(language)) == snapshot


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [40, 60, 80, 120, 140])
@pytest.mark.parametrize("name", SAMPLES)
def test_only_commands_and_addresses_are_wider_than_the_terminal(
    sample: Sample, name: str, language: str, width: int
) -> None:
    diagnosis = sample(name, language)
    text = terminal.render(diagnosis, words(language), width=width)
    ladder = view.instant(diagnosis.observed.first) and width < 70  # its columns need their room
    for line in text.splitlines():
        if line.strip() not in _whole(diagnosis) and not (ladder and re.search(r"  [✓✗↻?] ", line)):
            assert cell_len(line) <= width, line


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_command_and_an_address_stand_on_one_line_at_any_width(sample: Sample, language: str) -> None:
    whole = sample("likely", language)
    diagnosis = msgspec.structs.replace(whole, causes=whole.causes[:1])
    text = terminal.render(diagnosis, words(language), width=40)
    assert _whole(diagnosis) <= {line.strip() for line in text.splitlines()}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SAMPLES)
def test_the_columns_of_the_ladder_stand_under_each_other(sample: Sample, name: str, language: str) -> None:
    diagnosis, say = sample(name, language), words(language)
    lines = terminal.render(diagnosis, say, width=100).splitlines()
    top = next(number for number, line in enumerate(lines) if line.startswith(say("report.ladder")))
    header, rows = lines[top + 1], lines[top + 2 : top + 2 + len(diagnosis.stages)]
    states = {view.MARKS[state] for state in StepState}
    starts = {cell_len(row[: min(row.index(mark) for mark in states if mark in row)]) for row in rows}
    assert starts == {cell_len(header[: header.index(say("report.state"))])}
    good = cell_len(header[: header.index(say("report.last-good"))])
    for row, stage in zip(rows, diagnosis.stages, strict=True):
        if stage.last_good:
            assert cell_len(row[: row.index(view.instant(stage.last_good))]) == good


@pytest.mark.parametrize("color", [False, True])
@pytest.mark.parametrize("language", LANGUAGES)
def test_log_text_cannot_steer_the_terminal(sample: Sample, language: str, color: bool) -> None:
    text = terminal.render(sample("hostile", language), words(language), width=100, color=color)
    text = re.sub(r"\x1b\[[0-9;]*m", "", text) if color else text
    odd = {letter for letter in text if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp")} - {"\n"}
    assert not odd and "‹U+001B›[31mred" in text and "‹U+202E›evil" in text
    assert not [line for line in text.splitlines() if line.startswith(("✓", "forged"))]


def test_colour_changes_nothing_but_colour(sample: Sample) -> None:
    plain, coloured = (terminal.render(sample("likely", "ja"), words("ja"), color=color) for color in (False, True))
    assert "\x1b[" in coloured and "\x1b" not in plain
    assert [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", coloured).splitlines()] == plain.splitlines()


def test_the_width_is_that_of_the_terminal(sample: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    for columns in ("60", "90"):
        monkeypatch.setenv("COLUMNS", columns)
        found = terminal.to_screen(sample("likely", "ja"), words("ja"))
        assert found == terminal.render(sample("likely", "ja"), words("ja"), width=int(columns), color=False)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("medium", [markdown.render, terminal.render])
@pytest.mark.parametrize("name", SAMPLES)
def test_the_verdict_comes_first_and_nothing_is_left_out(
    sample: Sample, name: str, language: str, medium: Callable[..., str]
) -> None:
    diagnosis, say = sample(name, language), words(language)
    text = medium(diagnosis, say)
    assert text.lstrip("# ").startswith(
        f"{view.OUTCOME_MARKS[diagnosis.outcome]} {say(f'outcomes.{diagnosis.outcome}')}"
    )
    flat = re.sub(r"[\s\\]", "", text)
    parts = [cause.id for cause in diagnosis.causes]
    parts += (
        [step.command.split()[0] for step in diagnosis.causes[0].remedy if step.command] if name == "likely" else []
    )
    parts += [say(f"stages.{stage.stage}") for stage in diagnosis.stages]
    parts += [one.title for one in diagnosis.ruled_out if name != "hostile"]
    parts += [one.where for one in diagnosis.troubles if name != "hostile"]
    assert all(re.sub(r"\s", "", part) in flat for part in parts)


def _order(text: str, say: Callable[..., str], *keys: str) -> list[int]:
    lines = [re.sub(r"^#+ ", "", line) for line in text.splitlines()]
    return [next(number for number, line in enumerate(lines) if line.startswith(say(f"report.{key}"))) for key in keys]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("medium", [markdown.render, terminal.render])
def test_the_order_of_the_parts(sample: Sample, language: str, medium: Callable[..., str]) -> None:
    say = words(language)
    rest = ("ladder", "questions", "ruled-out", "timeline", "coverage")
    found = _order(medium(sample("likely", language), say), say, "other-causes", *rest)
    assert found == sorted(found)
    first = _order(medium(sample("insufficient", language), say), say, "questions-first", "possible-causes", "ladder")
    assert first == sorted(first)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_healthy_report_says_what_was_checked_and_what_was_not(sample: Sample, language: str) -> None:
    diagnosis, say = sample("healthy", language), words(language)
    text = re.sub(r"\s", "", terminal.render(diagnosis, say))
    for line in view.checked(diagnosis, say):
        assert re.sub(r"\s", "", line) in text
    assert len(view.checked(diagnosis, say)) == 3 and say("stages.scan") in view.checked(diagnosis, say)[0]


def _tokens(text: str) -> list[Token]:
    found = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    return [*found, *(child for token in found for child in token.children or [])]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SAMPLES)
def test_log_text_never_becomes_markup_in_a_ticket(sample: Sample, name: str, language: str) -> None:
    diagnosis, say = sample(name, language), words(language)
    tokens = _tokens(markdown.render(diagnosis, say))
    assert not [token for token in tokens if token.type in ("html_block", "html_inline", "image", "code_block", "hr")]
    links = {token.attrs["href"] for token in tokens if token.type == "link_open"}
    assert all(str(link).startswith("https://") for link in links)
    headings = [after.content for token, after in pairwise(tokens) if token.type == "heading_open"]
    assert not [heading for heading in headings if heading == "not a heading"]
    quoted = [token.content for token in tokens if token.type == "fence"]
    for cause in diagnosis.causes[:1]:
        for quote in cause.quotes[:1]:
            assert view.short(quote.text, markdown.LONGEST_QUOTE).rstrip() in [text.rstrip() for text in quoted]


def test_what_follows_from_a_root_stands_under_it_and_nothing_gets_lost(sample: Sample) -> None:
    found = view.parts(sample("hostile", "en"))
    assert [cause.id for cause in found.sure] == ["sup-timeout", "c"]
    assert [cause.id for cause in found.possible] == ["d", "e"]  # each explains the other: neither may vanish
    assert {root: [cause.id for cause in below] for root, below in found.consequences.items()} == {
        "sup-timeout": ["a", "b"]
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_open_question_names_causes_by_their_title(sample: Sample, language: str) -> None:
    ids = ("mp-timeout", "dual-scan-deferral-policy", "no-such-cause")
    titles = view.titles(sample("healthy", language), ids)
    assert titles[0] == next(one.title for one in sample("healthy", language).ruled_out if one.id == "mp-timeout")
    assert titles[1] not in ids and titles[2] == "no-such-cause"  # the article's title; an id that nobody knows


def test_an_empty_diagnosis_is_rendered(sample: Sample) -> None:
    empty = msgspec.structs.replace(
        sample("insufficient", "en"), stages=(), causes=(), ruled_out=(), open_questions=(), timeline=(), coverage=(),
    )  # fmt: skip
    for outcome in Outcome:
        diagnosis = msgspec.structs.replace(empty, outcome=outcome)
        assert terminal.render(diagnosis, words("en")) and markdown.render(diagnosis, words("en"))
