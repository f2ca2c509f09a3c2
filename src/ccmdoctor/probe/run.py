"""A probe from beginning to end: what was asked for, the questions to each server, and the reading they become."""

from __future__ import annotations

import contextlib
import platform
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec

from ccmdoctor.evidence.base import Bundle, Target
from ccmdoctor.evidence.proxy import WinHttpProxy
from ccmdoctor.model import Coverage, InputError, Progress, State
from ccmdoctor.probe import plan, proxy, wusp
from ccmdoctor.probe.certificate import Trust
from ccmdoctor.probe.connection import Answer, Connection
from ccmdoctor.probe.plan import Address
from ccmdoctor.probe.steps import FILE, FaultError, Steps
from ccmdoctor.reader import Reading, read
from ccmdoctor.sources import open_source

_MPLIST = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]{0,200}\?>\s*)?<MPList[\s>/]", re.IGNORECASE)
_MP = re.compile(rb"<MP[\s>]", re.IGNORECASE)
_SERVICE_PAGE = (b"clientwebservice", b"getconfig", b"syncupdates")
_TITLE = re.compile(rb"<title[^>]{0,200}>([^<]{1,120})", re.IGNORECASE)
_PROXY_PRODUCTS = ("squid", "tinyproxy", "zscaler", "blue coat", "bluecoat", "mcafee web gateway")
_PROXY_HEADERS = ("x-squid-error", "proxy-status", "proxy-authenticate")
_CERTIFICATE_REFUSED = (400, 401, 403)  # IIS 403.7/403.13/403.16; nginx answers 400
_DOCUMENTATION_OFF = 500  # ASP.NET's answer to a GET when a service shows no page of its own
_AGENT = Path("C:/Windows/CCM/CcmExec.exe")
T = TypeVar("T")


class Request(msgspec.Struct, frozen=True):
    """What ``ccmdoctor probe`` was told. Addresses as given; ``timeout`` in seconds for each step."""

    mp: str | None = None
    sup: str | None = None
    proxy: str | None = None
    bypass: str = ""
    certificate: Path | None = None
    client: tuple[str, ...] = ()
    timeout: float = 20.0


def probe(
    request: Request, password: Callable[[], str | None] = lambda: None, progress: Progress | None = None
) -> Reading:
    """Ask, and give what was seen as a reading, together with the client's evidence where that was given.

    ``password`` is called for a PFX that does not open without one. Raises InputError for addresses, sources and
    certificates that cannot be used, and when no server is named.
    """
    known = read(open_source(request.client), progress) if request.client else None
    bundle = Bundle(known, Target(), None) if known is not None else None
    mp = plan.management_point(request.mp) if request.mp else None
    sup = plan.update_point(request.sup) if request.sup else None
    if mp is None and sup is None and bundle is not None:
        mp, sup = plan.servers_of(bundle)
    if mp is None and sup is None:
        raise InputError("nothing-to-probe")
    states: list[State] = []
    setting = _setting(request, bundle, states)
    pfx = (request.certificate, cache(password)) if request.certificate else None  # a person is asked once
    begun = datetime.now(UTC)
    # each server has a trust of its own: what one asked for says nothing of the other
    if mp is not None:
        _run("mp", mp, "mplist", _ask_management_point, states, setting, Trust(pfx), request.timeout, known)
    if sup is not None:
        sup = sup.at(sup.path + wusp.CLIENT_PATH)
        _run("sup", sup, "client.asmx", _ask_update_point, states, setting, Trust(pfx), request.timeout, known)
    return _reading(known, states, begun)


def _setting(request: Request, bundle: Bundle | None, states: list[State]) -> State | None:
    """The proxy setting to obey. One that is not in the client's evidence joins what was seen."""
    own = proxy.given(request.proxy, request.bypass) if request.proxy else None
    if own is None and bundle is not None:
        found = bundle.evidence(WinHttpProxy)
        return found.shown if found else None
    own = own or proxy.of_this_machine()
    if own is not None:
        states.append(own)
    return own


