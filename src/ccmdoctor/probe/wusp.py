"""The beginning of a client's scan: GetConfig, GetAuthorizationCookie, GetCookie, one SyncUpdates.

Messages, actions and namespaces are those of MS-WUSP 2.2.2 and 3.1.5
(https://learn.microsoft.com/openspecs/windows_protocols/ms-wusp/). The probe says who it is by one fixed id and name,
so that a server which notes the client behind an authorization cookie notes one and the same for all probes; it never
registers a computer and reports nothing. A server that wants the registration first is alive: that ends it well.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

from lxml import etree  # type: ignore[import-untyped]

CLIENT = "http://www.microsoft.com/SoftwareDistribution/Server/ClientWebService"
SIMPLE_AUTH = "http://www.microsoft.com/SoftwareDistribution/Server/SimpleAuthWebService"
CLIENT_PATH = "/ClientWebService/client.asmx"
AUTH_PATH = "/SimpleAuthWebService/SimpleAuth.asmx"
PROBE_ID = "6f5f3a0e-8a53-5c6b-9d0f-ccd0c7012000"  # one for all probes, so that they leave one trace at most
PROBE_NAME = "ccmdoctor-probe"
PROTOCOL = "1.20"
REGISTRATION = "RegistrationRequired"
_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_MOST_COOKIE = 1 << 16


Element = Any  # an element of lxml, which has no types


class Call(NamedTuple):
    """A SOAP 1.1 request: where it goes, its action and its envelope."""

    path: str
    action: str
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        """The header lines that make it SOAP."""
        return {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{self.action}"'}


class Config(NamedTuple):
    """What GetConfig gave: when the server changed last (as written), and whether it wants clients to register."""

    last_change: str
    registration: bool
    protocol: str | None


class SoapFault(NamedTuple):
    """A fault: its code ("Server", "Client") and what the server says, error code first."""

    code: str
    error: str | None
    text: str


class NotSoapError(Exception):
    """The answer is not the one that was asked for; the text says what it is instead."""


def get_config() -> Call:
    """Asks for the server's configuration."""
    return _call("GetConfig", f"<protocolVersion>{PROTOCOL}</protocolVersion>")


def get_authorization_cookie() -> Call:
    """Asks for the proof of identity, in the name of the probe and without a target group."""
    parts = f"<clientId>{PROBE_ID}</clientId><targetGroupName/><dnsName>{PROBE_NAME}</dnsName>"
    return _call("GetAuthorizationCookie", parts, SIMPLE_AUTH, AUTH_PATH)


def get_cookie(plug_in: str, data: bytes, last_change: str) -> Call:
    """Asks for the cookie that all further calls carry. ``last_change`` is the one of GetConfig."""
    at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return _call(
        "GetCookie",
        f"<authCookies><AuthorizationCookie><PlugInId>{escape(plug_in)}</PlugInId>"
        f"<CookieData>{base64.b64encode(data).decode()}</CookieData></AuthorizationCookie></authCookies>"
        f"<lastChange>{escape(last_change)}</lastChange><currentTime>{at}</currentTime>"
        f"<protocolVersion>{PROTOCOL}</protocolVersion>",
    )


def sync_updates(expiration: str, data: bytes) -> Call:
    """Asks for the first round of updates, as a client does that has none yet."""
    return _call(
        "SyncUpdates",
        f"<cookie><Expiration>{escape(expiration)}</Expiration>"
        f"<EncryptedData>{base64.b64encode(data).decode()}</EncryptedData></cookie>"
        "<parameters><ExpressQuery>false</ExpressQuery><InstalledNonLeafUpdateIDs/><OtherCachedUpdateIDs/>"
        "<SkipSoftwareSync>false</SkipSoftwareSync><NeedTwoGroupOutOfScopeUpdates>true</NeedTwoGroupOutOfScopeUpdates>"
        "</parameters>",
    )


