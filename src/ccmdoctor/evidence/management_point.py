"""The traffic between a client and its management points.

    [CCMHTTP] ERROR: URL=http://mp.contoso.com, Port=80, Options=1248, Code=12002, Text=ERROR_WINHTTP_TIMEOUT
    [CCMHTTP] ERROR INFO: StatusCode=503 StatusText=Service Unavailable
    instance of CCM_CcmHttp_Status { ... HRESULT = "0x80072ee2"; ... StatusCode = 600; ... }
    Successfully queued event on HTTP/HTTPS failure for server 'mp.contoso.com'.
    Post to http://mp.contoso.com/ccm_system/request failed with 0x87d00231.
    OutgoingMessage(Queue='mp_[http]mp_locationmanager', ID={GUID}): Delivered successfully to host 'mp.contoso.com'.

One failed request leaves several of these lines. Requests of the notification channel, of distribution points and of
the fallback status point write the same ones; their addresses and writers tell them apart.
A working client has failures too: only what no later success follows counts, and only what lasts is certain.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from ccmdoctor.evidence import probe_answer
from ccmdoctor.evidence.base import Bundle, Evidence, Mark, Proof, code_of, ordered
from ccmdoctor.evidence.transfer import certificates_of_content
from ccmdoctor.formats.web_address import host_in
from ccmdoctor.knowledge import codes
from ccmdoctor.knowledge.logs import by_component, by_file
from ccmdoctor.knowledge.tables import table
from ccmdoctor.model import Event, Fact, HResult, Stage, State

_NOT_POLICY = (
    "/bgb/", "sms_dp_sms", "downloadrestservice", "/content/", "clientwebservice", "simpleauthwebservice", "sms_fsp",
    "sccm_branchcache", "//localhost", "windowsupdate.com", "delivery.mp.microsoft.com", "/msdownload/",
    ".blob.core.windows.net",
)  # fmt: skip
_OTHER_CHANNELS = ("DataTransferService", "CcmNotificationAgent")  # unless the address is one of a management point
_WRITERS = (
    "CcmMessaging", "LocationServices", "PolicyAgent", "ClientLocation", "ClientIDManagerStartup", "ccmsetup",
    "mpcontrol",
)  # fmt: skip
_GATEWAY = ("ccm_proxy", "cmg")
_CONNECTOR = "cmgconnector_"
_REFUSALS = (401, 403)
_OF_A_PROXY = (407, 502, 504)
_OF_A_PROXY_AS_WELL = (*_OF_A_PROXY, 403, 503)
_FIRST_LEG = 401
_ASKS_FOR_CERTIFICATE = (401, 403)
_NO_WAY = ("timeout", "connect")

_BRIEF = timedelta(minutes=30)
_OLD = timedelta(days=1)  # machine policy is fetched every hour by default: a standing fault leaves newer lines
_ONE_REQUEST = timedelta(seconds=2)
_ONE_REQUEST_LINES = 12


def is_over_gateway(text: str) -> bool:
    """Whether an address or line names a cloud management gateway."""
    return any(mark in text.lower() for mark in _GATEWAY)


class Failure(msgspec.Struct, frozen=True):
    """One request that failed. ``kind`` is of knowledge/transport.toml; ``status`` the HTTP status, when one came."""

    proof: tuple[Proof, ...]
    kind: str
    host: str
    symbol: str
    status: int | None = None
    reason: str | None = None
    when: datetime | None = None
    hints: tuple[str, ...] = ()  # causes that an unclear code may come from
    address: str = ""
    bare: bool = False  # asked directly, without a client certificate where one may be wanted

    @property
    def last(self) -> Event | None:
        """The newest log line of it; None when it was a probe."""
        found = self.proof[-1]
        return found if isinstance(found, Event) else None

    @property
    def no_connection(self) -> bool:
        """No answer came in time, or no connection at all."""
        return self.kind in _NO_WAY

    def is_like(self, other: Failure) -> bool:
        """Whether both failed in the same way."""
        return (self.kind == other.kind and self.status == other.status) or (self.no_connection and other.no_connection)

    def may_be(self, cause: str) -> bool:
        """Whether the lines do not say what went wrong, and this cause is among those that fit."""
        return self.kind == "other" and cause in self.hints

    @property
    def gateway_refusal(self) -> str | None:
        """The word with which the cloud management gateway's connector refused, from the status text.

        The connector passes on other statuses as well (CMGConnector_InternalServerError): no refusals of the client.
        """
        reason = (self.reason or "").strip(" *")
        refused = self.status is None or self.status in _REFUSALS
        return reason.split()[0] if refused and reason.lower().startswith(_CONNECTOR) else None

    @property
    def over_gateway(self) -> bool:
        """Whether a cloud management gateway stood in the path."""
        return is_over_gateway(" ".join(one.record.text if isinstance(one, Event) else one.text for one in self.proof))

    @property
    def answered_by_proxy(self) -> bool:
        """The status is one that a proxy or gateway gives for a server that it cannot reach."""
        return self.status in _OF_A_PROXY

    @property
    def may_be_of_proxy(self) -> bool:
        """The status is one that proxies give of their own as well."""
        return self.status in _OF_A_PROXY_AS_WELL


class ManagementPointTraffic(Evidence, frozen=True):
    """Requests to management points that failed, and those that came through, each in written order.

    ``probe`` is what the series' own command answered (``Invoke-WebRequest http://<mp>/sms_mp/.sms_aut?mplist``);
    it is asked when the evidence is collected, so it is newer than the logs. But it is asked by a person, with the
    person's proxy and without the client's certificate: where both speak, the client's own requests have the word.
    """

    asks = "management-point"

    failures: tuple[Failure, ...]
    successes: tuple[Event, ...]
    probe: State | None = None
    tls_flags: tuple[Event, ...] = ()
    until: datetime | None = None  # the newest instant of all evidence

    @classmethod
    def read(cls, bundle: Bundle) -> ManagementPointTraffic | None:
        """None when neither a log nor the command tells of a request to a management point."""
        answers = [state for state in bundle.states("web-answer") if state.values.get("target") == "mplist"]
        found = cls(
            failures=_failures(bundle),
            successes=tuple(_successes(bundle)),
            probe=answers[-1] if answers else None,
            tls_flags=tuple(bundle.events("tls-flag")[-8:]),
            until=bundle.reading.last,
        )
        return found if found.failures or found.successes or found.probe else None

    @property
    def current(self) -> Failure | None:
        """The newest failure that no success is known to follow, or None: the management point answers."""
        run = self._run
        if run:
            return run[-1]
        return _probed(self.probe) if self.probe is not None else None

    @property
    def _run(self) -> tuple[Failure, ...]:
        """The failures behind the newest success."""
        newest = _newest_of_each(self.successes)
        run = tuple(
            one for one in self.failures if one.last is None or not any(good.after(one.last) is True for good in newest)
        )
        clear = tuple(one for one in run if one.kind != "other")
        return clear if clear and run[-1].kind == "other" and _is_beside(clear[-1], run[-1]) else run

    @property
    def _streak(self) -> tuple[Failure, ...]:
        """The newest failures of one kind behind the newest success."""
        found: list[Failure] = []
        for one in reversed(self._run):
            if found and one.kind != found[0].kind:
                break
            found.append(one)
        return tuple(reversed(found))

    @property
    def tls_reasons(self) -> str | None:
        """What WinHTTP found wrong with the server's certificate, as its flags say."""
        asked = str(self.probe.values.get("flags") or "") if self.probe is not None else ""
        return ", ".join(dict.fromkeys(event.fields["flag"] for event in self.tls_flags)) or asked or None

    @property
    def recovered(self) -> Failure | None:
        """The newest failure, when a success followed it."""
        return self.failures[-1] if self.failures and self.current is None else None

    @property
    def answering(self) -> Event | State | None:
        """The newest success, when nothing failed after it."""
        if self.current is not None:
            return None
        return self.probe or (self.successes[-1] if self.successes else None)

    @property
    def failing_since(self) -> datetime | None:
        """The first of the failures that count (UTC), where known."""
        return self._streak[0].when if self._streak else None

    @property
    def lasting(self) -> bool:
        """Failing in one and the same way for half an hour or more, or by the client's log and by the probe."""
        streak = self._streak
        if not streak:
            return False
        probe = _probed(self.probe) if self.probe is not None else None
        if probe is not None and probe.is_like(streak[-1]):
            return True
        first, last = streak[0].when, streak[-1].when
        return first is not None and last is not None and last - first >= _BRIEF

    @property
    def brief(self) -> bool:
        """A working client also fails now and then: all failures behind the newest success lie within half an hour."""
        run = self._run
        if not self.successes or not run or self.lasting:
            return False
        first, last = run[0].when, run[-1].when
        return first is not None and last is not None and last - first < _BRIEF

    @property
    def doubts(self) -> tuple[str, ...]:
        """What speaks against a standing fault (keys of [against] in the words files); with any it is only possible."""
        failure = self.current
        if failure is None:
            return ()
        if failure.last is None:
            if self.successes:
                return ("mp-traffic-succeeds",)
            return ("mp-probe-without-certificate",) if failure.bare else ()
        found = []
        if self.brief:
            found.append("mp-failed-briefly")
        if self.until is not None and failure.when is not None and self.until - failure.when > _OLD:
            found.append("mp-failures-are-old")
        if failure.status == _FIRST_LEG and len(self._streak) == 1 and not failure.over_gateway:
            found.append("mp-first-leg-of-sign-in")
        if failure.kind != "client-certificate" and self.probe is not None and _probed(self.probe) is None:
            found.append("mp-probe-ok")
        return tuple(found)

    @property
    def unasked(self) -> tuple[str, ...]:
        """The questions about the management point that the evidence does not answer yet."""
        found = [] if self.failures or self.successes else ["management-point"]
        return tuple(found if self.probe is not None else [*found, "mplist"])

    @property
    def facts(self) -> dict[str, Fact | datetime]:
        """What every finding about the current failure states."""
        failure = self.current
        return {
            "host": (failure.host or None) if failure else None,
            "symbol": (failure.symbol or None) if failure else None,
            "since": self.failing_since,
            "failures": len(self._streak) or 1,
        }

    def marks(self) -> Iterable[Mark]:
        """Reaching the management point."""
        current = self.current
        good = self.answering or (self.successes[-1] if self.successes else None)
        bad = current.proof[-1] if current else (self.failures[-1].proof[-1] if self.failures else None)
        yield Mark(Stage.POLICY, "management-point", good, bad, current is not None and not self.doubts)


