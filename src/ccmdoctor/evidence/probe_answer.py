"""What ``ccmdoctor probe`` saw of a server, put in the terms of a client's scan.

A question asked by hand ends with the answer to one request. The probe begins a scan as a client does, so its failure
is worth the code with which the agent would have reported it: the same causes follow from it.
"""

from __future__ import annotations

from functools import cache

from ccmdoctor.knowledge import codes
from ccmdoctor.knowledge.tables import table
from ccmdoctor.model import HResult, State

_OTHER_STATUS = HResult(0x8024402B)
_OF_THE_WAY = (
    "sup-name-not-resolved",
    "sup-port-blocked",
    "sup-timeout",
    "winhttp-proxy-wrong",
    "proxy-auth-required",
    "user-proxy-http-wsus-blocked",
)
_NOT_OF_THE_SERVER = ("intercepted", "not-http", "proxy-auth", "proxy-refused", "proxy-unreachable")


def is_probe(answer: State | None) -> bool:
    """Whether the probe asked, and not a person."""
    return answer is not None and bool(answer.values.get("probe"))


def on_client(answer: State | None) -> bool:
    """Whether the question was asked on the client itself; a person's question counts as one."""
    return answer is not None and (not is_probe(answer) or bool(answer.values.get("on_client")))


def is_of_the_server(answer: State) -> bool:
    """Whether the server itself answered, and nothing on the way."""
    return answer.values.get("error") not in _NOT_OF_THE_SERVER


def code_of(answer: State | None) -> HResult | None:
    """The code with which a scan would have ended; None when the probe was content, and for questions of a person."""
    if answer is None or not is_probe(answer) or is_content(answer):
        return None
    fault = table("probe").get(str(answer.values.get("error")))
    if fault is not None:
        return _parsed(fault["code"])
    status = answer.values.get("status")
    return next((HResult(one.value) for one in codes.of_http_statuses() if one.http == status), _OTHER_STATUS)


@cache
def _reachable() -> frozenset[str]:
    """The causes that any answer to a probe can point to."""
    faults = table("probe").values()
    found = {cause for one in faults for cause in one.get("points_to", codes.points_to(_parsed(one["code"])))}
    return frozenset(found.union(*(codes.points_to(HResult(one.value)) for one in codes.of_http_statuses())))


def tells_of(answer: State | None, cause: str) -> bool:
    """Whether the probe saw enough to exclude this cause. From elsewhere it says nothing of the client's own way."""
    if answer is None or not is_probe(answer) or cause not in _reachable():
        return False
    return on_client(answer) or cause not in _OF_THE_WAY


def _parsed(text: str) -> HResult:
    return HResult(int(text, 16))


def causes_of(answer: State | None) -> tuple[str, ...]:
    """The causes that it may come from, the most specific first."""
    code = code_of(answer)
    if answer is None or code is None:
        return ()
    fault = table("probe").get(str(answer.values.get("error")), {})
    return tuple(fault.get("points_to", codes.points_to(code)))


def is_content(answer: State) -> bool:
    """Whether the answer was the one that was asked for."""
    return answer.values.get("status") == 200 and not answer.values.get("error")
