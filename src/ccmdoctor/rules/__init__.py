"""One folder for each possible cause: ``rules/<stage>/<cause_id>/`` with rule, two articles and cases.

A rule is a short function from evidence to a finding. The types of its parameters are its inputs: evidence that is
missing makes the verdict ``unknown`` and becomes an open question, unless the parameter is ``| None``. The first line
of the module's docstring says the cause in plain words; id and stage are the names of its folders.

    @rule(explains="scan-fails", sources=["https://jpmem.github.io/blog/mecm/20250325_01/"])
    def sup_timeout(scans: ScanHistory) -> Finding:
        last = scans.latest
        if not last.points_first_to("sup-timeout"):
            return ruled_out("other-error", last)
        return likely(last, server=last.server, since=scans.failing_since)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

import msgspec

from ccmdoctor.evidence.base import Episode, Proof, quotes_of
from ccmdoctor.model import Event, Fact, Finding, State, Verdict

__all__ = ["RuleFacts", "confirmed", "likely", "possible", "rule", "ruled_out", "undecided"]

Quotable = Episode | Proof | None
F = TypeVar("F", bound=Callable[..., Finding])


class RuleFacts(msgspec.Struct, frozen=True):
    """What ``@rule`` states. ``at_most`` caps the verdict; ``generic`` yields to any specific cause of its stage.

    ``answer`` marks a finding that is the answer to the question and not a fault of the client.
    """

    explains: tuple[str, ...]
    sources: tuple[str, ...]
    at_most: Verdict = Verdict.CONFIRMED
    generic: bool = False
    answer: bool = False


def rule(
    *,
    explains: str | Sequence[str],
    sources: Sequence[str],
    at_most: Verdict = Verdict.CONFIRMED,
    generic: bool = False,
    answer: bool = False,
) -> Callable[[F], F]:
    """Mark the one rule function of a folder. ``explains`` names effects of knowledge/effects.toml or other causes."""
    effects = (explains,) if isinstance(explains, str) else tuple(explains)
    facts = RuleFacts(effects, tuple(sources), at_most, generic, answer)

    def mark(function: F) -> F:
        function.__dict__["rule"] = facts
        return function

    return mark


_ORDER = (Verdict.CONFIRMED, Verdict.LIKELY, Verdict.POSSIBLE)


def capped(finding: Finding, at_most: Verdict) -> Finding:
    """The finding, no surer than the rule may be (its proof lies on another machine)."""
    if finding.verdict.is_cause and _ORDER.index(finding.verdict) < _ORDER.index(at_most):
        return msgspec.structs.replace(finding, verdict=at_most)
    return finding


def _proofs(given: Sequence[Quotable]) -> tuple[Proof, ...]:
    flat: list[Proof] = []
    for one in given:
        if isinstance(one, Event | State):
            flat.append(one)
        elif one is not None:
            flat.extend(one.proof)
    return tuple(flat)


def _facts(facts: dict[str, Any]) -> dict[str, Fact]:
    plain: dict[str, Fact] = {}
    for name, value in facts.items():
        if isinstance(value, datetime):
            value = value.strftime("%Y-%m-%d %H:%M:%S UTC")
        elif value is not None and not isinstance(value, str | int | float | bool):
            value = str(value)
        plain[name] = value
    return plain


class _Naming(Protocol):
    def __call__(
        self,
        *proofs: Quotable,
        against: Sequence[str] = (),
        settle: Sequence[str] = (),
        facts: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Finding:
        """A finding that names the cause. ``facts`` and ``more`` fill the placeholders of the article.

        ``against`` are keys of counter-evidence, ``settle`` the questions that would make it certain.
        """
        ...


def _naming(verdict: Verdict) -> _Naming:
    def name(
        *proofs: Quotable,
        against: Sequence[str] = (),
        settle: Sequence[str] = (),
        facts: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Finding:
        known = _facts({**(facts or {}), **more})
        return Finding(verdict, known, quotes_of(_proofs(proofs)), against=tuple(against), settle=tuple(settle))

    return name


confirmed = _naming(Verdict.CONFIRMED)  # the evidence itself states the cause
likely = _naming(Verdict.LIKELY)  # the best explanation of the evidence
possible = _naming(Verdict.POSSIBLE)  # it fits, and other causes fit as well


def ruled_out(why: str, *proofs: Quotable) -> Finding:
    """The evidence excludes it; ``why`` is a key of [why] in the words files."""
    return Finding(Verdict.RULED_OUT, quotes=quotes_of(_proofs(proofs)), why=why)


def undecided(*missing: str) -> Finding:
    """The inputs are there and do not decide; ``missing`` names the questions that would."""
    return Finding(Verdict.UNKNOWN, missing=missing)
