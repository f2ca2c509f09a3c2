"""A WSUS that speaks MS-WUSP as far as the beginning of a scan goes. Its answers are checked with a WSDL by zeep."""

from __future__ import annotations

import base64
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.etree import ElementTree

CLIENT = "http://www.microsoft.com/SoftwareDistribution/Server/ClientWebService"
AUTH = "http://www.microsoft.com/SoftwareDistribution/Server/SimpleAuthWebService"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
LAST_CHANGE = "2025-03-24T23:10:00.123Z"
UPDATE = (
    "<UpdateInfo><ID>{0}</ID><Deployment><ID>{0}</ID><Action>Evaluate</Action><IsAssigned>true</IsAssigned>"
    "<LastChangeTime>2025-03-24</LastChangeTime><AutoSelect>0</AutoSelect><AutoDownload>0</AutoDownload>"
    "<SupersedenceBehavior>0</SupersedenceBehavior></Deployment><IsLeaf>true</IsLeaf><Xml>&lt;x/&gt;</Xml></UpdateInfo>"
)
MPLIST = (
    '<MPList><MP Name="MP01" FQDN="mp01.contoso.com"><Version>9106</Version>'
    '<Capabilities SchemaVersion="1.0"/></MP></MPList>'
)


class Wsus:
    """What the responder is told to do, and what it was asked. ``slow`` is in seconds, before SyncUpdates."""

    def __init__(self) -> None:
        self.slow = 0.0
        self.fault: tuple[str, str, str] | None = None  # operation, faultcode, error code
        self.updates = 3
        self.big = 0
        self.asked: list[tuple[str, str, str]] = []  # method, path, user agent
        self.bodies: list[bytes] = []
        self.page = b"<html><body>ClientWebService: GetConfig, SyncUpdates</body></html>"
        self.page_status = 200
        self.raw: bytes | None = None  # in place of every SOAP answer


def envelope(inside: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{SOAP}"><soap:Body>{inside}'
        "</soap:Body></soap:Envelope>"
    ).encode()


def answer(operation: str, asked: ElementTree.Element, wsus: Wsus) -> tuple[int, bytes]:
    """Status and envelope for an operation; faults as ASP.NET gives them, with status 500."""
    if wsus.raw is not None:
        return 200, wsus.raw
    if wsus.fault and wsus.fault[0] == operation:
        return 500, fault(*wsus.fault[1:])
    if operation == "GetConfig":
        return 200, envelope(
            f'<GetConfigResponse xmlns="{CLIENT}"><GetConfigResult><LastChange>{LAST_CHANGE}</LastChange>'
            "<IsRegistrationRequired>true</IsRegistrationRequired><AuthInfo><AuthPlugInInfo>"
            "<PlugInID>SimpleTargeting</PlugInID><ServiceUrl>SimpleAuthWebService/SimpleAuth.asmx</ServiceUrl>"
            "<Parameter/></AuthPlugInInfo></AuthInfo><Properties><ConfigurationProperty><Name>ProtocolVersion</Name>"
            "<Value>3.2</Value></ConfigurationProperty></Properties></GetConfigResult></GetConfigResponse>"
        )
    if operation == "GetAuthorizationCookie":
        if not asked.findtext(f"{{{AUTH}}}clientId") or not asked.findtext(f"{{{AUTH}}}dnsName"):
            return 500, fault("Client", "InvalidParameters")
        return 200, envelope(
            f'<GetAuthorizationCookieResponse xmlns="{AUTH}"><GetAuthorizationCookieResult>'
            f"<PlugInId>SimpleTargeting</PlugInId><CookieData>{base64.b64encode(b'who').decode()}</CookieData>"
            "</GetAuthorizationCookieResult></GetAuthorizationCookieResponse>"
        )
    if operation == "GetCookie":
        cookies = asked.findall(f".//{{{CLIENT}}}CookieData")
        if len(cookies) != 1 or base64.b64decode(cookies[0].text or "") != b"who":
            return 500, fault("Client", "InvalidAuthorizationCookie")
        if asked.findtext(f"{{{CLIENT}}}lastChange") != LAST_CHANGE:
            return 500, fault("Client", "ConfigChanged")
        return 200, envelope(
            f'<GetCookieResponse xmlns="{CLIENT}"><GetCookieResult><Expiration>2025-03-25T23:10:00Z</Expiration>'
            f"<EncryptedData>{base64.b64encode(b'cookie').decode()}</EncryptedData></GetCookieResult>"
            "</GetCookieResponse>"
        )
    if base64.b64decode(asked.findtext(f".//{{{CLIENT}}}EncryptedData") or "") != b"cookie":
        return 500, fault("Client", "InvalidCookie")
    time.sleep(wsus.slow)
    updates = "".join(UPDATE.format(number) for number in range(1, wsus.updates + 1))
    return 200, envelope(
        f'<SyncUpdatesResponse xmlns="{CLIENT}"><SyncUpdatesResult><NewUpdates>{updates}</NewUpdates>'
        "<Truncated>true</Truncated><NewCookie><Expiration>2025-03-25T23:10:00Z</Expiration>"
        "<EncryptedData>Y29va2ll</EncryptedData></NewCookie><DriverSyncNotNeeded>false</DriverSyncNotNeeded>"
        f"</SyncUpdatesResult></SyncUpdatesResponse><!--{'x' * wsus.big}-->"
    )


def fault(code: str, error: str) -> bytes:
    return envelope(
        f"<soap:Fault><faultcode>soap:{code}</faultcode><faultstring>Fault occurred</faultstring><detail>"
        f"<ErrorCode>{error}</ErrorCode><Message>told by the server</Message>"
        "<ID>5d3aa4b1-3d17-4b2d-9f5e-0b6f2f1a7c11</ID></detail></soap:Fault>"
    )


@contextmanager
def running(wsus: Wsus, place: tuple[str, int] = ("127.0.0.1", 0), tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """The responder, on a free port of 127.0.0.1 unless told otherwise; yields the port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._note()
            if "mplist" in self.path:
                self._send(200, MPLIST.encode(), "text/xml")
            else:
                self._send(wsus.page_status, wsus.page, "text/html")

        def do_POST(self) -> None:
            self._note()
            body = self.rfile.read(int(self.headers["Content-Length"]))
            wsus.bodies.append(body)
            asked = ElementTree.fromstring(body)[0][0]
            namespace, _, operation = asked.tag[1:].partition("}")
            if self.headers["SOAPAction"] != f'"{namespace}/{operation}"':
                self._send(500, fault("Client", "InvalidParameters"), "text/xml")
            else:
                self._send(*answer(operation, asked, wsus), "text/xml; charset=utf-8")

        def _note(self) -> None:
            wsus.asked.append((self.command, self.path, self.headers["User-Agent"]))

        def _send(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(place, Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