def _is_beside(clear: Failure, unclear: Failure) -> bool:
    """Whether a line that names no fault stands near one that does: then it is only its echo."""
    if clear.when is None or unclear.when is None:
        return True
    return unclear.when - clear.when <= _BRIEF


def _newest_of_each(events: Sequence[Event]) -> tuple[Event, ...]:
    """The events that can be the newest: the last by its instant, of each log, and of each file."""
    found: dict[object, Event] = {}
    for event in events:
        found[event.log] = found[event.record.place.file, ""] = event
        if event.utc is not None and (found.get("utc") is None or event.utc >= (found["utc"].utc or event.utc)):
            found["utc"] = event
    return tuple(dict.fromkeys(found.values()))


_PROBE_KINDS = {
    "name-not-resolved": ("name", "ERROR_WINHTTP_NAME_NOT_RESOLVED"),
    "timeout": ("timeout", "ERROR_WINHTTP_TIMEOUT"),
    "connect-failed": ("connect", "ERROR_WINHTTP_CANNOT_CONNECT"),
    "closed": ("connect", "ERROR_WINHTTP_CONNECTION_ERROR"),
    "tls": ("tls", "ERROR_WINHTTP_SECURE_FAILURE"),
    "proxy-auth": ("status", "HTTP 407"),
    "client-certificate": ("client-certificate", "ERROR_WINHTTP_CLIENT_AUTH_CERT_NEEDED"),
    "proxy-unreachable": ("connect", "ERROR_WINHTTP_CANNOT_CONNECT"),
    "not-http": ("status", "ERROR_WINHTTP_INVALID_SERVER_RESPONSE"),
}


