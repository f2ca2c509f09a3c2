"""The causal graph: which causes are only consequences of others, and in which order to name the rest."""

from __future__ import annotations

from functools import cache

from ccmdoctor.knowledge.tables import table
from ccmdoctor.model import Stage, Symptom, Verdict
from ccmdoctor.reasoning.engine import Result
from ccmdoctor.rules.catalogue import rule_by_id

_SURE = (Verdict.CONFIRMED, Verdict.LIKELY)
_STRENGTH = {Verdict.CONFIRMED: 0, Verdict.LIKELY: 1, Verdict.POSSIBLE: 2}


@cache
def follows_from(node: str) -> frozenset[str]:
    """All that an effect or cause leads to, and the causes that then only look so. Raises ValueError on a circle."""
    return _reach(node, ())


def _reach(node: str, path: tuple[str, ...]) -> frozenset[str]:
    if node in path:
        raise ValueError(f"the causal graph runs in a circle: {' -> '.join((*path, node))}")
    found: set[str] = set(table("effects").get(node, {}).get("looks_like", ()))
    for following in next_of(node):
        found.add(following)
        found |= _reach(following, (*path, node))
    return frozenset(found)


def next_of(node: str) -> tuple[str, ...]:
    """The direct followers of an effect (effects.toml) or of a cause (what its rule explains)."""
    effects = table("effects")
    if node in effects:
        return tuple(effects[node].get("leads_to", ()))
    rule = rule_by_id(node)
    return rule.facts.explains if rule else ()


def symptoms_of(cause: str) -> frozenset[Symptom]:
    """The symptoms that a cause can lead to."""
    return frozenset(Symptom(node) for node in follows_from(cause) if table("effects").get(node, {}).get("symptom"))


def narrowed(results: list[Result], symptom: Symptom | None) -> list[Result]:
    """The results whose cause can lead to the symptom; all without one."""
    return [result for result in results if symptom is None or symptom in symptoms_of(result.rule.id)]


def ranked(results: list[Result]) -> list[Result]:
    """Causes in the order in which to name them.

    An answer (the update is installed) comes first. Then sure before possible; among the sure ones the first broken
    stage on the ladder, the stronger verdict, and a specific cause before a generic one.
    """
    causes = [result for result in results if result.finding.verdict.is_cause]
    specific_stages = {one.rule.stage for one in causes if not one.rule.facts.generic and one.finding.verdict in _SURE}
    named = [one for one in causes if not (one.rule.facts.generic and one.rule.stage in specific_stages)]
    return sorted(named, key=_rank)


def _rank(result: Result) -> tuple[bool, bool, int, int, bool, int, str]:
    rule, finding = result.rule, result.finding
    stages = list(Stage)
    return (
        not (rule.facts.answer and finding.verdict in _SURE),
        finding.verdict not in _SURE,
        stages.index(rule.stage) if rule.stage is not Stage.SERVER else len(stages),
        _STRENGTH[finding.verdict],
        rule.facts.generic,
        len(finding.against),
        rule.id,
    )


def folded(causes: list[Result]) -> dict[str, str]:
    """Cause id to the id of the root that explains it, for those that a surer cause leads to."""
    roots: dict[str, str] = {}
    for cause in causes:
        for result in causes:
            explained = result.rule.id
            if explained == cause.rule.id or explained in roots or cause.finding.verdict not in _SURE:
                continue
            if explained in follows_from(cause.rule.id) and cause.rule.id not in roots:
                roots[explained] = cause.rule.id
    return roots
