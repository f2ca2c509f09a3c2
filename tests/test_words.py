"""Both languages are complete: same keys, same placeholders, each in its own script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ccmdoctor.knowledge.tables import table as facts
from ccmdoctor.model import LADDER, Outcome, Stage, StepState, Verdict
from ccmdoctor.report.words import LANGUAGES, table, words

JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")
PLACEHOLDER = re.compile(r"\{(\w+)\}")
# names and units that are the same in every language
SAME = re.compile(r"[\x00-\x7f…·]*")


def _flat(words: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in words.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def test_the_languages_have_the_same_keys_and_placeholders() -> None:
    ja, en = (dict(_flat(table(language))) for language in ("ja", "en"))
    assert list(ja) == list(en)
    for key, text in ja.items():
        assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(en[key])), key
        assert text and en[key] and not JAPANESE.search(en[key].replace("日本語", "")), key
        assert JAPANESE.search(text) or SAME.fullmatch(text), key


def test_every_name_of_the_model_has_words() -> None:
    for language in LANGUAGES:
        say = words(language)
        assert all(say(f"stages.{stage}") for stage in Stage)
        assert all(say(f"states.{state}") for state in StepState)
        assert all(say(f"verdicts.{verdict}") for verdict in Verdict)
        assert all(say(f"outcomes.{outcome}") for outcome in Outcome)
        assert all(say(f"ask.{question}") for question in facts("questions"))
    assert len(LADDER) == 9


def test_every_question_says_what_it_costs() -> None:
    assert all(entry["effort"] in (1, 2, 3) for entry in facts("questions").values())
