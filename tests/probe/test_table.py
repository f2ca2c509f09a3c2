"""The table of faults and causes in the documentation: real causes, the same in both languages, every row tested."""

from __future__ import annotations

import re
from pathlib import Path

from ccmdoctor.knowledge import codes
from ccmdoctor.knowledge.tables import table as facts
from ccmdoctor.model import HResult
from ccmdoctor.report.words import words
from ccmdoctor.rules.catalogue import rules
from probe.ask import table

HERE = Path(__file__).parent
MISTAKE = "status"  # not a fault of its own: the status says it


def test_the_table_names_causes_in_both_languages() -> None:
    known = {rule.id for rule in rules()}
    en, ja = table("probe.md"), table("probe.ja.md")
    assert list(en.values()) == list(ja.values()) and len(en) >= 21
    assert {id for row in en.values() for cell in row for id in cell} <= known


def test_every_row_is_tested() -> None:
    """A test takes the causes that it asserts from the row whose beginning it names (``wanted``)."""
    tests = "".join(path.read_text(encoding="utf-8") for path in HERE.glob("test_*.py") if path != Path(__file__))
    named = [text for text in re.findall(r'"([^"\n]+)"', tests) if len(text) >= len("HTTP 401")]
    assert [row for row in table() if not any(row.startswith(one) for one in named)] == []


def test_every_fault_has_a_code_and_leads_to_a_cause() -> None:
    known = {rule.id for rule in rules()}
    for name, fault in facts("probe").items():
        code = HResult.parse(fault["code"])
        assert code is not None and codes.lookup(code).meaning, name
        causes = fault.get("points_to", codes.points_to(code))
        assert causes and set(causes) <= known, name


def test_every_fault_has_words() -> None:
    for language in ("ja", "en"):
        assert all(words(language)(f"probe-faults.{name}") for name in (*facts("probe"), MISTAKE))
