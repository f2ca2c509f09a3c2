"""The diagnosis as one self-contained HTML file with every language inside.

No network, and no script is needed to read it: the language switch is CSS; the script copies commands and opens what
is folded for printing. Log text is made harmless first and escaped by the template engine.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, Template
from markupsafe import Markup, escape

from ccmdoctor.model import Diagnosis
from ccmdoctor.report import probe, view
from ccmdoctor.report.words import words

FOLDER = Path(__file__).parent
_POLICY = "default-src 'none'; style-src '{style}'; script-src '{script}'; base-uri 'none'; form-action 'none'"
_PIECES = {
    "text": "{}",
    "code": "<code>{}</code>",
    "link": '<a href="{0}" rel="noreferrer">{0}</a>',
    "strong": "<strong>{}</strong>",
}
_WORD = re.compile(r"(\S+)")
_SWITCH = """
#in-{0}:checked ~ .in-{0} {{ display: block; }}
#in-{0}:checked ~ .languages label[for="in-{0}"] {{ background: var(--calm); border-color: var(--calm); color: var(--paper); }}
#in-{0}:focus-visible ~ .languages label[for="in-{0}"] {{ outline: 3px solid var(--calm); outline-offset: 2px; }}
"""  # noqa: E501


def render(diagnoses: Mapping[str, Diagnosis]) -> str:
    """The page for diagnoses by language; the first language is the one shown at first."""
    style, script = _style(tuple(diagnoses)), _asset("report.js")
    return _template().render(
        parts=[
            (language, diagnosis, words(language), view.parts(diagnosis)) for language, diagnosis in diagnoses.items()
        ],
        view=view,
        probe=probe,
        style=Markup(style),
        script=Markup(script),
        policy=_POLICY.format(style=source_hash(style), script=source_hash(script)),
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=_compiled(FOLDER / "__pycache__"),
    )
    environment.filters["command"] = command
    environment.filters["inline"] = inline
    environment.filters["prose"] = prose
    environment.filters["runs"] = runs
    environment.tests["link"] = view.is_link
    return environment.get_template("report.html.jinja")


def _compiled(folder: Path) -> FileSystemBytecodeCache | None:
    """Where the compiled template is kept: with the compiled modules, where and when Python itself keeps those."""
    if sys.dont_write_bytecode or not os.access(folder, os.W_OK):
        return None
    return FileSystemBytecodeCache(str(folder))


@cache
def _asset(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _style(languages: Iterable[str]) -> str:
    """The style sheet with the rules that show the chosen language."""
    return _asset("report.css") + "".join(_SWITCH.format(language) for language in languages)


def source_hash(text: str) -> str:
    """The hash by which the page's own policy allows its one style and one script, and nothing else."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def inline(text: str, links: bool = True) -> Markup:
    """A paragraph of an article as HTML: code, strong text and, unless log text names them, links."""
    out = []
    for kind, piece in view.pieces(view.line(text)):
        if kind == "link" and not links:
            out.append(escape(f"<{piece}>"))
        else:
            out.append(Markup(_PIECES[kind]).format(piece))
    return Markup("").join(out)


def runs(blocks: Iterable[view.Block]) -> list[tuple[bool, list[view.Block]]]:
    """Blocks in their order, those of commands apart from the prose around them."""
    return [(is_code, list(group)) for is_code, group in groupby(blocks, key=lambda block: block.kind == "code")]


def command(text: str) -> Markup:
    """Commands with every word in a box of its own, so that a browser breaks lines between words, not at a hyphen."""
    pieces = _WORD.split(view.harmless(text))  # blanks and words by turns
    boxed = (Markup("<span>{}</span>").format(one) if index % 2 else one for index, one in enumerate(pieces))
    return Markup("").join(boxed)


def prose(blocks: list[view.Block]) -> Markup:
    """Paragraphs and lists of an article as HTML. Blocks of commands are the template's business."""
    out: list[Markup] = []
    for index, block in enumerate(blocks):
        if block.kind == "text":
            out.append(Markup("<p>{}</p>").format(inline(block.text)))
            continue
        if index == 0 or blocks[index - 1].kind != "item":
            out.append(Markup("<ul>"))
        out.append(Markup("<li>{}</li>").format(inline(block.text)))
        if index + 1 == len(blocks) or blocks[index + 1].kind != "item":
            out.append(Markup("</ul>"))
    return Markup("").join(out)