Ask = Callable[[Connection, Steps], None]


def _run(
    service: str,
    address: Address,
    target: str,
    ask: Ask,
    states: list[State],
    setting: State | None,
    trust: Trust,
    timeout: float,
    known: Reading | None,
) -> None:
    steps = Steps(service, address.url, states)
    connection = Connection(address, setting, trust, timeout, steps)
    facts = {"on_client": _is_client(known), "certificate": trust.has_certificate}
    with contextlib.closing(connection):
        try:
            ask(connection, steps)
            steps.answer(target, 200, None, **facts)
        except FaultError as fault:
            # a bare status says all there is to say of it, as in an answer to a question asked by hand
            steps.answer(target, fault.status, fault.kind, **facts, reason=fault.seen, **fault.more)


def _is_client(known: Reading | None) -> bool:
    """Whether this machine is the client in question: its own agent is here, or it bears the client's name."""
    if known is not None:
        here = platform.node().partition(".")[0].lower()
        names = {
            str(one.values.get("name") or "").partition(".")[0].lower() for one in known.states if one.kind == "client"
        }
        return bool(here) and here in names
    return sys.platform == "win32" and _AGENT.exists()


def _ask_management_point(connection: Connection, steps: Steps) -> None:
    connection.open()
    with steps.step("http") as tell:
        answer = connection.request("GET", connection.address.path)
        _judge(answer, connection)
        tell(_status(answer))
    with steps.step("mplist") as tell:
        if not _MPLIST.search(answer.body):
            raise _foreign(answer)
        tell(f"MPList, {len(_MP.findall(answer.body))} MP")


def _ask_update_point(connection: Connection, steps: Steps) -> None:
    connection.open()
    root = connection.address.path.removesuffix(wusp.CLIENT_PATH)
    with steps.step("http") as tell:
        answer = connection.request("GET", connection.address.path)
        if answer.status != _DOCUMENTATION_OFF or _came_from_proxy(answer, connection):
            _judge(answer, connection)
            lowered = answer.body.lower()
            if not any(mark in lowered for mark in _SERVICE_PAGE):
                raise _foreign(answer)
        tell(_status(answer))
    with steps.step("config") as tell:
        found = _soap(connection, root, wusp.get_config(), "GetConfig")
        config = _read(wusp.read_config, found)
        tell(f"LastChange {config.last_change}, protocol {config.protocol or '?'}")
    with steps.step("auth") as tell:
        call = wusp.get_authorization_cookie()
        found = _soap(connection, root, call, "GetAuthorizationCookie", wusp.SIMPLE_AUTH)
        plug_in, proof = _read(wusp.read_auth_cookie, found)
        tell(plug_in)
    with steps.step("cookie") as tell:
        call = wusp.get_cookie(plug_in, proof, config.last_change)
        expiration, cookie = _read(wusp.read_cookie, _soap(connection, root, call, "GetCookie"))
        tell(f"valid until {expiration}")
    with steps.step("sync") as tell:
        tell(_sync(connection, root, expiration, cookie))


def _sync(connection: Connection, root: str, expiration: str, cookie: bytes) -> str:
    """One round of SyncUpdates. A server that first wants the registration has answered all the same."""
    answer = _post(connection, root, wusp.sync_updates(expiration, cookie))
    if answer.status == 200 and not answer.whole:
        return f"more than {len(answer.body)} bytes of updates"
    found = _result(answer, connection, "SyncUpdates", wusp.CLIENT, allowed=wusp.REGISTRATION)
    if found is None:
        return f"{wusp.REGISTRATION}: the server knows no such client, as it should"
    count, cut = wusp.count_updates(found)
    return f"{count} updates in {len(answer.body)} bytes{', truncated' if cut else ''}"


def _post(connection: Connection, root: str, call: wusp.Call) -> Answer:
    return connection.request("POST", root + call.path, call.headers, call.body)


