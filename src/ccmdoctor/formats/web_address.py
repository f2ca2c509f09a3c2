"""Web addresses as evidence states them: whole, without a scheme, cut, or no address at all."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit


def split(address: str | None, scheme: str = "") -> SplitResult | None:
    """The parts of an address, ``host[:port][/path]`` of ``scheme`` where it names none; None when it has no host."""
    try:
        asked = urlsplit(address if address and "//" in address else f"//{address or ''}", scheme)
        return asked if asked.hostname else None
    except ValueError:  # brackets that hold no IPv6 address
        return None


def host_in(address: str | None) -> str:
    """The host of an address in small letters, or nothing."""
    asked = split(address)
    return (asked.hostname or "").lower() if asked else ""


def site_in(address: str | None) -> str | None:
    """Scheme, host and port of an address with all that it states; None without a scheme or a host."""
    asked = split(address)
    return f"{asked.scheme}://{asked.netloc}" if asked and asked.scheme else None
