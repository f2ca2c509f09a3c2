"""The way to a server as WinHTTP decides it: through the machine's proxy, or past it by the list of exceptions.

The setting is that of ``--proxy``/``--bypass``, else of a client's evidence, else (on Windows) of this machine.
Source: https://learn.microsoft.com/windows/win32/api/winhttp/ns-winhttp-winhttp_proxy_info
"""

from __future__ import annotations

import re
import sys
from typing import Any

from ccmdoctor.evidence.proxy import WinHttpProxy
from ccmdoctor.model import InputError, Place, State
from ccmdoctor.probe.plan import Address, read_address, without_secrets
from ccmdoctor.probe.steps import FILE, FaultError

_FOR_SCHEME = re.compile(r"\b(https?)=(?:https?://)?([^\s;,]+)", re.IGNORECASE)
_SEPARATORS = re.compile(r"[;,\s]+")
_PORT = 80  # WinHTTP's, where the setting names none


def given(server: str, bypass: str = "") -> State:
    """``--proxy`` and ``--bypass`` as the setting that ``netsh winhttp set proxy`` would make of them.

    Raises InputError for what is no address.
    """
    try:
        for one in _hosts(server) or [server]:
            read_address(one, "http", _PORT)
    except InputError:  # a password may hold what separates entries, so that a part of it would not be known for one
        raise InputError("bad-url", value=without_secrets(server)) from None
    return _setting(server, bypass)


def _setting(server: str, bypass: str) -> State:
    hosts = [one.rpartition("://")[2].rstrip("/") for one in _hosts(server)]
    values: dict[str, Any] = {
        "direct": False, "server": hosts[0] if hosts else server, "servers": hosts,
        "bypass": [word for word in _SEPARATORS.split(bypass) if word],
    }  # fmt: skip
    text = f"Proxy Server(s) : {server}\nBypass List : {bypass or '(none)'}"
    return State("winhttp-proxy", "winhttp", values, Place(FILE, 1), text)


def _hosts(server: str) -> list[str]:
    """The addresses of a setting, without the schemes that they are for."""
    return [part.rpartition("=")[2] for part in _SEPARATORS.split(server) if part]


def of_this_machine() -> State | None:
    """The machine's WinHTTP setting; None where there is no WinHTTP."""
    if sys.platform != "win32":
        return None
    import ctypes  # the rest is Windows only

    class Info(ctypes.Structure):
        _fields_ = (("access", ctypes.c_ulong), ("proxy", ctypes.c_wchar_p), ("bypass", ctypes.c_wchar_p))

    info = Info()
    if not ctypes.WinDLL("winhttp").WinHttpGetDefaultProxyConfiguration(ctypes.byref(info)):
        return None
    if info.proxy:
        return _setting(without_secrets(info.proxy), info.bypass or "")
    values: dict[str, Any] = {"direct": True, "server": None, "servers": [], "bypass": []}
    return State("winhttp-proxy", "winhttp", values, Place(FILE, 1), "Direct access (no proxy server).")


def way_to(address: Address, setting: State | None) -> tuple[Address | None, str]:
    """The proxy to go through (None: straight), and why. Raises FaultError for a setting that names no address."""
    if setting is None:
        return None, "direct"
    found = WinHttpProxy(shown=setting)
    if found.is_direct or not found.server:
        return None, "direct"
    if found.used_for(address.url):
        try:
            proxy = _server_for(address.scheme, setting)
        except InputError as error:
            raise FaultError("proxy-unreachable", f"the proxy is no address: {error.about['value']}") from None
        return proxy, f"proxy {proxy.authority}"
    entry = next((one for one in found.bypass if not _only(setting, one).used_for(address.url)), None)
    return None, f"direct, bypass {entry}" if entry else f"direct, no proxy for {address.scheme}"


def _only(setting: State, entry: str) -> WinHttpProxy:
    values = {**setting.values, "bypass": [entry]}
    return WinHttpProxy(shown=State(setting.kind, setting.name, values, setting.place, setting.text))


def _server_for(scheme: str, setting: State) -> Address:
    by_scheme = {one.lower(): server for one, server in _FOR_SCHEME.findall(setting.text)}
    return read_address(by_scheme.get(scheme) or str(setting.values["server"]), "http", _PORT)._replace(scheme="http")
