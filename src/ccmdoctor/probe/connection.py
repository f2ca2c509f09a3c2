"""One connection to one server, step by step: way, name, TCP, proxy tunnel, TLS; then requests over it.

Every step has a deadline of its own; answers are bounded; redirections are reported and not followed.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from typing import Any, NamedTuple

import h11

from ccmdoctor.model import State
from ccmdoctor.probe import proxy
from ccmdoctor.probe.certificate import Trust, chain_of, flag_of
from ccmdoctor.probe.plan import Address, bracketed
from ccmdoctor.probe.steps import FaultError, Steps
from ccmdoctor.version import __version__

USER_AGENT = f"ccmdoctor/{__version__} (diagnostic probe)"
LARGEST_ANSWER = 1 << 20  # bytes; more is left unread and counts as answered
LARGEST_HEAD = 1 << 16
MOST_ADDRESSES = 6
_HTTP = b"HTTP/"
_NO_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE")  # by OpenSSL's version
_ALERTS = ("CERTIFICATE_REQUIRED", "HANDSHAKE_FAILURE", "BAD_CERTIFICATE", "UNKNOWN_CA", "CERTIFICATE_UNKNOWN")
_KINDS = {
    getattr(socket, name, None): kind
    for name, kind in (
        ("EAI_AGAIN", "the name server did not answer, or refused to"),
        ("EAI_FAIL", "the name server failed"),
        ("EAI_NODATA", "no address"),
        ("EAI_NONAME", "no such name"),
    )
}


class Answer(NamedTuple):
    """What came over HTTP. ``headers`` by lower-case name, the last of several; ``whole`` is false beyond the limit."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes
    whole: bool


class _Found(NamedTuple):
    """One address of a host, as the system's calls take it: family, and host, port and what more IPv6 has."""

    family: socket.AddressFamily
    place: tuple[Any, ...]


class _ClosedError(ConnectionResetError):
    """The server ended the connection before a byte of its answer came."""


class Deadline:
    """The end of a step, ``seconds`` from now."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds that are left, never 0 (which sockets read as "do not wait")."""
        return max(0.001, self._end - time.monotonic())

    @property
    def over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self._end


