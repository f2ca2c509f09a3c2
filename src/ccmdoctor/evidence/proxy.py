"""The machine's WinHTTP proxy, which the scan uses: ``netsh winhttp show proxy``.

Where that was not asked, a failed request of the agent may name the proxy over which it went:
SendRequest failed with hr = 80072efd. Proxy List used: <proxy.contoso.com:8080> Bypass List used : <(null)> ...
"""

from __future__ import annotations

import ipaddress
import re
from fnmatch import fnmatchcase
from urllib.parse import SplitResult

from ccmdoctor.evidence.base import Bundle, Evidence, Proof, newest
from ccmdoctor.formats.web_address import split
from ccmdoctor.knowledge.tables import table
from ccmdoctor.model import Event, State

_FOR_SCHEME = re.compile(r"\b(https?|ftp|socks)=", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}


class WinHttpProxy(Evidence, frozen=True):
    """The proxy as shown by netsh. ``bypass`` holds its list of exceptions, as written."""

    asks = "winhttp-proxy"

    shown: State

    @classmethod
    def read(cls, bundle: Bundle) -> WinHttpProxy | None:
        """None when the command's output is not in the bundle."""
        found = newest(bundle.states("winhttp-proxy")) or _named_by_agent(bundle.events("wu-proxy-used"))
        return cls(shown=found) if found else None

    @property
    def is_direct(self) -> bool:
        """No proxy at all."""
        return bool(self.shown.values.get("direct"))

    @property
    def server(self) -> str | None:
        """host:port of the proxy."""
        value = self.shown.values.get("server")
        return str(value) if value else None

    @property
    def setting(self) -> str:
        """What is set: host:port, or the line that says that there is none."""
        return self.server or self.shown.text.strip()

    @property
    def bypass(self) -> tuple[str, ...]:
        """The exceptions."""
        return tuple(self.shown.values.get("bypass") or ())

    def used_for(self, address: str | None) -> bool | None:
        """Whether WinHTTP would go through the proxy for this address (a URL or host).

        None when there are exceptions and the address is not known. A name without a dot matches ``<local>``; entries
        may hold ``*``, a scheme and a port; the proxy may be set for one scheme only.
        Source: https://learn.microsoft.com/windows/win32/api/winhttp/ns-winhttp-winhttp_proxy_info
        """
        if self.is_direct or not self.server:
            return False
        asked = split(address, "http")
        schemes = {scheme.lower() for scheme in _FOR_SCHEME.findall(self.shown.text)}
        if asked is None:
            return None if self.bypass else True
        if schemes and asked.scheme not in schemes:
            return False
        return not any(_covers(entry, asked) for entry in self.bypass)

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The line that names it."""
        return (self.shown,)


def _named_by_agent(sent: list[Event]) -> State | None:
    """The proxy of the newest failed request that names one. That others name none says nothing: it tries both."""
    last = newest([one for one in sent if _said(one, "proxy")])
    if last is None:
        return None
    values = {
        "direct": False,
        "server": _said(last, "proxy"),
        "bypass": _said(last, "bypass").replace(";", " ").split(),
    }
    return State("winhttp-proxy", "agent", values, last.record.place, last.record.text)


def _said(event: Event, field: str) -> str:
    """A field without the marks around it; empty for the agent's word for none."""
    said = event.fields.get(field, "").strip()
    return "" if said.strip("()").lower() in ("null", "") else said


def _port(asked: SplitResult) -> int | None:
    try:
        return asked.port or _PORTS.get(asked.scheme)
    except ValueError:
        return None


def _covers(entry: str, asked: SplitResult) -> bool:
    host, pattern = (asked.hostname or "").lower(), entry.strip().lower()
    if pattern == "<local>":
        return "." not in host and not _is_address(host)
    scheme, separator, pattern = pattern.rpartition("://")
    pattern = pattern.split("/")[0]
    name, _, port = pattern.rpartition(":")
    if name and port.isdecimal():
        if int(port) != _port(asked):
            return False
        pattern = name
    if separator and scheme != asked.scheme:
        return False
    return bool(pattern) and fnmatchcase(host, pattern.strip("[]"))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class UserProxy(Evidence, frozen=True):
    """The proxy of the signed-in user, from the Internet settings in the registry."""

    asks = "user-proxy"

    enabled: State | None
    address: State | None

    @classmethod
    def read(cls, bundle: Bundle) -> UserProxy | None:
        """None when the user's Internet settings are not in the bundle."""
        key = table("windows_update")["keys"]["internet"].lower()
        found = {state.name.lower(): state for state in bundle.states("registry-value")}
        enabled, address = (found.get(f"hkcu\\{key}\\{name}") for name in ("proxyenable", "proxyserver"))
        return cls(enabled=enabled, address=address) if enabled or address else None

    @property
    def in_use(self) -> bool:
        """Whether a proxy is switched on for the user."""
        return self.enabled is not None and self.enabled.values.get("value") == 1 and self.address is not None

    @property
    def server(self) -> str | None:
        """host:port of the user's proxy."""
        return str(self.address.values.get("value")) if self.address else None

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The registry values."""
        return tuple(one for one in (self.enabled, self.address) if one is not None)
