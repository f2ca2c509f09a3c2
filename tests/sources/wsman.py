"""A WS-Management responder with real NTLM and real message encryption (pyspnego's acceptor); the answers are ours.

It knows Enumerate with WQL and Pull, pages, answers to optimized enumerations, and WSManFault; what belongs to shells goes
to ``psrp.py``. With a certificate it speaks TLS, and binds the logon to it. ``NTLM_USER_FILE`` must name a file with
``DOMAIN:user:password``.
"""

from __future__ import annotations

import base64
import http.server
import re
import ssl
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import spnego

from sources.psrp import FaultError, PowerShell

_NS = (
    'xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" '
    'xmlns:n="http://schemas.xmlsoap.org/ws/2004/09/enumeration" xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common" xml:lang="en-US"'
)
_ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration/"
_FAULT = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
_BOUNDARY = b"--Encrypted Boundary"
_SEALED = "application/HTTP-SPNEGO-session-encrypted"


class Wmi:
    """What is answered, by class: ``classes`` the instances, each a list of XML fragments; ``faults`` a code and text;
    ``raw`` the whole answer; ``slow`` the seconds until there is one.
    """

    def __init__(self) -> None:
        self.classes: dict[str, list[str]] = {}
        self.faults: dict[str, tuple[int, str]] = {}
        self.raw: dict[str, str] = {}
        self.slow: dict[str, float] = {}
        self.asked: list[str] = []
        self.page = 2
        self.stopped = threading.Event()
        self.shells = PowerShell()
        self.bodies: list[bytes] = []  # as they went over the wire
        self._open: dict[str, list[str]] = {}

    def answer(self, request: str) -> tuple[int, str]:
        message, action = _part(request, "MessageID"), _part(request, "Action")
        if action.endswith("/Enumerate"):
            query = _part(request, "Filter")
            self.asked.append(query)
            name = query.split(" FROM ")[1].split()[0]
            self.stopped.wait(self.slow.get(name, 0))
            if name in self.raw:
                return 200, self.raw[name]
            if name in self.faults:
                return 500, _fault(message, *self.faults[name])
            rows = [f"<c:{name} xmlns:c='urn:{name}'>{row}</c:{name}>" for row in self.classes.get(name, [])]
            return 200, _envelope(
                f"{_ENUMERATION}EnumerateResponse", self._some("n:EnumerateResponse", "w:Items", rows), message
            )
        if action.endswith("/Pull"):
            rows = self._open.pop(_part(request, "EnumerationContext"))
            return 200, _envelope(f"{_ENUMERATION}PullResponse", self._some("n:PullResponse", "n:Items", rows), message)
        try:
            return 200, _envelope(*self.shells.answer(action, request), message)
        except FaultError as fault:
            return 500, _fault(message, *fault.args)

    def _some(self, element: str, items: str, rows: list[str]) -> str:
        now, later = rows[: self.page], rows[self.page :]
        if later:
            context = f"uuid:{uuid.uuid4()}"
            self._open[context] = later
            end = f"<n:EnumerationContext>{context}</n:EnumerationContext>"
        else:
            end = "<n:EnumerationContext/><w:EndOfSequence/>" if items[0] == "w" else "<n:EndOfSequence/>"
        return f"<{element}><{items}>{''.join(now)}</{items}>{end}</{element}>"


def _part(request: str, name: str) -> str:
    found = re.search(rf"<(?:\w+:)?{name}[^>]*>(.*?)</", request, re.DOTALL)
    return found[1] if found else ""


def _envelope(action: str, body: str, message: str) -> str:
    return (
        f"<s:Envelope {_NS}><s:Header><a:Action>{action}</a:Action><a:MessageID>uuid:{uuid.uuid4()}</a:MessageID>"
        f"<a:RelatesTo>{message}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    )


def _fault(message: str, code: int, text: str) -> str:
    return _envelope(
        _FAULT,
        f"<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text xml:lang=''>{escape(text)}</s:Text></s:Reason>"
        f"<s:Detail><p:WSManFault xmlns:p='http://schemas.microsoft.com/wbem/wsman/1/wsmanfault' Code='{code}' Machine='PC0123'>"
        f"<p:Message>{escape(text)}</p:Message></p:WSManFault></s:Detail></s:Fault>",
        message,
    )


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # head and body in one packet, else each answer waits for an acknowledgement
    wmi: Wmi
    bindings: Any = None  # of the certificate, when there is one
    context: Any = None
    last: str | None = None  # the end of the handshake, which goes with the first answer

    def log_message(self, *arguments: object) -> None:
        """Nothing is logged."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        token = self.headers.get("Authorization", "")
        if token.startswith("Negotiate "):
            if self.context is None or self.context.complete:
                self.context = spnego.server(
                    protocol="negotiate", options=spnego.NegotiateOptions.use_negotiate, channel_bindings=self.bindings
                )
            try:
                out = self.context.step(base64.b64decode(token[10:]))
            except Exception:
                self.context = None
                return self._say(401, challenge="Negotiate")
            if not self.context.complete:
                return self._say(401, challenge=f"Negotiate {base64.b64encode(out).decode()}")
            self.last = f"Negotiate {base64.b64encode(out).decode()}" if out else None
        elif self.context is None or not self.context.complete:
            return self._say(401, challenge="Negotiate")
        if not body:
            return self._say(200)
        self.wmi.bodies.append(body)
        if "multipart/encrypted" not in self.headers.get("Content-Type", ""):
            if not self.bindings:
                return self._say(400)
            status, answer = self.wmi.answer(body.decode())
            return self._say(status, answer.encode(), "application/soap+xml;charset=UTF-8")
        sealed = body.split(_BOUNDARY)[2]
        sealed = sealed[sealed.index(b"octet-stream\r\n") + 14 :]
        size = int.from_bytes(sealed[:4], "little")
        status, answer = self.wmi.answer(self.context.unwrap_winrm(sealed[4 : 4 + size], sealed[4 + size :]).decode())
        wrapped = self.context.wrap_winrm(answer.encode())
        head = (
            f"\r\n\tContent-Type: {_SEALED}\r\n\tOriginalContent: type=application/soap+xml;charset=UTF-8;"
            f"Length={len(answer.encode())}\r\n"
        )
        parts = [_BOUNDARY, head.encode(), _BOUNDARY, b"\r\n\tContent-Type: application/octet-stream\r\n"]
        parts += [len(wrapped.header).to_bytes(4, "little"), wrapped.header, wrapped.data, _BOUNDARY, b"--\r\n"]
        kind = f'multipart/encrypted;protocol="{_SEALED}";boundary="Encrypted Boundary"'
        return self._say(status, b"".join(parts), kind)

    def _say(self, status: int, body: bytes = b"", kind: str = "text/plain", challenge: str | None = None) -> None:
        self.send_response(status)
        if challenge := challenge or self.last:
            self.send_header("WWW-Authenticate", challenge)
            self.last = None
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no error of the responder."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def running(wmi: Wmi, certificate: Path | None = None, key: Path | None = None) -> Iterator[int]:
    """The responder until the block ends, over TLS with a certificate (PEM); gives its port."""
    handler = type("Handler", (_Handler,), {"wmi": wmi})
    with _Server(("127.0.0.1", 0), handler) as server:
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            digest = sha256(ssl.PEM_cert_to_DER_cert(certificate.read_text(encoding="ascii"))).digest()
            handler.bindings = spnego.channel_bindings.GssChannelBindings(
                application_data=b"tls-server-end-point:" + digest
            )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_port
        finally:
            wmi.stopped.set()
            server.shutdown()
