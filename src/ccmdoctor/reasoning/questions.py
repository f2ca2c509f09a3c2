"""The next smallest thing to collect: open questions, ordered by what they settle and what they cost."""

from __future__ import annotations

from ccmdoctor.knowledge.tables import table
from ccmdoctor.model import Stage, StageReport, StepState, Verdict
from ccmdoctor.reasoning.engine import Result

MOST = 8


def open_questions(
    causes: list[Result], results: list[Result], roots: dict[str, str], ladder: tuple[StageReport, ...] = ()
) -> list[tuple[str, tuple[str, ...]]]:
    """(question id, causes that its answer would settle), most useful first.

    What would make a named cause certain comes first. Beside a sure cause, missing evidence is asked for only at its
    stage and at stages before it that are not known to work: what lies behind it is a consequence anyway. What a
    failing stage lacks comes before what nothing speaks of. A finding that answers the question leaves nothing to ask.
    """
    stages = list(Stage)
    sure = [one for one in causes if one.finding.verdict in (Verdict.CONFIRMED, Verdict.LIKELY)]
    reach = max((stages.index(one.rule.stage) for one in sure[:1]), default=len(stages))
    working = {one.stage for one in ladder if sure and one.state in (StepState.OK, StepState.RECOVERED)}
    asked: dict[str, list[str]] = {}
    for cause in causes:
        for question in cause.finding.settle if cause.rule.id not in roots else ():
            asked.setdefault(question, []).append(cause.rule.id)
    named = list(asked)
    answered = bool(sure) and sure[0].rule.facts.answer
    for result in results if not answered else ():
        near = stages.index(result.rule.stage) <= reach and result.rule.stage not in working
        if result.finding.verdict is Verdict.UNKNOWN and near:
            for question in result.finding.missing:
                asked.setdefault(question, []).append(result.rule.id)
    effort = {question: table("questions")[question]["effort"] for question in asked}
    failing = {one.stage for one in ladder if one.state is StepState.FAILING}
    there = {one.rule.id for one in results if one.rule.stage in failing}

    def order(question: str) -> tuple[bool, int, int, str]:
        return not there.intersection(asked[question]), effort[question], -len(asked[question]), question

    rest = sorted((one for one in asked if one not in named), key=order)
    return [(question, tuple(dict.fromkeys(asked[question]))) for question in (*named, *rest)][:MOST]
