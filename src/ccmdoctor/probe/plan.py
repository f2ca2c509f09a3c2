"""Which addresses are asked: from the command line, else from a client's evidence.

A management point is asked ``/sms_mp/.sms_aut?mplist``, an update point its web services for clients; scheme and port
are those of the address (WSUS listens on 8530 and 8531 unless it was set up otherwise).
Sources: https://jpmem.github.io/blog/mecm/20250325_01/ and MS-WUSP 2.1.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from ccmdoctor.evidence.base import Bundle
from ccmdoctor.evidence.management_point import Failure, ManagementPointTraffic, is_over_gateway
from ccmdoctor.evidence.scan import ScanHistory
from ccmdoctor.evidence.update_point import UpdatePointLocation, UpdateSource
from ccmdoctor.formats.web_address import host_in
from ccmdoctor.model import Event, InputError

MPLIST = "/sms_mp/.sms_aut?mplist"
WSUS_PORT, WSUS_TLS_PORT = 8530, 8531
_PORTS = {"http": 80, "https": 443}
_TLS_PORTS = (443, WSUS_TLS_PORT)
_HOST = re.compile(r"\w[\w.-]*|[0-9a-f:.]+(?:%[\w.-]+)?", re.ASCII | re.IGNORECASE)  # a name, or IPv6 with its zone
_SCHEME = re.compile(r"(?:https?=)?https?://", re.IGNORECASE)
_PORTED = re.compile(r":\d+\Z")
_PATH = re.compile(r"/[!-~]*")


class Address(NamedTuple):
    """A place on a web server. ``path`` begins with a slash and includes the query."""

    scheme: str
    host: str
    port: int
    path: str = "/"

    @property
    def is_tls(self) -> bool:
        """Whether it is asked over TLS."""
        return self.scheme == "https"

    @property
    def authority(self) -> str:
        """Host and port as an address line and a CONNECT request hold them."""
        return f"{self._host}:{self.port}"

    @property
    def host_header(self) -> str:
        """Host, and the port where it is not the scheme's own."""
        return self._host if self.port == _PORTS[self.scheme] else self.authority

    @property
    def _host(self) -> str:
        return bracketed(self.host.partition("%")[0])  # a zone is a matter of this machine alone

    @property
    def tls_name(self) -> str:
        """The name that a certificate must bear: without the dot that ends a full name in DNS."""
        return self.host.removesuffix(".")

    @property
    def url(self) -> str:
        """The whole address."""
        return f"{self.scheme}://{self.host_header}{self.path}"

    def at(self, path: str) -> Address:
        """Another path of the same server."""
        return self._replace(path=path)


def bracketed(host: str) -> str:
    """The host as an address line holds it: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host


def management_point(given: str) -> Address:
    """The question for the list of management points at a host or URL. Raises InputError for what is no address."""
    asked = read_address(given, "http", None)
    return asked if "?" in asked.path else asked.at(MPLIST)


def update_point(given: str) -> Address:
    """The root of the web services at a URL; a bare host means WSUS's own port. Raises InputError."""
    asked = read_address(given, "http", WSUS_PORT)
    base = asked.path.partition("?")[0].lower()
    cut = min((at for at in (base.find(part) for part in ("/clientwebservice", "/simpleauth")) if at >= 0), default=-1)
    return asked.at(asked.path[:cut] if cut >= 0 else asked.path.partition("?")[0].rstrip("/"))


def read_address(given: str, scheme: str, port: int | None) -> Address:
    """Read a host or URL; raises InputError for anything else.

    ``scheme`` and ``port`` stand where none is written; ports of TLS mean https. IPv6 needs no brackets without a port.
    """
    found = _read(bracketed(given) if _is_ipv6(given) else given, scheme, port)
    if found is None:
        raise InputError("bad-url", value=without_secrets(given))
    return found


def _read(given: str, scheme: str, port: int | None) -> Address | None:
    """The address; None for what is none."""
    if any(letter <= " " or letter == "\x7f" for letter in given):  # which urlsplit would leave out in silence
        return None
    bare = "://" not in given
    try:
        parts = urlsplit(f"//{given}" if bare else given)
        stated = parts.port
        host = parts.hostname or ""
        host = host if host.isascii() else host.encode("idna").decode()
        host.encode("idna")  # labels that are empty or too long
    except (ValueError, UnicodeError):
        return None
    if not _HOST.fullmatch(host) or stated == 0 or parts.netloc.endswith(":") or parts.username is not None:
        return None
    if bare:
        scheme = "https" if stated in _TLS_PORTS else scheme
    else:
        scheme, port = parts.scheme.lower(), None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if scheme not in _PORTS or not _PATH.fullmatch(path):
        return None
    return Address(scheme, host, stated or port or _PORTS[scheme], path)


def _is_ipv6(given: str) -> bool:
    try:
        return ipaddress.ip_address(given).version == 6
    except ValueError:
        return False


def without_secrets(given: str) -> str:
    """The address without a name and password, which must not come to stand in an output."""
    before, at, after = given.rpartition("@")
    scheme = _SCHEME.match(before)
    return f"{scheme[0] if scheme else ''}…@{after}" if at else given


def servers_of(bundle: Bundle) -> tuple[Address | None, Address | None]:
    """The management point and the update point that a client's evidence names, newest first; None where it names none.

    The management point is the one of the newest request, whether it failed or came through. A cloud management gateway
    is none: it answers only to what a client signs. What the evidence writes in place of an address is none either.
    """
    return (
        next(_read_all(management_point, _management_points(bundle)), None),
        next(_read_all(update_point, _update_points(bundle)), None),
    )


def _read_all(reader: Callable[[str], Address], named: Iterable[str | None]) -> Iterator[Address]:
    for one in named:
        with contextlib.suppress(InputError):
            if one and not is_over_gateway(one):
                yield reader(one)


def _management_points(bundle: Bundle) -> Iterator[str | None]:
    traffic = bundle.evidence(ManagementPointTraffic)
    if traffic is None:
        return
    asked = traffic.probe.name if traffic.probe else ""
    hosts = [event.fields["host"] for event in traffic.successes if event.fields.get("host")]
    if traffic.current is not None:
        yield None if traffic.current.over_gateway else _address_of(traffic.current)
    elif hosts:
        # the log names the host alone; a direct question to the same one knows scheme and port
        yield asked if host_in(asked) == hosts[-1].lower() else hosts[-1]
    yield asked


def _address_of(failure: Failure) -> str:
    """Scheme, host and port of a failed request; the log writes the port beside the address."""
    if "//" not in failure.address:
        return failure.host
    scheme, _, rest = failure.address.partition("//")
    server = rest.partition("/")[0]
    fields = (event.fields for event in failure.proof if isinstance(event, Event))
    port = next((one["port"] for one in fields if one.get("port")), "")
    return f"{scheme}//{server}" if not port or _PORTED.search(server) else f"{scheme}//{server}:{port}"


def _update_points(bundle: Bundle) -> Iterator[str | None]:
    source, scans, location = (
        bundle.evidence(UpdateSource),
        bundle.evidence(ScanHistory),
        bundle.evidence(UpdatePointLocation),
    )
    yield source.server if source else None
    yield scans.latest.server if scans else None
    yield location.server if location else None
