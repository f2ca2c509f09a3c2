"""Passwords, tokens and the like: what lets somebody in, wherever it stands. Each is replaced by one word.

In URLs (``user:password@``, ``?sig=``), on command lines, behind words that name them, in headers of HTTP, and tokens
that show by themselves. All of it works on bytes in UTF-8.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ccmdoctor.redaction.spans import As, Shape, Span

_WORDS = rb"password|passwd|passphrase|pwd|secret|api[_-]?key|private[_-]?key|connection ?string"
_EXPRESSIONS = {
    # http://user:password@proxy and user:password@proxy
    "userinfo": (
        rb"(?:\\?/\\?/|%2F%2F)([^\s/@\"'<>\\?#]+)@(?=[\w\[])|(?<![\w/:@.-])([\w.-]+:[^\s/@:\"'<>\\?#]+)@(?=\w)",
    ),
    "parameter": (
        rb"[?&;](?:sig|signature|x-amz-signature|x-amz-credential|x-amz-security-token|x-goog-signature|token|\w{2,10}_token|code|"
        + _WORDS
        + rb"|client_secret)=([^&\s\"'<>;]+)",
    ),
    "secret": (
        rb"\b[\w-]{0,24}?(?:"
        + _WORDS
        + rb")[\"']?\s*[:=]\s*(?:\\?[\"'])?(?!(?:true|false)(?:[\s\"'<>,;]|$))"  # HasPrivateKey : True
        + rb"([^\s\"'<>,;&\\]{2,})",
        # a command line: /password:x -Password x
        rb"(?<!\S)[-/](?:password|passwd|pwd|pass)(?:[ \t]*[:=][ \t]*|[ \t]+)[\"']?([^\s\"'<>]{2,})",
        rb"\b(?:proxy-)?authorization[\"']?\s*[:=]\s*[\"']?([^\r\n\"'<>]+)",
        rb"\b(?:set-)?cookie[\"']?(?:\s*:\s*([^\r\n\"'<>]+)|=([^\s\"'<>;,]{2,}))",
        rb"\b(?:bearer|negotiate|ntlm|basic)\s+([A-Z0-9+/=._~-]{16,})",
    ),
    "web-token": (rb"(?<![\w-])(eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*){1,3})",),
}
_COMPILED = {
    name: tuple(re.compile(one, re.IGNORECASE) for one in expressions) for name, expressions in _EXPRESSIONS.items()
}


def _find(name: str, work: bytes, start: int, end: int) -> Iterator[Span]:
    for expression in _COMPILED[name]:
        for found in expression.finditer(work, start, end):
            for group in range(1, expression.groups + 1):
                if found[group]:
                    yield Span(*found.span(group), As.SECRET, 0)


def _shape(name: str, *triggers: bytes) -> Shape:
    return Shape(triggers, lambda work, start, end: _find(name, work, start, end), False)


CREDENTIALS = {
    "userinfo": _shape("userinfo", rb"[^\s/@:]@[\w\[]"),
    "parameter": _shape("parameter", rb"[?&;][a-z0-9_-]{2,24}="),
    "secret": _shape("secret", _WORDS, rb"authorization|cookie|bearer|negotiate|ntlm|basic |[-/]pass[ :=]"),
    "web-token": _shape("web-token", rb"eyj[a-z0-9_-]{8}"),
}
