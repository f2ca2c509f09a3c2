"""Runs every rule on a bundle.

Each evidence class is read once. A rule whose required evidence is missing is ``unknown``; a rule that crashes is a
trouble and stops nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ccmdoctor.evidence.base import Bundle, Evidence
from ccmdoctor.model import Finding, Trouble, Verdict
from ccmdoctor.rules import capped
from ccmdoctor.rules.catalogue import Rule, rules


class Result(NamedTuple):
    """A rule and its finding."""

    rule: Rule
    finding: Finding


class Findings(NamedTuple):
    """All results, the evidence that was read, and what went wrong."""

    results: tuple[Result, ...]
    evidence: dict[type[Evidence], Evidence | None]
    troubles: tuple[Trouble, ...]


class _Shelf:
    """Evidence of one bundle, read when first asked for."""

    def __init__(self, bundle: Bundle, without: Iterable[type[Evidence]]) -> None:
        self._bundle = bundle
        self.read: dict[type[Evidence], Evidence | None] = dict.fromkeys(without)
        self.troubles: list[Trouble] = []

    def get(self, kind: type[Evidence]) -> Evidence | None:
        if kind not in self.read:
            try:
                self.read[kind] = self._bundle.evidence(kind)
            except Exception as error:  # a defect in one reader must not stop the diagnosis
                self.read[kind] = None
                self.troubles.append(_trouble(f"evidence {kind.__name__}", error))
        return self.read[kind]


def _trouble(where: str, error: Exception) -> Trouble:
    return Trouble(where, f"{type(error).__name__}: {error}")


def judge(bundle: Bundle, without: Iterable[type[Evidence]] = ()) -> Findings:
    """Every rule's finding. ``without`` leaves evidence out, as if it had not been collected."""
    shelf = _Shelf(bundle, without)
    results = []
    for rule in rules():
        try:
            results.append(Result(rule, _judge(rule, shelf)))
        except Exception as error:  # never a finding, and never the end of the others
            shelf.troubles.append(_trouble(f"rule {rule.id}", error))
    return Findings(tuple(results), shelf.read, tuple(shelf.troubles))


def _judge(rule: Rule, shelf: _Shelf) -> Finding:
    given = {name: shelf.get(kind) for name, (kind, _) in rule.inputs.items()}
    missing = tuple(
        dict.fromkeys(kind.asks for name, (kind, required) in rule.inputs.items() if required and given[name] is None)
    )
    if missing:
        return Finding(Verdict.UNKNOWN, missing=missing)
    return capped(rule.judge(**given), rule.facts.at_most)