class Connection:
    """Opened when the first request is made, and again when the server closed it."""

    def __init__(self, address: Address, setting: State | None, trust: Trust, timeout: float, steps: Steps) -> None:
        self.address = address
        self.trust = trust
        self._setting = setting
        self._timeout = timeout
        self._steps = steps
        self._socket: socket.socket | None = None
        self._http: h11.Connection | None = None
        self._used = False
        self.through: Address | None = None

    def close(self) -> None:
        """End the connection."""
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.close()
        self._socket = self._http = None

    def open(self, shared: Deadline | None = None) -> None:
        """Every step up to the first request, each in its own time or all in a shared one. Raises FaultError."""
        self.close()
        with self._steps.step("way") as tell:
            self.through, why = proxy.way_to(self.address, self._setting)
            tell(why)
        self._socket = self._to_server(shared)
        if self.address.is_tls:
            with self._steps.step("tls") as tell:
                tell(self._secure(shared or self._deadline()))
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=LARGEST_HEAD)
        self._used = False

    def _deadline(self) -> Deadline:
        """The end of a step that begins now."""
        return Deadline(self._timeout)

    def _to_server(self, shared: Deadline | None) -> socket.socket:
        """TCP to the server, or to the proxy and through it where TLS needs a tunnel."""
        target = self.through or self.address
        try:
            with self._steps.step("name") as tell:
                found = _resolve(target, shared or self._deadline())
                tell(f"{target.host} = {', '.join(one.place[0] for one in found)}")
            with self._steps.step("tcp") as tell:
                plain = _connect(found, shared or self._deadline())
                tell(f"connected to {target.authority}")
        except FaultError as fault:
            if self.through is None:
                raise
            raise FaultError("proxy-unreachable", fault.seen) from None
        if self.through is not None and self.address.is_tls:
            with self._steps.step("tunnel") as tell:
                tell(_tunnel(plain, self.address, shared or self._deadline()))
        return plain

    def _secure(self, deadline: Deadline) -> str:
        """TLS over the open connection; returns version and chain. Raises FaultError with WinHTTP's flag for it."""
        plain = self._socket
        assert plain is not None
        plain.settimeout(deadline.left)
        try:
            secure = self.trust.verified.wrap_socket(plain, server_hostname=self.address.tls_name)
        except ssl.SSLCertVerificationError as error:
            flag, chain = flag_of(error), self._look(deadline)
            raise FaultError("tls", f"{flag}: {error.verify_message}; {chain}".rstrip("; "), flags=flag) from None
        except TimeoutError:
            raise FaultError("timeout", f"no TLS handshake within {self._timeout:g} s") from None
        except ssl.SSLError as error:
            said = "the answer is not TLS" if error.reason in _NO_TLS else _reason(error)
            raise self._refused(error) or FaultError("tls", said) from None
        except OSError as error:
            raise FaultError("closed", f"closed in the TLS handshake: {_reason(error)}") from None
        self._socket = secure
        return f"{secure.version()}; {chain_of(secure)}".rstrip("; ")

    def _look(self, deadline: Deadline) -> str:
        """The chain behind a certificate that was not accepted, from a second handshake over which nothing is sent."""
        quiet = Connection(
            self.address, self._setting, self.trust, self._timeout, Steps(self._steps.service, self.address.url, [])
        )
        quiet.through = self.through
        try:
            with contextlib.closing(quiet._to_server(deadline)) as plain:
                plain.settimeout(deadline.left)
                with Trust.unverified().wrap_socket(plain, server_hostname=self.address.tls_name) as seen:
                    return chain_of(seen)
        except (FaultError, OSError):
            return ""

    def _refused(self, error: Exception) -> FaultError | None:
        """The fault, when the server broke off because it did not get a client certificate that it takes."""
        words = _reason(error).upper()
        broken = isinstance(error, ConnectionError) or any(alert in words for alert in _ALERTS)
        if not (self.trust.asked and broken):
            return None
        return FaultError("client-certificate", f"the server asked for a client certificate and broke off: {words}")

    def request(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Answer:
        """One request and its answer, within the time for a step. Raises FaultError.

        A connection that was kept open and that the server has closed meanwhile is opened anew, without a word.
        """
        deadline = self._deadline()
        kept = self._http is not None and self._http.our_state is h11.IDLE and self._used
        if self._socket is None or self._http is None:
            self._again(deadline)
        try:
            try:
                return self._ask(method, path, headers or {}, body, deadline)
            except _ClosedError:
                if not kept:
                    raise
                self._again(deadline)
                return self._ask(method, path, headers or {}, body, deadline)
        except TimeoutError:
            self.close()
            raise FaultError("timeout", f"{method} {path}: no whole answer within {self._timeout:g} s") from None
        except h11.RemoteProtocolError as error:
            self.close()
            raise FaultError("not-http", f"{method} {path}: the answer is not HTTP: {error}") from None
        except OSError as error:
            self.close()
            by_proxy = self.through is not None and not self.address.is_tls  # it is the proxy that hung up
            kind = "proxy-unreachable" if by_proxy else "closed"
            said = f"{method} {path}: connection lost: {_reason(error)}"
            raise self._refused(error) or FaultError(kind, said) from None

    def _again(self, deadline: Deadline) -> None:
        """Open once more, within the time of the request; only the first time is told step by step."""
        told, self._steps = self._steps, Steps(self._steps.service, self.address.url, [])
        try:
            self.open(deadline)
        finally:
            self._steps = told

    def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes, deadline: Deadline) -> Answer:
        http, wire = self._http, self._socket
        assert http is not None and wire is not None
        by_proxy = self.through is not None and not self.address.is_tls
        target = self.address.at(path).url if by_proxy else path
        lines = {"Host": self.address.host_header, "User-Agent": USER_AGENT, "Accept": "*/*",
                 "Accept-Encoding": "identity", **headers}  # fmt: skip
        if body:
            lines["Content-Length"] = str(len(body))
        wire.settimeout(deadline.left)
        pieces = [http.send(h11.Request(method=method, target=target, headers=list(lines.items())))]
        if body:
            pieces.append(http.send(h11.Data(data=body)))
        pieces.append(http.send(h11.EndOfMessage()))
        try:
            wire.sendall(b"".join(piece for piece in pieces if piece))
        except ConnectionError as error:
            raise _ClosedError(_reason(error)) from None
        answer = _receive(http, wire, deadline)
        if http.our_state is h11.DONE and http.their_state is h11.DONE:
            http.start_next_cycle()
            self._used = True
        else:
            self.close()
        return answer


