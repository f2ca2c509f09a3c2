"""The searches in WindowsUpdate.log: who asked, which service, and how each ended.

    Agent           * START * Finding updates CallerId = CcmExec  Id = 4 (cV = ...)
    Agent           Online = Yes; Interactive = Yes; AllowCachedResults = No; Ignore download priority = Yes
    ProtocolTalker  ServiceId = {3DA21691-...}, Server URL = http://sup.contoso.com:8530/ClientWebService/client.asmx
    ProtocolTalker  *FAILED* [8024401B] SyncUpdates_WithRecovery failed
    Agent           * END * Finding updates CallerId = CcmExec, Id = 4, Exit code = 0x8024401B (cV = ...)

and in the old text log::

    Agent   ** START **  Agent: Finding updates [CallerId = CcmExec]
    PT      WARNING: SyncUpdates failure, error = 0x8024401B, soap client error = 10, ... HTTP status code = 407
    Agent     * WARNING: Exit code = 0x8024401B
    Agent   **  END  **  Agent: Finding updates [CallerId = CcmExec]

The lines of one search share their thread. The log holds much that failed and does not matter: applicability rules of
other products (EEHandler), cancelled and empty calls, downloads, searches of other programs at other services.
"""

from __future__ import annotations

import msgspec

from ccmdoctor.evidence.base import Bundle, code_of
from ccmdoctor.knowledge import codes
from ccmdoctor.model import Event, HResult

_PROTOCOL = (
    "wu-sync-failed", "wu-pt-error", "wu-sync-aborted", "wu-web-call-failed", "wu-selfupdate-failed",
    "wu-search-failed",
)  # fmt: skip
_OF_MICROSOFT = (".microsoft.com", ".windowsupdate.com")
_TRACE = (
    "wu-search-start", "wu-search-option", "wu-search-service", "wu-service", *_PROTOCOL, "wu-failed-tag",
    "wu-search-found", "wu-exit-code", "wu-search-end",
)  # fmt: skip
_TALKERS = ("protocoltalker", "webservices", "pt", "ws")
_STEPS = (
    "syncupdates", "getconfig", "getcookie", "refreshconfig", "refreshptstate", "failed to synchronize",
    "web service call",
)  # fmt: skip
_OTHER_EXITS = ("* end *", "clientid", "callerid", "service exit")
_CONFIGMGR = "ccmexec"
_SCAN = "scan"
_UPDATE_POINT = "3da21691-e39d-4da6-8a4b-b43877bcb1b7"  # the managed service (WSUS)
_APART = 90  # seconds between the lines of one search whose start is not in the log


def failure_code(event: Event) -> HResult | None:
    """The error code on a line; None when it has none or says success."""
    code = code_of(event)
    return None if code is None or code.ok else code


class Search(msgspec.Struct, frozen=True):
    """One search. ``lines`` are those that tell of its failure, and its end; there is at least one.

    ``caller`` and ``service`` are lower case, None where the log does not show them.
    """

    lines: tuple[Event, ...]
    caller: str | None = None
    service: str | None = None
    address: str | None = None
    online: bool = True
    complete: bool = False

    @property
    def error(self) -> HResult | None:
        """The code it ended with: that of its end, else the newest on the way."""
        last = self.lines[-1]
        if last.id == "wu-search-end" and "error" in last.fields:
            return failure_code(last)
        return next((code for event in reversed(self.lines) if (code := failure_code(event))), None)

    @property
    def by_configmgr(self) -> bool:
        """Whether ConfigMgr's client asked for it."""
        return self.caller is not None and _CONFIGMGR in self.caller

    @property
    def at_update_point(self) -> bool:
        """Whether it went to the update point, as far as the log shows."""
        return self.online and self.service in (None, _UPDATE_POINT)

    @property
    def counts(self) -> bool:
        """Whether it says how the update point can be scanned: it failed there, or its whole way is in the log."""
        return self.at_update_point and (self.error is not None or self.complete)

    @property
    def may_stand_in(self) -> bool:
        """Whether another caller's search may say how ConfigMgr's would end: it asked the update point.

        Apps of the store name themselves with a semicolon, and ask a service of their own.
        """
        if self.caller is None or self.service == _UPDATE_POINT:
            return True
        return ";" not in self.caller and len(self.lines) > 1


