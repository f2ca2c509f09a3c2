"""Names in the places where known log lines have them: what ``server: SUP, port: 8530`` names is a computer.

The messages of ``knowledge/messages`` say which piece of a line is a server, a point or a user, so a computer whose
name could be any word is known for what it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ccmdoctor.knowledge.messages import Template, patterns
from ccmdoctor.redaction import public
from ccmdoctor.redaction.spans import As, Shape, Span, text_of

_HOSTS = ("server", "host", "dp", "mp", "proxy", "peer")
_USERS = ("user",)
_FIELD = re.compile(rf"\{{({'|'.join((*_HOSTS, *_USERS))}):[a-z]+\}}")
_NAME = re.compile(r"[\\\s\[\"'<]{0,8}([^\W_][\w.-]{1,252})(?::\d{1,5}|/)?[\\\s\]\"'>.]{0,8}")


def _telling(templates: tuple[Template, ...]) -> bool:
    return any(_FIELD.search(text) for one in templates for text in one.message.texts)


def _find(work: bytes, start: int, end: int) -> Iterator[Span]:
    raw = work[start:end].partition(b"]LOG]!>")[0]  # a placeholder may take all that is left of a record
    text, low = text_of(raw), raw.lower()
    for literal, templates in _LITERALS:
        if literal not in low:
            continue
        for one in templates:
            found = one.expression.search(text)
            for field, value in (found.groupdict() if found else {}).items():
                if field in _HOSTS or field in _USERS:
                    yield from _span(text, start, value, As.HOST if field in _HOSTS else As.USER)


def _span(text: str, start: int, value: str | None, what: As) -> Iterator[Span]:
    named = _NAME.fullmatch(value or "")
    if not value or not named or not public.looks_like_name(named[1]) or public.is_ordinary(named[1]):
        return
    name, at = named[1].rstrip("."), text.find(value)
    if at >= 0:
        before = len(text[: at + named.start(1)].encode("utf-8", "surrogateescape"))
        yield Span(start + before, start + before + len(name.encode("utf-8", "surrogateescape")), what, 5)


_LITERALS = tuple((literal.lower(), templates) for literal, templates in patterns().items() if _telling(templates))
KNOWN_LINES = {"known-line": Shape(tuple(re.escape(literal) for literal, _ in _LITERALS), _find)}
