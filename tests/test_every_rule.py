"""The contract that every rule passes. There is no list to keep: rules and cases are found by folder."""

from __future__ import annotations

import ast
import re
from datetime import datetime
from pathlib import Path

import pytest

from casefiles import Case, cases_of
from ccmdoctor.evidence.base import Bundle, Target
from ccmdoctor.knowledge import codes
from ccmdoctor.knowledge.tables import table
from ccmdoctor.model import HResult, Stage, Verdict
from ccmdoctor.reader import judged_at, read
from ccmdoctor.reasoning.diagnosis import Conclusion, conclude
from ccmdoctor.reasoning.engine import Result, judge
from ccmdoctor.reasoning.graph import symptoms_of
from ccmdoctor.report.words import LANGUAGES, words
from ccmdoctor.rules.articles import HEADINGS, PLACEHOLDER, Article, article
from ccmdoctor.rules.catalogue import Rule, rules
from ccmdoctor.sources import open_source

HEALTHY = Path(__file__).parent / "healthy"
KANA = re.compile(r"[\u3040-\u30ff]")
CODE = re.compile(r"\b0x[0-9A-Fa-f]{8}\b")
FENCE = re.compile(r"^ *```[a-z]*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"<(https?://[^>]+)>")
FORBIDDEN_NAMES = re.compile(r"^(do-not|use|enable|fix|set|repair|check)-")

ALL_RULES = rules()
ALL_CASES = [case for rule in ALL_RULES for case in cases_of(rule.folder)]


def _conclude(case: Case, folder: Path) -> Conclusion:
    reading = read(open_source([str(case.lay(folder))]))
    now = case.options.get("now")
    return conclude(reading, update=case.options.get("update"), now=datetime.fromisoformat(now) if now else None)


def _result(case: Case, conclusion: Conclusion) -> Result:
    return next(one for one in judge(conclusion.bundle).results if one.rule.id == case.rule)


@pytest.fixture(params=ALL_RULES, ids=lambda rule: rule.id)
def rule(request: pytest.FixtureRequest) -> Rule:
    return request.param


@pytest.fixture(params=ALL_CASES, ids=lambda case: f"{case.rule}: {case.title}")
def case(request: pytest.FixtureRequest) -> Case:
    return request.param


def test_the_rule_says_what_it_is(rule: Rule) -> None:
    doc = (rule.module.__doc__ or "").strip()
    assert len(doc.split()) >= 4 and doc.endswith(".")
    assert rule.stage in Stage
    assert rule.facts.sources and all(source.startswith("https://") for source in rule.facts.sources)
    assert not FORBIDDEN_NAMES.match(rule.id), "an id names the fault, not the repair"


def test_the_rule_reaches_a_symptom(rule: Rule) -> None:
    assert symptoms_of(rule.id)


def test_the_rule_is_plain_reasoning(rule: Rule) -> None:
    """No path, clock, regular expression, error number or sentence; only evidence, model and the verdicts are imported."""
    tree = ast.parse((rule.folder / "rule.py").read_text(encoding="utf-8"))
    allowed = ("ccmdoctor.evidence", "ccmdoctor.model", "ccmdoctor.rules", "ccmdoctor.knowledge", "__future__")
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            raise AssertionError(f"imports {ast.unparse(node)}")
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").startswith(allowed), ast.unparse(node)
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef))
    body = [node for statement in function.body for node in ast.walk(statement)]
    texts = [node.value for node in body if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9-]*(\.[a-z0-9-]+)*", text) for text in texts), texts
    numbers = [node.value for node in body if isinstance(node, ast.Constant) and type(node.value) in (int, float)]
    assert all(number in (0, 1, 2, 3, 5) for number in numbers), numbers


def test_inputs_read_are_inputs_declared(rule: Rule) -> None:
    tree = ast.parse((rule.folder / "rule.py").read_text(encoding="utf-8"))
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef))
    used = {node.id for statement in function.body for node in ast.walk(statement) if isinstance(node, ast.Name)}
    declared = {argument.arg for argument in function.args.args}
    assert declared == set(rule.inputs) and declared <= used
    assert any(required for _, required in rule.inputs.values()), (
        "a rule without required evidence can never be unknown"
    )


def test_the_cases_cover_the_verdicts(rule: Rule) -> None:
    cases = cases_of(rule.folder)
    assert any(case.is_positive for case in cases)
    assert any(case.verdict == Verdict.RULED_OUT for case in cases)
    assert all(case.options.get("quote") for case in cases if case.is_positive), "a positive case names its proof"
    titles = [case.title for case in cases]
    assert len(set(titles)) == len(titles)


