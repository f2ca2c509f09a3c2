"""The one entry point, from real bundles to every medium."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

import ccmdoctor
from ccmdoctor.model import Diagnosis
from ccmdoctor.report.words import words

Diagnosed = Callable[[str, str], Diagnosis]


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("bundle", ["demo", "healthy"])
@pytest.mark.parametrize("medium", ["text", "markdown", "html"])
def test_a_real_diagnosis_in_every_medium(diagnosed: Diagnosed, bundle: str, language: str, medium: str) -> None:
    diagnosis = diagnosed(bundle, language)
    text = ccmdoctor.render(diagnosis, medium)
    assert words(language)(f"outcomes.{diagnosis.outcome}") in text
    assert all(cause.id in text for cause in diagnosis.causes)


def test_json_is_what_the_api_gives(diagnosed: Diagnosed) -> None:
    found = json.loads(ccmdoctor.render(diagnosed("demo", "en"), "json"))
    assert found["causes"][0]["id"] == "sup-503-wsuspool"


def test_another_medium_is_an_error(diagnosed: Diagnosed) -> None:
    with pytest.raises(ValueError, match="papyrus"):
        ccmdoctor.render(diagnosed("demo", "en"), "papyrus")


def test_json_needs_neither_the_terminal_nor_the_template_library() -> None:
    program = """if True:
        import sys, msgspec, ccmdoctor
        from ccmdoctor.model import Client, Diagnosis, Observed, Outcome
        nothing = Diagnosis("s", "t", "en", Outcome.INSUFFICIENT, Client(), Observed(), None, None, *((),) * 7)
        ccmdoctor.render(nothing, "json")
        print([name for name in ("rich", "jinja2", "markupsafe") if name in sys.modules])
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