def _probed(answer: State) -> Failure | None:
    """The answer as a failure, under the name that the client's own log has for it; None for 200."""
    status, error = answer.values.get("status"), str(answer.values.get("error"))
    if probe_answer.is_content(answer):
        return None
    kind, symbol = _PROBE_KINDS.get(error, ("other", error))
    if isinstance(status, int) and kind != "client-certificate":
        kind, symbol = "status", f"HTTP {status}"
    return Failure(
        proof=(answer,),
        kind=kind,
        host=host_in(answer.name),
        symbol=symbol,
        status=status if isinstance(status, int) else None,
        reason=answer.values.get("reason"),
        address=answer.name,
        bare=_is_bare(answer, kind),
    )


def _is_bare(answer: State, kind: str) -> bool:
    """Whether a server that wants a client certificate would rightly have answered this.

    A person's question carries none, and its address need not be known; the probe knows what it showed to whom.
    """
    if not probe_answer.is_probe(answer):
        return answer.values.get("status") in _ASKS_FOR_CERTIFICATE
    may_want = kind == "client-certificate" or answer.values.get("status") in _ASKS_FOR_CERTIFICATE
    return may_want and answer.name.startswith("https:") and not answer.values.get("certificate")


_LINES = (
    "http-error",
    "http-error-info",
    "http-status",
    "mp-self-check-failed",
    "tls-failure",
    "mp-post-failed",
    "mp-queue-failure",
    "mp-signing-certificate-failed",
    "mp-location-failed",
)


