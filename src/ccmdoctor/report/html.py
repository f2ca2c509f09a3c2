"""The diagnosis as one self-contained HTML file with every language inside.

No network, and no script is needed to read it: the language switch is CSS, scripts only copy commands. Log text is
escaped by the template engine and made harmless before.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, Template
from markupsafe import Markup, escape

from ccmdoctor.model import Diagnosis
from ccmdoctor.report import view
from ccmdoctor.report.words import words

FOLDER = Path(__file__).parent
_POLICY = "default-src 'none'; style-src '{style}'; script-src '{script}'; base-uri 'none'; form-action 'none'"
_FENCE = re.compile(r"```[a-z]*\n(.*?)```", re.DOTALL)
_CODE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"&lt;(https?://[^&\s]+)&gt;")


def render(diagnoses: Mapping[str, Diagnosis]) -> str:
    """The page for diagnoses by language; the first language is the one shown at first."""
    style, script = _asset("report.css"), _asset("report.js")
    return _template().render(
        parts=[
            (language, diagnosis, words(language), view.parts(diagnosis)) for language, diagnosis in diagnoses.items()
        ],
        view=view,
        style=Markup(style),
        script=Markup(script),
        policy=_POLICY.format(style=_hash(style), script=_hash(script)),
    )


@cache
def _template() -> Template:
    environment = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["prose"] = prose
    environment.filters["inline"] = inline
    return environment.get_template("report.html.jinja")


@cache
def _asset(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """The hash by which the page's own policy allows its one style and one script, and nothing else."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def prose(text: str) -> Markup:
    """An article's Markdown as HTML, as far as articles use it: paragraphs, lists, code, fenced blocks, links."""
    out: list[str] = []
    at = 0
    for fence in _FENCE.finditer(text):
        out += [
            _blocks(text[at : fence.start()]),
            f"<pre><code>{escape(view.harmless(fence[1].rstrip()))}</code></pre>",
        ]
        at = fence.end()
    return Markup("".join([*out, _blocks(text[at:])]))


def inline(text: str) -> Markup:
    """One paragraph of an article as HTML: code and links."""
    return Markup(_inline(view.harmless(text)))


def _blocks(text: str) -> str:
    blocks = []
    for block in re.split(r"\n\s*\n", view.harmless(text).strip()):
        rows = block.strip().splitlines()
        if rows and all(row.startswith(("- ", "  ")) for row in rows):
            blocks.append(
                "<ul>"
                + "".join(
                    f"<li>{_inline(item)}</li>" for item in re.split(r"^- ", block, flags=re.MULTILINE) if item.strip()
                )
                + "</ul>"
            )
        elif rows:
            blocks.append(f"<p>{_inline(block)}</p>")
    return "".join(blocks)


def _inline(text: str) -> str:
    safe = _CODE.sub(r"<code>\1</code>", str(escape(text.strip())))
    return _LINK.sub(r'<a href="\1" rel="noreferrer">\1</a>', safe)