def _receive(http: h11.Connection, wire: socket.socket, deadline: Deadline) -> Answer:
    """The answer, up to the limit. Raises TimeoutError, ConnectionError or h11.RemoteProtocolError."""
    head: h11.Response | None = None
    body = bytearray()
    begin, ended = b"", False
    while True:
        event = _event(http, ended and begin == _HTTP)
        if event is h11.NEED_DATA:
            piece = _piece(wire, deadline, bool(begin))
            if not piece and not begin:
                raise _ClosedError("closed without an answer")
            begin, ended = begin + piece[: len(_HTTP) - len(begin)], not piece
            http.receive_data(piece)
        elif isinstance(event, h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
        if isinstance(event, h11.EndOfMessage | h11.ConnectionClosed) or len(body) > LARGEST_ANSWER:
            break
    if head is None:
        raise ConnectionResetError("closed without an answer")
    headers = {bytes(name).decode("latin-1").lower(): bytes(value).decode("latin-1") for name, value in head.headers}
    whole = len(body) <= LARGEST_ANSWER
    return Answer(head.status_code, bytes(head.reason).decode("latin-1"), headers, bytes(body[:LARGEST_ANSWER]), whole)


def _event(http: h11.Connection, cut: bool) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
    """What comes next. Raises ConnectionResetError where ``cut`` HTTP, h11.RemoteProtocolError where no HTTP comes."""
    try:
        return http.next_event()
    except h11.RemoteProtocolError:
        if cut:
            raise ConnectionResetError("closed in the middle of the answer") from None
        raise


def _piece(wire: socket.socket, deadline: Deadline, begun: bool) -> bytes:
    """Some bytes of the answer, none at its end. Raises TimeoutError, or ConnectionError (at first _ClosedError)."""
    if deadline.over:
        raise TimeoutError
    wire.settimeout(deadline.left)
    try:
        return wire.recv(65536)
    except ConnectionError as error:
        raise error if begun else _ClosedError(_reason(error)) from None


def _tunnel(plain: socket.socket, address: Address, deadline: Deadline) -> str:
    """CONNECT through a proxy. Raises FaultError when it does not let us through."""
    http = h11.Connection(h11.CLIENT, max_incomplete_event_size=LARGEST_HEAD)
    lines = [("Host", address.authority), ("User-Agent", USER_AGENT)]
    try:
        plain.settimeout(deadline.left)
        plain.sendall(http.send(h11.Request(method="CONNECT", target=address.authority, headers=lines)) or b"")
        plain.sendall(http.send(h11.EndOfMessage()) or b"")
        head: h11.Response | None = None
        while head is None:
            event = http.next_event()
            if isinstance(event, h11.Response):
                head = event
            elif event is h11.NEED_DATA:
                if deadline.over:
                    raise TimeoutError
                plain.settimeout(deadline.left)
                piece = plain.recv(65536)
                if not piece:
                    raise ConnectionResetError("closed without an answer")
                http.receive_data(piece)
            elif isinstance(event, h11.ConnectionClosed):
                raise ConnectionResetError("closed without an answer")
    except TimeoutError:
        raise FaultError("timeout", f"CONNECT {address.authority}: no answer of the proxy in time") from None
    except (OSError, h11.RemoteProtocolError) as error:
        raise FaultError("proxy-unreachable", f"CONNECT {address.authority}: {_reason(error)}") from None
    said = f"CONNECT {address.authority}: HTTP {head.status_code} {bytes(head.reason).decode('latin-1')}"
    if head.status_code == 407:
        raise FaultError("proxy-auth", said, 407)
    if not 200 <= head.status_code < 300:
        raise FaultError("proxy-refused", said, head.status_code)
    return said


def _resolve(target: Address, deadline: Deadline) -> list[_Found]:
    """The addresses of a host by the system's resolver. Raises FaultError.

    The system's call cannot be given a time limit, so it runs beside and is left behind when it takes too long.
    """
    done: list[list[_Found] | OSError] = []

    def ask() -> None:
        try:
            found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
            done.append([_Found(one[0], one[4]) for one in found])
        except OSError as error:
            done.append(error)

    asking = threading.Thread(target=ask, daemon=True)
    begun = time.monotonic()
    asking.start()
    asking.join(deadline.left)
    if not done:
        waited = time.monotonic() - begun
        raise FaultError("name-not-resolved", f"{target.host}: no answer from the name server within {waited:.1f} s")
    found = done[0]
    if isinstance(found, OSError):
        said = _KINDS.get(found.errno, found.strerror or type(found).__name__)
        raise FaultError("name-not-resolved", f"{target.host}: {said}")
    return list(dict.fromkeys(found))[:MOST_ADDRESSES]


def _connect(found: list[_Found], deadline: Deadline) -> socket.socket:
    """TCP to the first address that takes it; each gets its share of the time. Raises FaultError."""
    tried: list[str] = []
    for index, (family, place) in enumerate(found):
        one = socket.socket(family, socket.SOCK_STREAM)
        try:
            one.settimeout(deadline.left / (len(found) - index))
            one.connect(place)
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            one.close()
            said = "no answer" if isinstance(error, TimeoutError) else _reason(error)
            tried.append(f"{bracketed(place[0])}:{place[1]} {said}")
        else:
            return one
    raise FaultError("connect-failed", "; ".join(tried))


def _reason(error: Exception) -> str:
    """What the system or OpenSSL calls the error, in English where it has a symbol."""
    if isinstance(error, ssl.SSLError):
        return str(error.reason or error)
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, ConnectionResetError):
        return str(error.args[0]) if len(error.args) == 1 else "reset"
    return str(getattr(error, "strerror", None) or error or type(error).__name__)
