"""The machine's WinHTTP proxy, which the scan uses: ``netsh winhttp show proxy``."""

from __future__ import annotations

import ipaddress
from fnmatch import fnmatch
from urllib.parse import urlsplit

from ccmdoctor.evidence.base import Bundle, Evidence, Proof
from ccmdoctor.evidence.policy import newest_state
from ccmdoctor.model import State


class WinHttpProxy(Evidence, frozen=True):
    """The proxy as shown by netsh. ``bypass`` holds its list of exceptions, as written."""

    asks = "winhttp-proxy"

    shown: State

    @classmethod
    def read(cls, bundle: Bundle) -> WinHttpProxy | None:
        """None when the command's output is not in the bundle."""
        found = newest_state(bundle.states("winhttp-proxy"))
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
    def bypass(self) -> tuple[str, ...]:
        """The exceptions."""
        return tuple(self.shown.values.get("bypass") or ())

    def used_for(self, address: str | None) -> bool:
        """Whether WinHTTP would go through the proxy for this address (a URL or host).

        A name without a dot matches ``<local>``; entries may hold ``*``, a scheme and a port.
        Source: the WinHTTP documentation of proxy bypass lists.
        """
        if self.is_direct or not self.server:
            return False
        host = (urlsplit(address if address and "//" in address else f"//{address or ''}").hostname or "").lower()
        return not (host and any(_covers(entry, host) for entry in self.bypass))

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The line that names it."""
        return (self.shown,)


def _covers(entry: str, host: str) -> bool:
    pattern = entry.strip().lower()
    if pattern == "<local>":
        return "." not in host and not _is_address(host)
    pattern = pattern.split("//")[-1].split("/")[0]
    name, _, port = pattern.rpartition(":")
    pattern = name if name and port.isdigit() else pattern
    return bool(pattern) and fnmatch(host, pattern)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
