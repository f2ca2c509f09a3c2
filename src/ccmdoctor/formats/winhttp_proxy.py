"""The answer of ``netsh winhttp show proxy``: how services, and so the update scan, reach the web.

English, Japanese, German and French, as they are printed on Windows 10 and 11 and as people paste them::

    Current WinHTTP proxy settings:

        Proxy Server(s) :  proxy.contoso.com:8080
        Bypass List     :  *.contoso.com;<local>

    現在の WinHTTP プロキシ設定:

        直接アクセス (プロキシ サーバーなし)。
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from ccmdoctor.model import Place, State

MARKERS: tuple[str, ...] = (
    "direct access (no proxy server)",
    "proxy server(s)",
    "bypass list",
    "winhttp プロキシ",
    "直接アクセス",
    "バイパス一覧",
    "バイパス 一覧",
    "winhttp-proxyeinstellungen",
    "kein proxyserver",
    "umgehungsliste",
    "de proxy winhttp",
    "serveur(s) proxy",
    "serveur proxy",
)

_HEADINGS = (
    "winhttpproxysettings",
    "winhttpプロキシ設定",
    "winhttpプロキシの設定",
    "winhttp-proxyeinstellungen",
    "paramètresdeproxywinhttpactuels",
    "paramètresdeproxywinhttpencours",
)
_DIRECT = (
    "directaccess(noproxyserver)",
    "直接アクセス(プロキシサーバーなし)",
    "直接アクセス(プロキシサーバなし)",
    "direkterzugriff(keinproxyserver)",
    "accèsdirect(aucunserveurproxy)",
    "accèsdirect(sansserveurproxy)",
)
_SERVER_LABELS = frozenset(
    {
        "proxyserver(s)",
        "proxyserver",
        "プロキシサーバー",
        "プロキシサーバ",
        "プロキシサーバー(s)",
        "serveur(s)proxy",
        "serveurproxy",
    }
)
_BYPASS_LABELS = frozenset(
    {"bypasslist", "バイパス一覧", "バイパスリスト", "umgehungsliste", "listedecontournement", "listed'exclusion"}
)
_NOTHING = frozenset({"", "(none)", "(なし)", "none", "なし", "(kein)", "(keine)", "(aucun)", "(aucune)"})
_SEPARATORS = re.compile(r"[;,\s]+")
# a name and password before a host: of no use to WinHTTP, and never quoted
_SECRET = re.compile(r"(?<![^\s;,=/])[^\s;,=/]+@")
_NEAR = 4  # the heading, a blank line, the two lines of the answer


def read(text: str, file: str) -> list[State]:
    """Every WinHTTP proxy setting in ``text``, in order; a capture may hold one before and one after a change.

    ``values``: ``direct``, ``server`` (host:port that serves plain http, else the first one), ``servers`` (all of
    them, http first), ``bypass``.
    """
    lines = [
        _SECRET.sub("***@", line)
        for line in text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    ]
    keys = [_compact(line) for line in lines]
    found: list[State] = []
    for index, key in enumerate(keys):
        if _says_direct(key):
            values: dict[str, Any] = {"direct": True, "server": None, "servers": [], "bypass": []}
            found.append(State("winhttp-proxy", "winhttp", values, Place(file, index + 1), lines[index].rstrip()))
        elif key.partition(":")[0] in _SERVER_LABELS:
            state = _proxy(lines, keys, index, file)
            if state is not None:
                found.append(state)
    return found


def _compact(line: str) -> str:
    """The line without blanks and in one width, so that every way of typing or pasting it compares equal."""
    return "".join(unicodedata.normalize("NFKC", line).casefold().split()).lstrip(">*-|#`\"'")


def _says_direct(key: str) -> bool:
    """Whether the whole line says "direct", alone or behind the heading; a sentence that quotes it does not count."""
    rest = key.rstrip("。.`\"'*|")
    if not rest.endswith(_DIRECT):
        return False
    before = rest[: max(rest.find(phrase) for phrase in _DIRECT)]
    return before == "" or before.rstrip(":").endswith(_HEADINGS)


def _proxy(lines: list[str], keys: list[str], index: int, file: str) -> State | None:
    """The state of a server line, or None when neither the heading nor the bypass line stands beside it."""
    servers = _hosts(_after_colon(lines[index]))
    if not servers:
        return None
    last = next(
        (at for at in range(index + 1, min(index + _NEAR, len(keys))) if keys[at].partition(":")[0] in _BYPASS_LABELS),
        None,
    )
    headed = any(heading in key for key in keys[max(0, index - _NEAR) : index] for heading in _HEADINGS)
    if last is None and not headed:
        return None
    bypass = [] if last is None else _words(_after_colon(lines[last]))
    quoted = lines[index : index + 1] if last is None else lines[index : last + 1]
    values = {"direct": False, "server": servers[0], "servers": servers, "bypass": bypass}
    return State("winhttp-proxy", "winhttp", values, Place(file, index + 1), "\n".join(x.rstrip() for x in quoted))


def _after_colon(line: str) -> str:
    return unicodedata.normalize("NFKC", line).partition(":")[2].strip()


def _words(value: str) -> list[str]:
    if "".join(value.casefold().split()) in _NOTHING:
        return []
    return [word for word in _SEPARATORS.split(value) if word]


def _hosts(value: str) -> list[str]:
    """``http=a:80;https=b:443`` to ``["a:80", "b:443"]``: what serves http first, because scans use http."""
    http: list[str] = []
    other: list[str] = []
    for word in _words(value):
        scheme, equals, address = word.rpartition("=")
        host = (address if equals else word).partition("://")
        bare = (host[2] or host[0]).rstrip("/")
        if bare:
            (http if scheme.casefold() == "http" else other).append(bare)
    return list(dict.fromkeys(http + other))
