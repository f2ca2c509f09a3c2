"""Diagnoses for the reports: written samples that no rule or article can change, and real bundles for the whole way."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import msgspec
import pytest

import ccmdoctor
from ccmdoctor.model import Diagnosis

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


@cache
def _load(name: str, language: str) -> Diagnosis:
    return msgspec.json.decode((HERE / "samples" / f"{name}.{language}.json").read_bytes(), type=Diagnosis)


@pytest.fixture
def sample() -> Callable[[str, str], Diagnosis]:
    """``sample("likely", "ja")``: likely, confirmed, healthy, insufficient and hostile, each in ja and en."""
    return _load


@pytest.fixture
def diagnosed() -> Callable[[str, str], Diagnosis]:
    """``diagnosed("demo", "ja")``: what the engine says of a real bundle, demo or healthy."""
    folders = {"demo": ROOT / "src/ccmdoctor/demo", "healthy": ROOT / "tests/healthy/scan-succeeds"}

    def diagnose(bundle: str, language: str) -> Diagnosis:
        return ccmdoctor.diagnose(ccmdoctor.open_source([str(folders[bundle])]), language=language)

    return diagnose