def test_the_case_gets_its_verdict(case: Case, tmp_path: Path) -> None:
    conclusion = _conclude(case, tmp_path)
    assert conclusion.troubles == ()
    rule, finding = _result(case, conclusion)
    assert finding.verdict == case.verdict, finding
    for name, value in case.facts.items():
        assert str(finding.facts[name]) == value
    if "quote" in case.options:
        assert any(case.options["quote"] in quote.text for quote in finding.quotes), finding.quotes
    if "why" in case.options:
        assert finding.why == case.options["why"]
    if "missing" in case.options:
        assert case.options["missing"] in finding.missing
    if case.verdict in ("confirmed", "likely") and case.options.get("first") != "no":
        assert conclusion.causes[0].rule.id == rule.id, [one.rule.id for one in conclusion.causes]
    stated = [value for value in finding.facts.values() if value is not None and not isinstance(value, int | float)]
    assert len(set(stated)) == len(stated), f"two equal facts prove nothing: {finding.facts}"


def test_missing_evidence_makes_the_rule_unknown(rule: Rule, tmp_path: Path) -> None:
    """Generated: every required input of a positive case is taken away in turn."""
    case = next(case for case in cases_of(rule.folder) if case.is_positive)
    reading = read(open_source([str(case.lay(tmp_path))]))
    bundle = Bundle(reading, Target(case.options.get("update")), judged_at(reading, None))
    for kind, required in rule.inputs.values():
        if not required:
            continue
        found = judge(bundle, without=[kind])
        finding = next(result.finding for result in found.results if result.rule.id == rule.id)
        assert finding.verdict is Verdict.UNKNOWN and finding.missing == (kind.asks,)
        assert kind.asks in table("questions")


def test_every_word_that_a_case_needs_is_there(case: Case, tmp_path: Path) -> None:
    _, finding = _result(case, _conclude(case, tmp_path))
    for language in LANGUAGES:
        say = words(language)
        assert all(say(f"ask.{question}") for question in (*finding.missing, *finding.settle))
        assert all(say(f"against.{key}") for key in finding.against)
        assert finding.why is None or say(f"why.{finding.why}")


@pytest.mark.parametrize("bundle", sorted(path.name for path in HEALTHY.iterdir()))
def test_the_rules_are_silent_on_healthy_clients(bundle: str) -> None:
    conclusion = conclude(read(open_source([str(HEALTHY / bundle)])))
    assert [(one.rule.id, one.finding) for one in conclusion.causes] == []
    assert conclusion.outcome == "nothing-wrong-found"


def _articles(rule: Rule) -> tuple[Article, Article]:
    return article(rule.folder, "ja"), article(rule.folder, "en")


def test_both_languages_say_the_same(rule: Rule) -> None:
    ja, en = _articles(rule)
    assert tuple(ja.sections) == tuple(en.sections) == HEADINGS["en"]
    assert all(ja.sections.values()) and all(en.sections.values())
    for heading in HEADINGS["en"]:
        found = [sorted(PLACEHOLDER.findall(one.sections[heading])) for one in (ja, en)]
        assert found[0] == found[1], heading
    assert FENCE.findall(ja.source) == FENCE.findall(en.source)
    assert LINK.findall(ja.source) == LINK.findall(en.source)
    assert KANA.search(ja.title) and all(KANA.search(ja.sections[heading]) for heading in HEADINGS["en"][:-1])
    assert not KANA.search(en.source)
    assert "TODO" not in ja.source + en.source


def test_the_references_are_the_rules_sources(rule: Rule) -> None:
    _, en = _articles(rule)
    assert set(rule.facts.sources) <= set(LINK.findall(en.sections["References"]))


def test_the_fix_says_who_does_what(rule: Rule) -> None:
    ja, en = _articles(rule)
    steps = [one.remedies({}, "?") for one in (ja, en)]
    assert len(steps[0]) == len(steps[1]) >= 1
    for one, two in zip(*steps, strict=True):
        assert one.role == two.role and one.command == two.command and bool(one.undo) == bool(two.undo)
        assert one.do and two.do
        assert all(words(language)(f"roles.{one.role}") for language in LANGUAGES)
    assert steps[0][-1].verify and steps[1][-1].verify


def test_placeholders_are_facts(rule: Rule, tmp_path: Path) -> None:
    """Every placeholder of the articles is a fact of every positive case, whatever the verdict."""
    _, en = _articles(rule)
    wanted = set(PLACEHOLDER.findall(en.source))
    for index, case in enumerate(case for case in cases_of(rule.folder) if case.is_positive):
        _, finding = _result(case, _conclude(case, tmp_path / str(index)))
        assert wanted <= set(finding.facts), case.title


def test_codes_in_articles_are_known(rule: Rule) -> None:
    _, en = _articles(rule)
    for text in CODE.findall(en.source):
        found = codes.lookup(HResult(int(text, 16)))
        assert found.meaning, text
