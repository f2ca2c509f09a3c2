"""What the collector heard when it asked the client's own management point or update point.

::

    {
        "schema":  "ccmdoctor.collected-answer/1",
        "ask":  "mplist",
        "url":  "http://mp01.contoso.com/sms_mp/.sms_aut?mplist",
        "connected":  true,
        "status":  503,
        "error":  "ProtocolError",
        "expected":  false,
        "date":  "2025-03-25T01:02:03.0000000Z",
        "clock_seconds":  0.4
    }

``error`` is a name of .NET's WebExceptionStatus, ``socket`` one of SocketError, so no text of any language has to be
understood (learn.microsoft.com/dotnet/api/system.net.webexceptionstatus). ``expected`` tells of an answer with status
200 whether it was the service's: something on the way may have answered with a page of its own. ``clock_seconds`` is
the server's clock minus the client's; the ``Date`` of an answer is exact to a second.

Kinds: ``web-answer``, the same as of a question that was asked by hand, and ``clock-offset``.
"""

from __future__ import annotations

from typing import Any

from ccmdoctor.formats.text import json_object
from ccmdoctor.formats.web_address import host_in
from ccmdoctor.model import Place, State

MARKERS: tuple[str, ...] = ("ccmdoctor.collected-answer/1",)

_SCHEMA = "ccmdoctor.collected-answer/1"
_TARGETS = ("mplist", "client.asmx")
_ERRORS = {
    "NameResolutionFailure": "name-not-resolved",
    "ProxyNameResolutionFailure": "name-not-resolved",
    "ConnectFailure": "connect-failed",
    "Timeout": "timeout",
    "TrustFailure": "tls",
    "SecureChannelFailure": "tls",
    "ReceiveFailure": "closed",
    "SendFailure": "closed",
    "ConnectionClosed": "closed",
    "KeepAliveFailure": "closed",
    "PipelineFailure": "closed",
}
_OK, _PROXY_AUTH = 200, 407
_LATE = "TimedOut"  # of a socket: nothing answered, which .NET calls a failure to connect
_QUOTED = ('"url"', '"status"', '"error"', '"expected"')
_SHOWN = 300


def read(text: str, file: str) -> list[State]:
    """The answer, and the difference of the clocks when the answer told the time."""
    found = json_object(text, _SCHEMA)
    if found is None or found.get("ask") not in _TARGETS:
        return []
    url = str(found.get("url", ""))[:2000]
    status, error = _answer(found)
    if status is None and error is None:
        return []
    values = {"target": found["ask"], "status": status, "error": error}
    states = [State("web-answer", url, values, *_quote(text, file, _QUOTED))]
    seconds = found.get("clock_seconds")
    if isinstance(seconds, (int, float)) and not isinstance(seconds, bool) and abs(seconds) < 1e11:
        quote = _quote(text, file, ('"date"', '"clock_seconds"'))
        states.append(State("clock-offset", host_in(url), {"seconds": float(seconds)}, *quote))
    return states


def _answer(found: dict[str, Any]) -> tuple[int | None, str | None]:
    """Status and error, named as in :mod:`ccmdoctor.formats.web_answer`; no error where the server itself answered."""
    status, error = found.get("status"), found.get("error")
    if isinstance(status, int) and 100 <= status <= 599:
        page = "intercepted" if status == _OK and found.get("expected") is False else None
        return status, "proxy-auth" if status == _PROXY_AUTH else page
    if not isinstance(error, str) or not error:
        return None, None
    if error == "ConnectFailure" and found.get("socket") == _LATE:
        return None, "timeout"
    return None, _ERRORS.get(error, "other")


def _quote(text: str, file: str, words: tuple[str, ...]) -> tuple[Place, str]:
    """The lines with the words, and the place of the last of them."""
    found = [
        (number, line.strip()[:_SHOWN])
        for number, line in enumerate(text.splitlines(), 1)
        if line.lstrip().startswith(words)
    ]
    if not found:
        return Place(file, 1), text.strip()[:_SHOWN]
    return Place(file, found[-1][0]), "\n".join(line for _, line in found)