def _call(operation: str, parts: str, namespace: str = CLIENT, path: str = CLIENT_PATH) -> Call:
    body = (
        f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{_ENVELOPE}"><soap:Body>'
        f'<{operation} xmlns="{namespace}">{parts}</{operation}></soap:Body></soap:Envelope>'
    )
    return Call(path, f"{namespace}/{operation}", body.encode())


def result(body: bytes, operation: str, namespace: str = CLIENT) -> Element | SoapFault:
    """The result element of an operation, or the fault. Raises NotSoapError for anything else."""
    root = _parsed(body)
    inside = root.find(f"{{{_ENVELOPE}}}Body") if root.tag == f"{{{_ENVELOPE}}}Envelope" else None
    if inside is None:
        raise NotSoapError(f"<{root.tag.rpartition('}')[2]}> is no SOAP envelope")
    fault = inside.find(f"{{{_ENVELOPE}}}Fault")
    if fault is not None:
        return _fault(fault)
    found = inside.find(f"{{{namespace}}}{operation}Response/{{{namespace}}}{operation}Result")
    if found is None:
        raise NotSoapError(f"no {operation}Result in the answer")
    return found


def _parsed(body: bytes) -> Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise NotSoapError(f"no XML: {str(error)[:120]}") from None


def _fault(fault: Element) -> SoapFault:
    code = (fault.findtext("faultcode") or "").rpartition(":")[2].strip()
    detail = fault.find("detail")
    error = detail.findtext("ErrorCode") if detail is not None else None
    message = detail.findtext("Message") if detail is not None else None
    said = (error, message or fault.findtext("faultstring"))
    return SoapFault(code, error, " ".join(part.strip() for part in said if part))


def read_config(found: Element) -> Config:
    """The answer of GetConfig. Raises NotSoapError when it does not say when the server changed."""
    last = found.findtext(f"{{{CLIENT}}}LastChange")
    if not last:
        raise NotSoapError("GetConfigResult without LastChange")
    properties = {
        one.findtext(f"{{{CLIENT}}}Name"): one.findtext(f"{{{CLIENT}}}Value")
        for one in found.iter(f"{{{CLIENT}}}ConfigurationProperty")
    }
    wants = (found.findtext(f"{{{CLIENT}}}IsRegistrationRequired") or "").strip() == "true"
    return Config(last.strip(), wants, properties.get("ProtocolVersion"))


def read_auth_cookie(found: Element) -> tuple[str, bytes]:
    """The plug-in's name and the cookie's bytes of GetAuthorizationCookie. Raises NotSoapError."""
    plug_in = found.findtext(f"{{{SIMPLE_AUTH}}}PlugInId") or ""
    return plug_in, _bytes(found.findtext(f"{{{SIMPLE_AUTH}}}CookieData"), "CookieData")


def read_cookie(found: Element) -> tuple[str, bytes]:
    """Expiration (as written) and bytes of the cookie of GetCookie. Raises NotSoapError."""
    expiration = found.findtext(f"{{{CLIENT}}}Expiration")
    if not expiration:
        raise NotSoapError("GetCookieResult without Expiration")
    return expiration.strip(), _bytes(found.findtext(f"{{{CLIENT}}}EncryptedData"), "EncryptedData")


def count_updates(found: Element) -> tuple[int, bool]:
    """How many new updates the first round of SyncUpdates names, and whether the server cut it short."""
    updates = sum(1 for _ in found.iter(f"{{{CLIENT}}}UpdateInfo"))
    return updates, (found.findtext(f"{{{CLIENT}}}Truncated") or "").strip() == "true"


def _bytes(text: str | None, name: str) -> bytes:
    try:
        data = base64.b64decode(text or "", validate=False)
    except (binascii.Error, ValueError):
        data = b""
    if not 0 < len(data) <= _MOST_COOKIE:
        raise NotSoapError(f"no usable {name}")
    return data