def _failures(bundle: Bundle) -> tuple[Failure, ...]:
    """The failed requests to management points, oldest first."""
    found = [one for lines in _requests(bundle) if (one := _failure(lines)) is not None]
    place = {event: index for index, event in enumerate(ordered(one.last for one in found if one.last))}
    return tuple(sorted(found, key=lambda one: place[one.last] if one.last else -1))


def _requests(bundle: Bundle) -> list[list[Event]]:
    """The lines of each request, grouped: same file and thread, close together, none of them twice.

    A request whose HTTP answer was fine and that fails only for want of a reply message is left out: the web server
    answered. (Seen ten times in a night on a client that worked.)
    """
    requests: list[list[Event]] = []
    open_requests: dict[tuple[str, str], list[Event]] = {}
    of_content = {line for _, *lines in certificates_of_content(bundle) for line in lines}
    asked = [event for event in bundle.events(*_LINES) if event not in of_content]
    for event in sorted(asked, key=lambda one: (one.stands.file, one.stands.offset)):
        where = (event.stands.file, event.record.thread)
        lines = open_requests.get(where)
        if lines is not None and _continues(lines, event):
            lines.append(event)
            continue
        open_requests[where] = lines = [event]
        requests.append(lines)
    return [lines for lines in requests if not _is_fine(lines[0])]


def _continues(lines: list[Event], event: Event) -> bool:
    if any(one.id == event.id for one in lines) or not _close(lines[-1], event):
        return False
    if event.id in ("http-error", "tls-failure") and lines[-1].id != "tls-failure":
        return False
    if _is_fine(lines[0]):
        return event.id in ("mp-post-failed", "mp-queue-failure")
    return not _is_fine(event)


def _close(one: Event, two: Event) -> bool:
    if one.utc is not None and two.utc is not None:
        return abs(two.utc - one.utc) <= _ONE_REQUEST
    return two.stands.line - one.stands.line <= _ONE_REQUEST_LINES


def _is_fine(event: Event) -> bool:
    """A status event of success: the product raises them for both."""
    if event.id != "http-status":
        return False
    code = HResult.parse(event.fields["error"])
    return code is not None and code.ok and event.fields.get("status") in ("0", "200")


