"""The stage ladder: where each stage stands after the newest attempt, by every piece of evidence that was read."""

from __future__ import annotations

import importlib
import pkgutil
from datetime import datetime
from functools import cache

from ccmdoctor import evidence
from ccmdoctor.evidence.base import Bundle, Evidence, Mark, Proof
from ccmdoctor.model import LADDER, Event, Quote, Stage, StageReport, StepState


@cache
def _kinds() -> tuple[type[Evidence], ...]:
    """Every evidence class that speaks of a stage."""
    for module in pkgutil.iter_modules(evidence.__path__):
        importlib.import_module(f"{evidence.__name__}.{module.name}")
    return tuple(kind for kind in Evidence.__subclasses__() if kind.marks is not Evidence.marks)


def climb(bundle: Bundle, already: dict[type[Evidence], Evidence | None]) -> tuple[StageReport, ...]:
    """The ladder, one report a stage in order. ``already`` is evidence that was read before."""
    marks: dict[Stage, list[Mark]] = {stage: [] for stage in LADDER}
    for kind in _kinds():
        try:
            found = already[kind] if kind in already else bundle.evidence(kind)
        except Exception:  # it is already a trouble of the engine, or speaks for itself there
            continue
        for mark in found.marks() if found else ():
            marks[mark.stage].append(mark)
    return tuple(_report(stage, marks[stage]) for stage in LADDER)


def _report(stage: Stage, marks: list[Mark]) -> StageReport:
    good = _newest([mark.good for mark in marks if mark.good is not None])
    failing = [mark for mark in marks if mark.failing]
    bad = _newest([mark.bad for mark in failing or marks if mark.bad is not None])
    if failing:
        state = StepState.FAILING
    elif good is not None:
        state = StepState.RECOVERED if bad is not None else StepState.OK
    else:
        state = StepState.UNKNOWN
    good_quote, bad_quote = (Quote.of(one) if one else None for one in (good, bad))
    return StageReport(
        stage,
        state,
        good_quote.when if good_quote else None,
        bad_quote.when if bad_quote else None,
        good_quote,
        bad_quote,
    )


def _newest(proofs: list[Proof]) -> Proof | None:
    """The proof with the newest instant; those without one count as older, the last given wins among equals."""
    best: Proof | None = None
    for proof in proofs:
        at, than = _when(proof), _when(best)
        if best is None or than is None or (at is not None and at >= than):
            best = proof
    return best


def _when(proof: Proof | None) -> datetime | None:
    if isinstance(proof, Event):
        return proof.utc
    return proof.when.utc if proof is not None and proof.when else None
