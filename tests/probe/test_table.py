"""The table of faults and causes in the documentation names real causes, and the same ones in both languages."""

from __future__ import annotations

import re
from pathlib import Path

from ccmdoctor.knowledge import codes
from ccmdoctor.knowledge.tables import table
from ccmdoctor.model import HResult
from ccmdoctor.rules.catalogue import rules

DOCS = Path(__file__).parent.parent.parent / "docs"
ROW = re.compile(r"^\| .+? \| (.+?) \| (.+?) \|$", re.MULTILINE)
ID = re.compile(r"`([a-z][a-z0-9-]+)`")


def _causes(page: str) -> list[tuple[list[str], list[str]]]:
    text = (DOCS / page).read_text(encoding="utf-8")
    rows = [(ID.findall(one), ID.findall(two)) for one, two in ROW.findall(text[text.index("HTTP 401") - 10 :])]
    return [(one, two) for one, two in rows if one or two]


def test_the_table_names_causes_in_both_languages() -> None:
    known = {rule.id for rule in rules()}
    en, ja = _causes("probe.md"), _causes("probe.ja.md")
    assert en == ja and len(en) >= 20
    assert {id for row in en for cell in row for id in cell} <= known


def test_every_fault_has_a_code_and_leads_to_a_cause() -> None:
    known = {rule.id for rule in rules()}
    for name, fault in table("probe").items():
        code = HResult.parse(fault["code"])
        assert code is not None and codes.lookup(code).meaning, name
        causes = fault.get("points_to", codes.points_to(code))
        assert causes and set(causes) <= known, name