class _Open:
    """A search while its lines come in."""

    def __init__(self, caller: str | None = None) -> None:
        self.caller = caller
        self.started = caller is not None
        self.lines: list[Event] = []
        self.service: str | None = None
        self.address: str | None = None
        self.online = True

    def take(self, event: Event) -> None:
        """A line between start and end."""
        if event.id == "wu-search-option":
            self.online = event.fields["online"].lower() != "no"
        elif event.id in ("wu-search-service", "wu-service"):
            self.service = event.fields["service"].strip("(){}").lower()
            self.address = event.fields.get("server") or self.address
        elif event.id == "wu-search-found":
            self.lines = [event] if self.started else []  # what failed before was tried again
        elif _tells_of_failure(event) and (self.started or self.lines or _of_a_scan(event)):
            self.lines.append(event)
            self.address = self.address or event.fields.get("url")

    def goes_on_with(self, event: Event) -> bool:
        """Without a start in the log: whether a further failure belongs to the same search."""
        if self.started or not self.lines or not _tells_of_failure(event):
            return True
        last = self.lines[-1]
        ended = last.id == "wu-exit-code" and event.id != "wu-search-failed"
        return not ended and failure_code(last) == failure_code(event) and _close(last, event)

    def closed(self, end: Event | None = None) -> Search | None:
        """The search, or None when nothing was told of it."""
        lines = [*self.lines, end] if end else self.lines
        if not lines:
            return None
        shown = (end is not None and "error" in end.fields) or lines[-1].id == "wu-search-found"
        return Search(
            lines=tuple(lines),
            caller=end.fields["caller"].strip().lower() if end else self.caller,
            service=self.service,
            address=self.address,
            online=self.online,
            complete=shown or (end is not None and self.started),
        )


def _close(one: Event, other: Event) -> bool:
    return one.utc is None or other.utc is None or abs((other.utc - one.utc).total_seconds()) < _APART


def _of_a_scan(event: Event) -> bool:
    """Installing and downloading end with such a line, too; their codes are others."""
    code = failure_code(event)
    return event.id != "wu-exit-code" or (code is not None and codes.lookup(code).stage == _SCAN)


def _tells_of_failure(event: Event) -> bool:
    """Whether the line tells of a failed talk with the server, or of a failed search."""
    code = failure_code(event)
    if code is None:
        return False
    if event.id == "wu-exit-code":
        return not any(word in event.record.text.lower() for word in _OTHER_EXITS)
    if event.id == "wu-failed-tag":
        component, text = event.record.component.lower(), event.record.text.lower()
        talks = component in _TALKERS or any(step in text for step in (*_STEPS, *_TALKERS[:2]))
        return talks and bool(codes.points_to(code))
    return event.id in _PROTOCOL and not event.fields.get("url", "").lower().partition("/v")[0].endswith(_OF_MICROSOFT)


def searches(bundle: Bundle) -> list[Search]:
    """All searches that ended or failed, in written order."""
    running: dict[str, _Open] = {}
    done: list[Search] = []

    def close(thread: str, end: Event | None = None) -> None:
        found = running.pop(thread, _Open()).closed(end)
        if found:
            done.append(found)

    for event in bundle.events(*_TRACE):
        thread = event.record.thread
        if event.id == "wu-search-start":
            close(thread)
            running[thread] = _Open(event.fields["caller"].strip().lower())
        elif event.id == "wu-search-end":
            close(thread, event)
        elif event.id == "wu-search-found" and not running.get(thread, _Open()).started:
            running.pop(thread, None)  # what failed before on this thread was tried again
            while done and not done[-1].caller and _same_thread(done[-1], event) and _close(done[-1].lines[-1], event):
                done.pop()
        elif event.id == "wu-search-failed" and thread not in running and done and _repeats(done[-1], event):
            *before, last = done[-1].lines
            done[-1] = msgspec.structs.replace(done[-1], lines=(*before, event, last))
        else:
            if not running.setdefault(thread, _Open()).goes_on_with(event):
                close(thread)
            running.setdefault(thread, _Open()).take(event)
    for thread in list(running):
        close(thread)
    return sorted(done, key=lambda one: one.lines[-1].order)


def _same_thread(search: Search, event: Event) -> bool:
    return search.lines[-1].record.thread == event.record.thread


def _repeats(search: Search, event: Event) -> bool:
    """Whether a line behind a search's end only says once more how it ended."""
    return search.error == failure_code(event) and _close(search.lines[-1], event)
