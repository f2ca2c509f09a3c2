"""What people see on a terminal and in a ticket."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from rich.cells import cell_len
from syrupy.assertion import SnapshotAssertion

import ccmdoctor
from ccmdoctor.model import Diagnosis
from ccmdoctor.report import markdown, terminal
from ccmdoctor.report.words import words

Diagnosed = Callable[[str, str], Diagnosis]
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f‪-‮⁦-⁩]")


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("width", [80, 120])
def test_the_terminal_report(diagnosed: Diagnosed, snapshot: SnapshotAssertion, language: str, width: int) -> None:
    assert terminal.render(diagnosed("demo", language), words(language), width=width) == snapshot


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("bundle", ["healthy", "possible"])
def test_the_terminal_report_without_a_sure_cause(
    diagnosed: Diagnosed, snapshot: SnapshotAssertion, language: str, bundle: str
) -> None:
    assert terminal.render(diagnosed(bundle, language), words(language), width=100) == snapshot


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_markdown_report(diagnosed: Diagnosed, snapshot: SnapshotAssertion, language: str) -> None:
    assert markdown.render(diagnosed("demo", language), words(language)) == snapshot


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("bundle", ["demo", "healthy", "possible", "hostile"])
def test_no_line_is_wider_than_the_terminal(diagnosed: Diagnosed, language: str, width: int, bundle: str) -> None:
    text = terminal.render(diagnosed(bundle, language), words(language), width=width)
    assert max(cell_len(line) for line in text.splitlines()) <= width


def test_the_columns_of_the_ladder_stand_under_each_other_in_japanese(diagnosed: Diagnosed) -> None:
    text = terminal.render(diagnosed("demo", "ja"), words("ja"), width=100)
    rows = [line for line in text.splitlines() if re.search(r"[✓✗↻?] (正常|失敗|回復|不明)", line)]
    starts = {cell_len(row[: re.search(r"[✓✗↻?] ", row).start()]) for row in rows}  # type: ignore[union-attr]
    assert len(rows) == 9 and len(starts) == 1


@pytest.mark.parametrize("language", ["ja", "en"])
def test_log_text_cannot_steer_the_terminal(diagnosed: Diagnosed, language: str) -> None:
    text = terminal.render(diagnosed("hostile", language), words(language), width=100, color=False)
    assert not CONTROL.search(text) and "‹U+001B›[31mred" in text


@pytest.mark.parametrize("language", ["ja", "en"])
def test_log_text_cannot_leave_its_block_in_markdown(diagnosed: Diagnosed, language: str) -> None:
    text = markdown.render(diagnosed("hostile", language), words(language))
    fences = [line for line in text.splitlines() if re.match(r" *`{3,}", line)]
    quoted = text[text.index("Scan failed") :].split("\n````\n")[0]
    assert "````text" in fences and "``` **bold**" in quoted and len(fences) % 2 == 0
    outside = re.sub(r"^( *`{3,})\w*\n.*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert "<script>" not in outside and "<img" not in outside


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_healthy_report_says_what_was_checked(diagnosed: Diagnosed, language: str) -> None:
    diagnosis = diagnosed("healthy", language)
    text = terminal.render(diagnosis, words(language), width=100)
    assert words(language)("outcomes.nothing-wrong-found") in text
    assert len(diagnosis.ruled_out) >= 10 and words(language)("report.ruled-out") in text


def test_json_is_what_the_api_gives(diagnosed: Diagnosed) -> None:
    found = json.loads(ccmdoctor.render(diagnosed("demo", "en"), "json"))
    assert found["causes"][0]["id"] == "sup-503-wsuspool"


def test_another_medium_is_an_error(diagnosed: Diagnosed) -> None:
    with pytest.raises(ValueError, match="papyrus"):
        ccmdoctor.render(diagnosed("demo", "en"), "papyrus")
