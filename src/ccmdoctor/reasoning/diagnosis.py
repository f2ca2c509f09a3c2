"""From a bundle to a conclusion (no language), and from a conclusion to a Diagnosis (in a language)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from ccmdoctor.evidence.base import Bundle, Target
from ccmdoctor.evidence.update_path import UpdatePath
from ccmdoctor.knowledge.tables import table
from ccmdoctor.model import (
    SCHEMA,
    Cause,
    Client,
    Diagnosis,
    Observed,
    OpenQuestion,
    Outcome,
    ProbeStep,
    Quote,
    RuledOut,
    StageReport,
    StepState,
    Symptom,
    Trouble,
    UpdateStep,
    Verdict,
)  # fmt: skip
from ccmdoctor.reader import Reading, judged_at
from ccmdoctor.reasoning.engine import Result, judge
from ccmdoctor.reasoning.graph import folded, narrowed, ranked
from ccmdoctor.reasoning.ladder import climb
from ccmdoctor.reasoning.questions import open_questions
from ccmdoctor.rules.articles import article
from ccmdoctor.version import __version__

Words = Callable[..., str]
MOST_QUOTES = 6  # for one cause
LONGEST_TIMELINE = 40


class Conclusion(NamedTuple):
    """What follows from a bundle, before any language is chosen."""

    bundle: Bundle
    symptom: Symptom | None
    causes: list[Result]
    roots: dict[str, str]
    excluded: list[Result]
    questions: list[tuple[str, tuple[str, ...]]]
    stages: tuple[StageReport, ...]
    path: tuple[UpdateStep, ...]
    troubles: tuple[Trouble, ...]

    @property
    def outcome(self) -> Outcome:
        """A sure cause; or nothing wrong in what could be judged; or too little evidence to say."""
        if any(one.finding.verdict in (Verdict.CONFIRMED, Verdict.LIKELY) for one in self.causes):
            return Outcome.CAUSE
        judged = any(stage.state in (StepState.OK, StepState.RECOVERED) for stage in self.stages)
        failing = any(stage.state is StepState.FAILING for stage in self.stages)
        return Outcome.HEALTHY if judged and not failing and not self.causes else Outcome.INSUFFICIENT


def conclude(
    reading: Reading, *, symptom: Symptom | None = None, update: str | None = None, now: datetime | None = None
) -> Conclusion:
    """Judge a reading. ``now`` is the moment (UTC) to judge at when the evidence should not decide it."""
    bundle = Bundle(reading, Target(update), judged_at(reading, now))
    found = judge(bundle)
    results = narrowed(list(found.results), symptom)
    causes = ranked(results)
    roots = folded(causes)
    excluded = [one for one in results if one.finding.verdict is Verdict.RULED_OUT]
    stages = climb(bundle, found.evidence)
    path, troubles = _path(bundle)
    return Conclusion(
        bundle,
        symptom,
        causes,
        roots,
        excluded,
        open_questions(causes, results, roots, stages),
        stages,
        path,
        (*found.troubles, *troubles),
    )


def _path(bundle: Bundle) -> tuple[tuple[UpdateStep, ...], tuple[Trouble, ...]]:
    """The steps of the update that was asked for, or what kept them from being told."""
    try:
        found = bundle.evidence(UpdatePath)
        steps = found.steps if found else ()
    except Exception as error:  # as in the engine: never the end of the diagnosis
        return (), (Trouble("evidence UpdatePath", f"{type(error).__name__}: {error}"),)
    return tuple(UpdateStep(one.step, one.state, Quote.of(one.proof) if one.proof else None) for one in steps), ()


def tell(conclusion: Conclusion, language: str, words: Words) -> Diagnosis:
    """The diagnosis in a language. ``words(key, **facts)`` gives a sentence of the words files."""
    reading = conclusion.bundle.reading
    causes = tuple(_cause(one, conclusion, language, words) for one in _named_first(conclusion))
    return Diagnosis(
        schema=SCHEMA,
        tool=f"ccmdoctor {__version__}",
        language=language,
        outcome=conclusion.outcome,
        client=_client(conclusion.bundle),
        observed=Observed(reading.first, reading.last, conclusion.bundle.now),
        symptom=conclusion.symptom,
        update=conclusion.bundle.target.update,
        stages=conclusion.stages,
        update_steps=conclusion.path,
        causes=causes,
        ruled_out=tuple(_ruled_out(one, language, words) for one in conclusion.excluded),
        open_questions=tuple(_question(id, settles, words) for id, settles in conclusion.questions),
        timeline=_timeline(causes, conclusion.stages),
        coverage=tuple(reading.coverage),
        troubles=(*reading.troubles, *conclusion.troubles),
        probe_steps=_probe_steps(conclusion.bundle),
    )


def _probe_steps(bundle: Bundle) -> tuple[ProbeStep, ...]:
    """What a probe did, in order."""
    shown = ((state.name, state.values) for state in bundle.states("probe"))
    return tuple(ProbeStep(of["service"], url, of["step"], of["seconds"], of["seen"], of["error"]) for url, of in shown)


def _named_first(conclusion: Conclusion) -> list[Result]:
    """Roots in their order, each followed by nothing of its consequences; those come at the end."""
    return sorted(conclusion.causes, key=lambda one: one.rule.id in conclusion.roots)


def _cause(result: Result, conclusion: Conclusion, language: str, words: Words) -> Cause:
    rule, finding = result.rule, result.finding
    text, unknown = article(rule.folder, language), words("unknown-fact")
    return Cause(
        id=rule.id,
        verdict=finding.verdict,
        stage=rule.stage,
        title=text.headline(finding.facts, unknown),
        summary=text.summary(finding.facts, unknown),
        facts=finding.facts,
        quotes=finding.quotes[:MOST_QUOTES],
        remedy=text.remedies(finding.facts, unknown),
        sources=rule.facts.sources,
        consequences=tuple(id for id, root in conclusion.roots.items() if root == rule.id),
        consequence_of=conclusion.roots.get(rule.id),
        against=tuple(words(f"against.{key}") for key in finding.against),
    )


def _ruled_out(result: Result, language: str, words: Words) -> RuledOut:
    title = article(result.rule.folder, language).headline({}, words("unknown-fact"))
    return RuledOut(result.rule.id, title, words(f"why.{result.finding.why}"), result.finding.quotes[:2])


def _question(id: str, settles: tuple[str, ...], words: Words) -> OpenQuestion:
    return OpenQuestion(words(f"ask.{id}"), table("questions")[id].get("command"), settles)


def _timeline(causes: tuple[Cause, ...], stages: tuple[StageReport, ...]) -> tuple[Quote, ...]:
    """The deciding events with a known instant, oldest first."""
    quotes = [quote for cause in causes for quote in cause.quotes]
    quotes += [quote for stage in stages for quote in (stage.good, stage.bad) if quote is not None]
    timed = [quote for quote in dict.fromkeys(quotes) if quote.when is not None]
    return tuple(sorted(timed, key=lambda quote: quote.when or datetime.max.replace(tzinfo=UTC))[-LONGEST_TIMELINE:])


def _client(bundle: Bundle) -> Client:
    names = [str(state.values["name"]) for state in bundle.states("client") if state.values.get("name")]
    site = next((event.fields["site"] for event in reversed(bundle.events("site-assigned"))), None)
    return Client(names[-1] if names else None, site)