def _failure(lines: list[Event]) -> Failure | None:
    """The request that these lines tell of; None when it did not go to a management point."""
    by_id = {event.id: event for event in lines}
    url = next((event.fields["url"] for event in lines if event.fields.get("url")), "")
    if not _is_policy(lines[0], url):
        return None
    error, status = by_id.get("http-error"), by_id.get("http-status")
    info = by_id.get("http-error-info") or by_id.get("mp-self-check-failed")
    kind, symbol, hints = _meaning(lines)
    number = info.fields["status"] if info else (status.fields.get("status", "") if status else "")
    hosts = (event.fields.get("host", "") for event in lines)
    return Failure(
        proof=tuple(lines),
        kind=kind,
        host=_host(error.fields["url"] if error else url) or next((host for host in hosts if host), ""),
        symbol=symbol,
        status=int(number) if number.isdecimal() and 400 <= int(number) <= 599 else None,
        reason=(info.fields["reason"].strip() or None) if info else None,
        when=lines[-1].utc,
        hints=hints,
        address=url,
    )


_UNCLEAR = HResult(0x87D00231)  # what the client reports upwards for any of them
_WINHTTP = "ERROR_WINHTTP_"
_KINDS = {
    "mp-name-not-resolved": "name",
    "mp-timeout": "timeout",
    "mp-tls-cert-untrusted": "tls",
    "mp-pki-cert-missing": "client-certificate",
}


def _kind(symbol: str, hints: Sequence[str]) -> str:
    """The kind by the table, or by the one cause that a further WinHTTP error points to."""
    kind = table("transport").get(symbol, {}).get("kind")
    if kind:
        return str(kind)
    found = [_KINDS[hint] for hint in hints if hint in _KINDS] if symbol.startswith(_WINHTTP) else []
    return found[0] if len(found) == 1 else "other"


def _meaning(lines: list[Event]) -> tuple[str, str, tuple[str, ...]]:
    """Kind, symbol and hints: the first line that names the fault has the word; a transient error names none."""
    unclear = ("other", "", codes.points_to(_UNCLEAR))
    for event in lines:
        if event.id in ("http-error-info", "mp-self-check-failed"):
            return "status", "CCM_E_BAD_HTTP_STATUS_CODE", ()
        if event.id == "tls-failure":
            return "tls", "ERROR_WINHTTP_SECURE_FAILURE", ()
        code = code_of(event)
        known = [codes.lookup(code)] if code else codes.find(event.fields.get("symbol", ""))
        symbol = event.fields.get("symbol") or (known[0].symbol if known else None)
        if symbol is None and code is None:
            continue
        hints = known[0].points_to if known else ()
        kind = _kind(symbol or "", hints)
        if kind != "other":
            return kind, symbol or str(code), ()
        unclear = (kind, symbol or str(code), hints)
    return unclear


def _host(url: str) -> str:
    return host_in(url) or url


def _writers(event: Event) -> tuple[str | None, ...]:
    """The logs that a line belongs to: by its component, and by the file (StatusAgent.log repeats events of others)."""
    component = event.record.component
    return by_component(component) if component else event.log, by_file(event.record.place.file).log


def _is_policy(event: Event, url: str) -> bool:
    """Whether a line is about a management point, by its address, else by who wrote it."""
    lowered = url.lower()
    if any(mark in lowered for mark in _NOT_POLICY):
        return False
    writers = _writers(event)
    if any(one in _OTHER_CHANNELS for one in writers):
        return "sms_mp" in lowered
    return bool(url) or any(one in _WRITERS for one in writers)


def _successes(bundle: Bundle) -> list[Event]:
    """What a management point is known to have answered."""
    fine = [event for event in bundle.events("http-status") if _is_fine(event) and _is_policy(event, "")]
    told = bundle.events("mp-delivered", "mp-self-check-passed", "policy-received", "policy-downloaded")
    return ordered([*told, *fine])
