"""Writes the generated files: the JSON Schema of a diagnosis, the catalogue of causes in both languages, the collector.

uv run python tools/generate.py           write them
uv run python tools/generate.py --check   exit with 1 when one is stale
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from ccmdoctor.collect import SCRIPT
from ccmdoctor.collect.rendering import script_text
from ccmdoctor.report.json import schema
from ccmdoctor.report.words import LANGUAGES, words
from ccmdoctor.rules.articles import article
from ccmdoctor.rules.catalogue import Rule, rules
from ccmdoctor.version import __version__

DOCS = Path(__file__).parent.parent / "docs"


def generated() -> dict[Path, str]:
    """Path to content of every generated file."""
    files = {DOCS / "diagnosis-1.schema.json": json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"}
    for language in LANGUAGES:
        suffix = "" if language == "en" else f".{language}"
        files[DOCS / f"causes{suffix}.md"] = catalogue(language)
    files[SCRIPT] = script_text(__version__)
    return files


def catalogue(language: str) -> str:
    """Every cause by stage: title, summary, evidence, sources."""
    say = words(language)
    lines = [f"# {say('catalogue.title')}", "", say("catalogue.intro"), ""]
    stage = None
    for rule in rules():
        if rule.stage != stage:
            stage = rule.stage
            lines += [f"## {say(f'stages.{stage}')}", ""]
        lines += _entry(rule, language)
    return "\n".join(lines)


def _entry(rule: Rule, language: str) -> list[str]:
    say = words(language)
    text = article(rule.folder, language)
    needs = [say(f"ask.{kind.asks}") for kind, required in rule.inputs.values() if required]
    return [
        f"### `{rule.id}`",
        "",
        f"**{text.headline({}, '…')}**",
        "",
        text.summary({}, "…"),
        "",
        *[f"- {say('catalogue.evidence')}: {need}" for need in dict.fromkeys(needs)],
        *[f"- {say('catalogue.source')}: <{source}>" for source in rule.facts.sources],
        "",
    ]


def main() -> int:
    """Write or check."""
    stale = [
        path
        for path, content in generated().items()
        if not path.exists() or path.read_text(encoding="utf-8") != content
    ]
    if "--check" in sys.argv:
        for path in stale:
            print(f"stale: {path.name}; run: uv run python tools/generate.py")
        return 1 if stale else 0
    for path in stale:
        path.write_text(generated()[path], encoding="utf-8", newline="\n")
        print(f"written: {path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
