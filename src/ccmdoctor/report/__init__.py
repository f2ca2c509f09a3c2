"""A diagnosis in a language and a medium. Each medium is loaded when it is asked for."""

from __future__ import annotations

from ccmdoctor.model import Diagnosis


def render(diagnosis: Diagnosis, medium: str) -> str:
    """The diagnosis as ``text``, ``json``, ``markdown`` or ``html``. Raises ValueError for another medium."""
    from ccmdoctor.report.words import words

    say = words(diagnosis.language)
    if medium == "json":
        from ccmdoctor.report import json

        return json.render(diagnosis)
    if medium == "markdown":
        from ccmdoctor.report import markdown

        return markdown.render(diagnosis, say)
    if medium == "html":
        from ccmdoctor.report import html

        return html.render({diagnosis.language: diagnosis})
    if medium == "text":
        from ccmdoctor.report import terminal

        return terminal.to_screen(diagnosis, say)
    raise ValueError(f"no medium {medium!r}")
