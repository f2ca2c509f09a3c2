"""The known log lines, and the one automaton that finds them all in a single pass.

A message is data (``messages/<log>.toml``)::

    [scan-failed]
    texts  = ["Scan failed with error = {error:hr}"]
    logs   = ["WUAHandler"]
    stage  = "scan"
    means  = "bad"
    sample = "Scan failed with error = 0x80072ee2."
    source = "https://..."

``texts`` holds one template for each wording in which the product is known to write it. Placeholders are
``{name:kind}`` with the kinds of ``_KINDS``; ``{_}`` skips any text. The longest fixed piece of each template is the
literal that the automaton looks for; the whole template then decides and takes the fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec
import tomli

from ccmdoctor.knowledge.tables import FOLDER
from ccmdoctor.model import Stage

_KINDS = {
    "text": r".*?",
    "rest": r"[^\r\n]*",
    "line": r"[^\r\n]*?",
    "hr": r"(?:0[xX][0-9A-Fa-f]{1,8}|[0-9A-Fa-f]{8}|-?\d{9,10})",
    "int": r"-?\d+",
    "guid": r"\(?\{?[^\s{}()]{8,44}\}?\)?",
    "update": r"[^\s()]{8,120}",
    "name": r"[^,;\])\r\n]+",
    "url": r"[^\s'\"<>\]]*",
    "host": r"[^\s'\"<>/,:]+",
    "word": r"\S+?",
    "symbol": r"[A-Za-z0-9_]+",
    "quoted": r"[^'\"]*",
}
_PLACEHOLDER = re.compile(r"\{(_|[a-z][a-z_]*)(?::([a-z]+))?\}")
_BLANKS = re.compile(r"\s+")
_SHORTEST_LITERAL = 6


class Message(msgspec.Struct, frozen=True):
    """A known log line. ``means`` is good, bad or info for its stage; ``logs`` are canonical log names.

    ``strict`` messages are too common a wording to be trusted outside ``logs``.
    """

    id: str
    texts: tuple[str, ...]
    logs: tuple[str, ...]
    stage: Stage
    means: str
    sample: str
    source: str
    strict: bool = False
    also: tuple[str, ...] = ()


class Template(msgspec.Struct, frozen=True):
    """One wording, ready to search: the literal for the automaton and the expression that decides."""

    message: Message
    literal: bytes
    expression: Any


def _pieces(text: str) -> Iterable[tuple[str, str, str]]:
    """(fixed text, placeholder name, kind) in order; the last has an empty name."""
    at = 0
    for found in _PLACEHOLDER.finditer(text):
        yield text[at : found.start()], found[1], found[2] or "text"
        at = found.end()
    yield text[at:], "", ""


def expression(text: str) -> str:
    """The regular expression of a template; white space matches any run of it."""
    out: list[str] = []
    for fixed, name, kind in _pieces(text):
        out.append(r"\s+".join(re.escape(word) for word in _BLANKS.split(fixed)))
        if name:
            body = _KINDS[kind]
            out.append(body if name == "_" else f"(?P<{name}>{body})")
    return "".join(out)


def literal(text: str) -> bytes:
    """The longest fixed piece of a template, cut at runs of blanks that vary."""
    best = max((fixed.strip() for fixed, _, _ in _pieces(text)), key=len)
    return best.encode("ascii")


@cache
def messages() -> dict[str, Message]:
    """Every known message by id. Raises ValueError when an id stands twice or a template has no literal."""
    found: dict[str, Message] = {}
    for path in sorted((FOLDER / "messages").glob("*.toml")):
        for id, entry in tomli.loads(path.read_text(encoding="utf-8")).items():
            if id in found:
                raise ValueError(f"{path.name}: message {id} is defined twice")
            found[id] = msgspec.convert({"id": id, **entry}, Message)
    return found


@cache
def templates() -> tuple[Template, ...]:
    """All wordings of all messages, in the order of their automaton ids."""
    made = []
    for message in messages().values():
        for text in message.texts:
            fixed = literal(text)
            if len(fixed) < _SHORTEST_LITERAL:
                raise ValueError(f"message {message.id}: no fixed piece of {_SHORTEST_LITERAL} characters in {text!r}")
            made.append(Template(message, fixed, _Lazy(text)))
    return tuple(made)


class _Lazy:
    """A regular expression compiled when first used: most messages never occur in a given bundle."""

    __slots__ = ("_compiled", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._compiled: re.Pattern[str] | None = None

    def search(self, text: str) -> re.Match[str] | None:
        if self._compiled is None:
            self._compiled = re.compile(expression(self._text), re.IGNORECASE | re.DOTALL)
        return self._compiled.search(text)


@cache
def known_logs() -> frozenset[str]:
    """Canonical names of all logs that some message belongs to, lower case."""
    return frozenset(log.lower() for message in messages().values() for log in message.logs)


@cache
def automaton() -> Any:
    """The compiled multi-pattern database over the distinct literals; see :func:`patterns`."""
    import hyperscan  # loaded here: `--help` and `explain` do without it

    fixed = list(patterns())
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    flags = hyperscan.HS_FLAG_CASELESS
    database.compile(
        expressions=fixed, ids=list(range(len(fixed))), elements=len(fixed), flags=[flags] * len(fixed), literal=True
    )
    return database


@cache
def wordings(id: str) -> tuple[Template, ...]:
    """The templates of one message, in the order of its entry: the fuller wording stands before the shorter."""
    return tuple(template for template in templates() if template.message.id == id)


@cache
def patterns() -> dict[bytes, tuple[Template, ...]]:
    """Literal to the templates that hang on it, in automaton order."""
    shared: dict[bytes, list[Template]] = {}
    for template in templates():
        shared.setdefault(template.literal, []).append(template)
    return {fixed: tuple(group) for fixed, group in shared.items()}
