"""``ccmdoctor explain``: a cause's whole article, or everything known of an error code."""

from __future__ import annotations

from ccmdoctor.knowledge import codes
from ccmdoctor.model import HResult, InputError
from ccmdoctor.report.words import words
from ccmdoctor.rules.articles import article, fill
from ccmdoctor.rules.catalogue import Rule, rule_by_id, rules


def explain(what: str | None, language: str) -> str:
    """Markdown for a cause id, a code in any form or a symbol; the list of causes for None.

    Raises InputError when nothing is known by that name.
    """
    if what is None:
        return _causes(language)
    rule = rule_by_id(what.strip().lower())
    if rule:
        return _cause(rule, language)
    found = codes.find(what)
    if not found:
        raise InputError("nothing-known", what=what)
    return "\n\n".join(_code(code, language) for code in found)


def _title(rule: Rule, language: str) -> str:
    return article(rule.folder, language).headline({}, "…")


def _causes(language: str) -> str:
    say = words(language)
    lines: list[str] = []
    stage = None
    for rule in rules():
        if rule.stage != stage:
            stage = rule.stage
            lines += ["", f"## {say(f'stages.{stage}')}", ""]
        lines.append(f"- `{rule.id}`: {_title(rule, language)}")
    return "\n".join(lines).strip()


def _cause(rule: Rule, language: str) -> str:
    """The article as it is written; its placeholders stand for what a diagnosis fills in."""
    source = article(rule.folder, language).source.rstrip()
    return fill(source, {}, "…") + f"\n\n`{rule.id}` · {words(language)(f'stages.{rule.stage}')}"


def _code(code: codes.Code, language: str) -> str:
    say = words(language)
    rows = [(say(f"explain.{name}"), value) for name, value in codes.forms(HResult(code.value)).items()]
    if code.aliases:
        rows.append((say("explain.aliases"), ", ".join(code.aliases)))
    if code.stage:
        rows.append((say("explain.stage"), say(f"stages.{code.stage}")))
    if code.retry:
        rows.append((say("explain.retry"), say("explain.retry-yes")))
    lines = [
        f"# 0x{code.value:08x} {code.symbol or ''}".rstrip(),
        "",
        code.meaning.get(language) or say("explain.no-meaning"),
        "",
    ]
    lines += [f"- {name}: {value}" for name, value in rows]
    if code.points_to:
        lines += ["", f"## {say('explain.causes')}", ""]
        lines += [_pointer(id, language) for id in code.points_to]
    if code.source:
        lines += ["", f"{say('explain.source')}: {code.source}"]
    return "\n".join(lines)


def _pointer(id: str, language: str) -> str:
    rule = rule_by_id(id)
    return f"- `{id}`: {_title(rule, language)}" if rule else f"- `{id}`"