def _soap(connection: Connection, root: str, call: wusp.Call, operation: str, space: str = wusp.CLIENT) -> wusp.Element:
    found = _result(_post(connection, root, call), connection, operation, space)
    assert found is not None
    return found


def _result(
    answer: Answer, connection: Connection, operation: str, space: str, allowed: str | None = None
) -> wusp.Element | None:
    """The result of a call; None for the one fault that is allowed. Raises FaultError."""
    if answer.status not in (200, 500):
        _judge(answer, connection)
    try:
        found = wusp.result(answer.body, operation, space)
    except wusp.NotSoapError as error:
        _judge(answer, connection)
        if _is_page(answer):
            raise _foreign(answer) from None
        raise FaultError("not-soap", f"{operation}: {_status(answer)}: {error}", answer.status) from None
    if isinstance(found, wusp.SoapFault):
        if allowed is not None and found.error == allowed:
            return None
        said = f"{operation}: {_status(answer)}: soap:{found.code} {found.text}"
        raise FaultError("soap-fault-server" if found.code == "Server" else "soap-fault", said, answer.status)
    return found


def _read(reader: Callable[[wusp.Element], T], found: wusp.Element) -> T:
    try:
        return reader(found)
    except wusp.NotSoapError as error:
        raise FaultError("not-soap", str(error), 200) from None


def _judge(answer: Answer, connection: Connection) -> None:
    """Nothing for 200. Raises FaultError for any other status, and says who gave it where that shows."""
    status, said = answer.status, _status(answer)
    if status == 200:
        return
    if status == 407:
        raise FaultError("proxy-auth", said, status)
    if _came_from_proxy(answer, connection):
        raise FaultError("proxy-refused", said, status)
    if 300 <= status < 400:
        where = answer.headers.get("location", "")
        said = f"{said}, Location: {where}"
        raise FaultError("intercepted" if _leads_away(where, connection.address) else None, said, status)
    refused = connection.address.is_tls and connection.trust.asked and status in _CERTIFICATE_REFUSED
    raise FaultError("client-certificate" if refused else None, said, status)


def _came_from_proxy(answer: Answer, connection: Connection) -> bool:
    """Whether the proxy answered by itself: it shows by its name, or by headers that only proxies write."""
    if connection.through is None or connection.address.is_tls:
        return False
    server = answer.headers.get("server", "").lower()
    return any(name in answer.headers for name in _PROXY_HEADERS) or server.startswith(_PROXY_PRODUCTS)


def _leads_away(location: str, address: Address) -> bool:
    """Whether a redirection goes to another host, which a management point or WSUS never asks for."""
    try:
        host = urlsplit(location).hostname
    except ValueError:
        return True
    return host is not None and host.lower() != address.host.lower()


def _status(answer: Answer) -> str:
    return f"HTTP {answer.status} {answer.reason}".rstrip()


def _is_page(answer: Answer) -> bool:
    return "html" in answer.headers.get("content-type", "").lower() or b"<html" in answer.body[:2000].lower()


def _foreign(answer: Answer) -> FaultError:
    """An answer with status 200 that is not the one of the service: mostly a login page of something on the way."""
    title = _TITLE.search(answer.body)
    named = f', title "{title[1].decode("utf-8", "replace").strip()}"' if title else ""
    kind = answer.headers.get("content-type", "?")
    return FaultError("intercepted", f"{_status(answer)}, not the service's answer: {kind}{named}", answer.status)


def _reading(known: Reading | None, states: list[State], begun: datetime) -> Reading:
    """What was seen, beside the client's evidence. That evidence keeps its own span: it is judged at its own time."""
    covered = Coverage(FILE, "read", records=sum(1 for state in states if state.kind == "probe"))
    if known is None:
        return Reading({}, states, [covered], [], begun, datetime.now(UTC), None)
    return known._replace(states=[*known.states, *states], coverage=[*known.coverage, covered])
