"""ccmdoctor says why a Windows update is not shown, downloaded, installed or applied on a ConfigMgr client.

import ccmdoctor

diagnosis = ccmdoctor.diagnose(ccmdoctor.open_source(["CCM/Logs"]), language="en")
print(ccmdoctor.render(diagnosis, "markdown"))
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ccmdoctor.version import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from ccmdoctor.model import Diagnosis, Progress, Symptom
    from ccmdoctor.sources import Source

__all__ = ["__version__", "diagnose", "open_source", "render"]


def open_source(addresses: Sequence[str]) -> list[Source]:
    """The sources behind the addresses (folder, zip, file, ``-``). Raises InputError for an unknown one."""
    from ccmdoctor.sources import open_source as found

    return found(addresses)


def diagnose(
    sources: Sequence[Source],
    *,
    language: str = "en",
    symptom: Symptom | None = None,
    update: str | None = None,
    now: datetime | None = None,
    progress: Progress | None = None,
) -> Diagnosis:
    """Read the sources and judge them. Raises InputError when nothing in them can be read."""
    from ccmdoctor.reader import read
    from ccmdoctor.reasoning.diagnosis import conclude, tell
    from ccmdoctor.report.words import words

    conclusion = conclude(read(sources, progress), symptom=symptom, update=update, now=now)
    return tell(conclusion, language, words(language))


def render(diagnosis: Diagnosis, medium: str) -> str:
    """A diagnosis as ``text``, ``json``, ``markdown`` or ``html``. Raises ValueError for another medium."""
    from ccmdoctor.report import render as rendered

    return rendered(diagnosis, medium)
