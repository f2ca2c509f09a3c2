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
literal that the automaton looks for; the whole template then decides and takes the fields. Quotation marks stand for
typographic ones as well, into which web pages turn them.
"""

from __future__ import annotations

import html
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
    "hr": r"(?:0[xX][0-9A-Fa-f]{1,8}|[0-9A-Fa-f]{8}(?![0-9A-Fa-f])|-?\d{9,10})",
    "int": r"-?\d{1,15}+(?!\d)",
    "guid": r"\(?\{?[^\s{}()]{8,44}\}?\)?",
    "update": r"[^\s()]{8,120}",
    "name": r"[^,;\])\r\n]+",
    # A manual writes the host of an address as <server>.
    "url": r"[^\s'\"\u2018\u2019\u201c\u201d<>\]]*(?:<\w[\w .-]{0,40}>[^\s'\"\u2018\u2019\u201c\u201d<>\]]*)*",
    "host": r"[^\s'\"\u2018\u2019\u201c\u201d<>/,:]+",
    "word": r"\S+?",
    "symbol": r"[A-Za-z0-9_]+",
    "quoted": r"[^'\"\u2018\u2019\u201c\u201d]*",
}
_QUOTES = {"'": "['\u2018\u2019]", '"': '["\u201c\u201d\u2033]'}
_PLACEHOLDER = re.compile(r"\{(_|[a-z][a-z_]*)(?::([a-z]+))?\}")
_BLANKS = re.compile(r"\s+")
_SHORTEST_LITERAL = 6
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|nbsp|#39);")
_MARKS = re.compile(r"['\"]")
_COMPONENT = re.compile(r"SMS_[A-Z_]+")  # stands in every line of its log


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
    expression: _Lazy


def _pieces(text: str) -> Iterable[tuple[str, str, str]]:
    """(fixed text, placeholder name, kind) in order; the last has an empty name."""
    at = 0
    for found in _PLACEHOLDER.finditer(text):
        yield text[at : found.start()], found[1], found[2] or "text"
        at = found.end()
    yield text[at:], "", ""


# What a placeholder takes decides how far the search may go back: a record is hostile, and its text may repeat a fixed
# piece, or blanks, a thousand times.
_TAKES_BLANKS = ("text", "line", "rest", "name", "quoted")
_SETTLED = {"text": ("text",), "line": ("text", "line", "rest")}  # a piece behind it, before one of those, is settled
_BEGINS = {"text": r"\A", "line": r"(?<![^\r\n])", "word": r"(?<!\S)"}  # where a first placeholder can begin at all


def expression(text: str) -> str:
    """The regular expression of a template; white space matches any run of it.

    The search is bounded: of a run of blanks beside a placeholder that takes blanks itself, at most eight are tried,
    and the first place where a piece fits is final where a later one could not help.
    """
    pieces = list(_pieces(text))
    out = [_BEGINS.get(pieces[0][2], "")] if not pieces[0][0] else []
    before = ""
    for fixed, name, kind in pieces:
        words = [_MARKS.sub(lambda mark: _QUOTES[mark[0]], re.escape(word)) for word in _BLANKS.split(fixed)]
        head = _blanks(before) if fixed[:1].isspace() else ""
        tail = _blanks(kind) if fixed[-1:].isspace() and fixed.strip() else ""
        middle = r"\s++".join(word for word in words if word)
        piece = f"{head}{middle}"
        if middle and kind in _SETTLED.get(before, ()):
            out[-1] = f"(?>{out[-1]}{piece})"
        else:
            out.append(piece)
        out.append(tail)
        if name:
            body = _KINDS[kind]
            out.append(body if name == "_" else f"(?P<{name}>{body})")
        before = kind
    return "".join(out)


def _blanks(kind: str) -> str:
    """The blanks beside a placeholder."""
    return r"\s{1,8}" if kind in _TAKES_BLANKS else r"\s++"


def literals(text: str) -> tuple[bytes, ...]:
    """The longest fixed piece of a template, cut at placeholders and quotation marks, as it stands in a file.

    Texts of a Japanese Windows stand there as UTF-8 or as cp932; markup that was copied from the source of a web page
    stands there with entities.
    """
    pieces = [piece.strip() for fixed, _, _ in _pieces(text) for piece in _MARKS.split(fixed)]
    longest = max((piece for piece in pieces if not _COMPONENT.fullmatch(piece)), key=len, default="")
    forms = (longest, html.escape(longest, quote=False))
    return tuple(dict.fromkeys(form.encode(encoding) for form in forms for encoding in ("utf-8", "cp932")))


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
    made: list[Template] = []
    for message in messages().values():
        for text in message.texts:
            found = literals(text)
            if len(found[0]) < _SHORTEST_LITERAL:
                raise ValueError(f"message {message.id}: no fixed piece of {_SHORTEST_LITERAL} characters in {text!r}")
            decides = _Lazy(text)
            made.extend(Template(message, fixed, decides) for fixed in found)
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
        found = self._compiled.search(text)
        if found is None and "&" in text and _ENTITY.search(text):
            found = self._compiled.search(html.unescape(text))  # copied from the source of a web page
        return found


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


def said(id: str, text: str) -> re.Match[str] | None:
    """How a text says a message: in the first of its wordings that fits, None in no way."""
    for wording in _wordings()[id]:
        if found := wording.search(text):
            return found
    return None


@cache
def _wordings() -> dict[str, list[_Lazy]]:
    """By message, in the order of its entry: the fuller wording stands before the shorter."""
    found: dict[str, dict[_Lazy, None]] = {}
    for template in templates():
        found.setdefault(template.message.id, {})[template.expression] = None
    return {id: list(mine) for id, mine in found.items()}


@cache
def patterns() -> dict[bytes, tuple[Template, ...]]:
    """Literal to the templates that hang on it, in automaton order."""
    shared: dict[bytes, list[Template]] = {}
    for template in templates():
        shared.setdefault(template.literal, []).append(template)
    return {fixed: tuple(group) for fixed, group in shared.items()}
