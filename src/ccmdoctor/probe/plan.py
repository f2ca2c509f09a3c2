"""Which addresses are asked: from the command line, else from a client's evidence.

A management point is asked ``/sms_mp/.sms_aut?mplist``, an update point its web services for clients; scheme and port
are those of the address (WSUS listens on 8530 and 8531 unless it was set up otherwise).
Sources: https://jpmem.github.io/blog/mecm/20250325_01/ and MS-WUSP 2.1.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from ccmdoctor.evidence.base import Bundle
from ccmdoctor.evidence.management_point import ManagementPointTraffic
from ccmdoctor.evidence.scan import ScanHistory
from ccmdoctor.evidence.update_point import UpdatePointLocation, UpdateSource
from ccmdoctor.formats.web_address import site_in
from ccmdoctor.model import InputError

MPLIST = "/sms_mp/.sms_aut?mplist"
WSUS_PORT, WSUS_TLS_PORT = 8530, 8531
_PORTS = {"http": 80, "https": 443}
_TLS_PORTS = (443, WSUS_TLS_PORT)


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
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def url(self) -> str:
        """The whole address."""
        return f"{self.scheme}://{self.host_header}{self.path}"

    def at(self, path: str) -> Address:
        """Another path of the same server."""
        return self._replace(path=path)


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

    ``scheme`` and ``port`` stand where none is written; ports of TLS mean https.
    """
    bare = "://" not in given
    try:
        parts = urlsplit(f"//{given}" if bare else given)
        host, stated = parts.hostname or "", parts.port
        host.encode("idna")
    except (ValueError, UnicodeError):
        raise InputError("bad-url", value=_without_secrets(given)) from None
    if not host or parts.username is not None or any(letter <= " " or letter == "\x7f" for letter in given):
        raise InputError("bad-url", value=_without_secrets(given))
    if bare:
        scheme = "https" if stated in _TLS_PORTS else scheme
    else:
        scheme, port = parts.scheme.lower(), None
    if scheme not in _PORTS:
        raise InputError("bad-url", value=_without_secrets(given))
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not path.isascii():
        raise InputError("bad-url", value=_without_secrets(given))
    name = host if host.isascii() else host.encode("idna").decode()
    return Address(scheme, name, stated or port or _PORTS[scheme], path)


def _without_secrets(given: str) -> str:
    """The address without a name and password, which must not come to stand in an output."""
    before, at, after = given.rpartition("@")
    return f"{before.partition('//')[0] + '//' if '//' in before else ''}…@{after}" if at else given


def servers_of(bundle: Bundle) -> tuple[str | None, str | None]:
    """The management point and the update point that a client's evidence names, newest first; None where it names none.

    The management point is the one of the newest request, whether it failed or came through.
    """
    return _management_point_of(bundle), _update_point_of(bundle)


def _management_point_of(bundle: Bundle) -> str | None:
    traffic = bundle.evidence(ManagementPointTraffic)
    if traffic is None:
        return None
    failure = traffic.current
    if failure is not None and (failure.address or failure.host):
        return site_in(failure.address if "//" in failure.address else f"http://{failure.host}")
    named = [event.fields["host"] for event in traffic.successes if event.fields.get("host")]
    return named[-1] if named else (traffic.probe.name or None if traffic.probe else None)


def _update_point_of(bundle: Bundle) -> str | None:
    source, scans, location = (
        bundle.evidence(UpdateSource),
        bundle.evidence(ScanHistory),
        bundle.evidence(UpdatePointLocation),
    )
    named = (source and source.server, scans and scans.latest.server, location and location.server)
    return next((str(one) for one in named if one), None)
