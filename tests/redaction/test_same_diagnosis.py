"""The diagnosis of redacted evidence is the diagnosis of the evidence: every case of every rule, and whole bundles."""

from __future__ import annotations

from pathlib import Path

import pytest

from casefiles import Case, cases_of
from ccmdoctor.rules.catalogue import rules
from samediagnosis import both

ROOT = Path(__file__).parent.parent.parent
BUNDLES = [ROOT / "src" / "ccmdoctor" / "demo", *sorted((ROOT / "tests" / "healthy").iterdir())]
CASES = [case for rule in rules() for case in cases_of(rule.folder)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}: {case.title}")
def test_every_case_of_every_rule(case: Case, tmp_path: Path) -> None:
    plain, redacted = both([str(case.lay(tmp_path))], case.options.get("update"), case.options.get("now"))
    assert redacted == plain


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.name)
def test_whole_bundles(bundle: Path) -> None:
    plain, redacted = both([str(bundle)])
    assert redacted == plain
