"""Addresses of other machines, and the name and password for them. A password never stands in an address.

``scheme://[user@]host[:port][/path]`` and ``\\\\host\\share\\path``. The user may carry a domain (``CONTOSO;user`` or
``user@contoso.com``). Credentials come from the environment, the keyring, or a person, in this order; whom to ask and
how is the affair of the command line.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import unquote

from ccmdoctor.model import InputError
from ccmdoctor.sources.artifact import RefusedError

KEYRING = "ccmdoctor"  # the service; the user of an entry is the host, or user@host
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://", re.ASCII)  # one letter is a drive
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:\[\]?#@]+)(?::(\d{1,5}))?")
_WANTED = ("remote-logon-refused", "remote-no-credentials")  # refusals after which other credentials may help


class Address(NamedTuple):
    """A place on another machine; ``path`` has forward slashes and no leading one."""

    scheme: str
    host: str
    port: int | None
    user: str | None
    path: str

    def __str__(self) -> str:
        port = f":{self.port}" if self.port else ""
        return f"{self.scheme}://{self.host}{port}" + (f"/{self.path}" if self.path else "")


class Credentials(NamedTuple):
    """A name and a password; either may be None, which means the account that runs this."""

    user: str | None
    password: str | None

    def __repr__(self) -> str:
        return f"Credentials({self.user!r}, ...)"


def scheme_of(address: str) -> str | None:
    """``smb`` of ``smb://host``, in lower case; None for a path."""
    found = _SCHEME.match(address)
    return found[1].lower() if found else None


def refuse_password(address: str) -> None:
    """Raises InputError when a URL carries a password, without repeating the address."""
    scheme = scheme_of(address)
    if scheme is None:
        return
    authority = address[len(scheme) + 3 :].split("/")[0]
    user, at, host = authority.rpartition("@")
    # a password may hold a slash, so what looks like a port that is none counts as well
    if (at and ":" in user) or (":" in host and not host.startswith("[") and not host.rpartition(":")[2].isdigit()):
        raise InputError("password-in-address", scheme=scheme)


def parse(address: str) -> Address:
    """The parts of ``scheme://[user@]host[:port][/path]``. Raises InputError for anything else."""
    scheme = scheme_of(address)
    refuse_password(address)
    authority, _, path = address[len(scheme or "") + 3 :].partition("/")
    user, _, host = authority.rpartition("@")
    found = _HOST.fullmatch(host)
    if scheme is None or not found or int(found[2] or 0) > 0xFFFF:
        raise InputError("bad-remote-address", scheme=scheme or "smb")
    port = int(found[2]) if found[2] else None
    return Address(scheme, found[1].strip("[]"), port, unquote(user).replace(";", "\\") or None, _path(unquote(path)))


def parse_unc(address: str) -> Address:
    r"""The parts of ``\\host\share\path``. Raises InputError for anything else."""
    host, _, path = address.replace("\\", "/").lstrip("/").partition("/")
    if not host or not _HOST.fullmatch(host):
        raise InputError("bad-remote-address", scheme="smb")
    return Address("smb", host, None, None, _path(path))


def _path(path: str) -> str:
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
    if ".." in parts:
        raise InputError("bad-remote-address", scheme="smb")
    return "/".join(parts)


Asker = Callable[[str, "str | None"], "Credentials | None"]
_ask: Asker | None = None


def ask_with(ask: Asker | None) -> None:
    """Who is asked for what is not known: ``ask(host, user)`` gives credentials, or None when nobody answers."""
    global _ask
    _ask = ask


def log_on(address: Address, attempt: Callable[[Credentials], object]) -> Credentials:
    """The credentials with which ``attempt`` succeeded: what is known, then what is asked for. Raises RefusedError."""
    who = known(address)
    try:
        attempt(who)
    except RefusedError as refusal:
        # a password that is refused is not tried in another way: each trial may lock the account
        typed = _ask(address.host, who.user) if _ask and refusal.why in _WANTED and not who.password else None
        if typed is None:
            raise
        attempt(typed)
        return typed
    return who


def known(address: Address) -> Credentials:
    """Name and password for a host, without asking anybody.

    The name: the address, else CCMDOCTOR_USER. The password: CCMDOCTOR_PASSWORD, else the keyring (service
    ``ccmdoctor``, user ``name@host`` or ``host``).
    """
    user = address.user or os.environ.get("CCMDOCTOR_USER") or None
    password = os.environ.get("CCMDOCTOR_PASSWORD") or None
    if user and password is None:
        password = stored(f"{user}@{address.host}") or stored(address.host)
    return Credentials(user, password)


def stored(name: str) -> str | None:
    """The password of this name in the keyring; None without one."""
    with suppress(Exception):  # no keyring installed, or none that can be opened here
        import keyring

        return keyring.get_password(KEYRING, name) or None
    return None
