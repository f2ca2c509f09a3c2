"""A client over WinRM: ``winrm://[user@]host[:port]``. Its WMI classes are enumerated; no shell is opened there.

The classes are those of the collector (collect/manifest.toml), and each becomes the file that the collector would
write, so nothing else need know how it came. Port 5986 means TLS with a certificate that is checked; on the default
port, 5985, messages are encrypted with the key of the logon (Negotiate). Logs do not come this way: add ``smb://host``.

Protocol: MS-WSMV, learn.microsoft.com/openspecs/windows_protocols/ms-wsmv; WQL: DSP0227 7.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

from ccmdoctor.collect import manifest
from ccmdoctor.model import InputError
from ccmdoctor.sources import address as addresses
from ccmdoctor.sources.address import Address, Credentials
from ccmdoctor.sources.artifact import Artifact, RefusedError, Source, Unread
from ccmdoctor.sources.remote import Fetcher, RemoteFile

ORDER = 31
SECONDS = 30  # to connect, and for one answer
TLS_PORT = 5986
MOST_ROWS = 50_000  # instances of one class
PAGE = 100  # instances of one answer
_ENUMERATION = "http://schemas.xmlsoap.org/ws/2004/09/enumeration"
_WSMAN = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd"
_WQL = "http://schemas.microsoft.com/wbem/wsman/1/WQL"
_WMI = "http://schemas.microsoft.com/wbem/wsman/1/wmi/"
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,17})")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
_WBEM_ERROR = re.compile(r"0x8004[0-9a-f]{4}", re.IGNORECASE)
_DENIED = (5, 0x80070005, 0x80041003)
_ID = ("id", "ids", "name", "version", "build", "number")  # endings of properties that are texts whatever they hold


class Client:
    """The WMI classes of a client."""

    def __init__(self, address: Address) -> None:
        self.address = str(address)
        self._at = address
        self._who: Credentials | None = None
        self._read: datetime | None = None

    def collected(self) -> datetime | None:
        """The moment of the first answer: what is asked now is the state of now."""
        return self._read

    def artifacts(self) -> Iterator[Artifact | Unread]:
        """One file for each class; the one reason when the client cannot be asked at all."""
        try:
            self._log_on()
        except RefusedError as refusal:
            yield Unread(self.address, refusal.why)
            return
        entries = [one for one in manifest()["entries"].values() if one["kind"] == "wmi"]
        files = [RemoteFile(entry["to"], 0, partial(self._stream, entry)) for entry in entries]
        yield from Fetcher(files).artifacts()

    def _log_on(self) -> None:
        """One query with what is known, then with what is asked for. Raises RefusedError."""
        if self._who is not None:
            return
        who = addresses.credentials(self._at)
        try:
            self._try(who)
        except RefusedError as refusal:
            refused = refusal.why in ("remote-logon-refused", "remote-no-credentials")
            if not refused or who.password or not addresses.can_ask():
                raise
            who = addresses.credentials(self._at, ask=True)
            self._try(who)
        self._who = who
        self._read = datetime.now(UTC)

    def _try(self, who: Credentials) -> None:
        with _refusals(), self._connection(who) as connection:
            try:
                next(_rows(connection, "root\\cimv2", "SELECT BuildNumber FROM Win32_OperatingSystem"), None)
            except _fault() as fault:  # it answers, and each class is told its own story
                if fault.code in _DENIED:
                    raise

    @contextmanager
    def _connection(self, who: Credentials) -> Iterator[Any]:
        from pypsrp.wsman import WSMan

        for name in ("pypsrp", "urllib3", "spnego"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # what goes wrong is said in the report
        port = self._at.port or (TLS_PORT if self._at.scheme == "winrms" else None)
        tls = port == TLS_PORT or self._at.scheme == "winrms"
        with WSMan(
            self._at.host, port=port or 5985, ssl=tls, auth="negotiate", username=who.user, password=who.password,
            encryption="auto" if tls else "always", connection_timeout=SECONDS, read_timeout=SECONDS,
            operation_timeout=SECONDS - 5, no_proxy=True,
        ) as connection:  # fmt: skip
            yield connection

    @contextmanager
    def _stream(self, entry: dict[str, Any]) -> Iterator[Callable[[int], bytes]]:
        with _refusals(), self._connection(self._who or addresses.credentials(self._at)) as connection:
            pieces = [self._file(connection, entry)]
        yield lambda size: pieces.pop() if pieces else b""

    def _file(self, connection: Any, entry: dict[str, Any]) -> bytes:
        """The instances in the form of the collector, or WMI's error, which is evidence as well."""
        found: dict[str, Any] = {"class": entry["class"], "namespace": entry["namespace"]}
        # all properties: naming one that an older client does not have would fail the query
        query = f"SELECT * FROM {entry['class']}" + (f" WHERE {entry['where']}" if "where" in entry else "")
        try:
            found["instances"] = [self._row(entry, row) for row in _rows(connection, entry["namespace"], query)]
        except _fault() as fault:
            code = _wbem_code(fault)
            if code is None:
                raise
            found["error"] = {"code": code, "message": str(fault.reason or "")}
        return json.dumps(found, ensure_ascii=False, indent=1).encode("utf-8", "replace")

    def _row(self, entry: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
        wanted = entry.get("properties")
        kept = {name: value for name, value in row.items() if not wanted or name in wanted}
        named = entry.get("computer") and not self._at.host.replace(".", "").isdigit() and ":" not in self._at.host
        return {"Computer": self._at.host.split(".")[0].upper(), **kept} if named else kept


def _rows(connection: Any, namespace: str, query: str) -> Iterator[dict[str, Any]]:
    """The instances that a WQL query gives, page by page."""
    import xml.etree.ElementTree as Xml  # pypsrp gives and takes these; expat expands no external entity

    uri = _WMI + namespace.replace("\\", "/") + "/*"
    wanted = Xml.Element(f"{{{_ENUMERATION}}}Enumerate")
    Xml.SubElement(wanted, f"{{{_WSMAN}}}OptimizeEnumeration")
    Xml.SubElement(wanted, f"{{{_WSMAN}}}MaxElements").text = str(PAGE)
    Xml.SubElement(wanted, f"{{{_WSMAN}}}Filter", Dialect=_WQL).text = query
    answer = connection.enumerate(uri, wanted)
    count = 0
    while True:
        for item in _items(answer):
            count += 1
            if count > MOST_ROWS:
                raise RefusedError("too-many-files")
            yield _properties(item)
        ended = any(answer.find(f".//{{{one}}}EndOfSequence") is not None for one in (_ENUMERATION, _WSMAN))
        context = answer.find(f".//{{{_ENUMERATION}}}EnumerationContext")
        if ended or context is None or not context.text:
            return
        wanted = Xml.Element(f"{{{_ENUMERATION}}}Pull")
        Xml.SubElement(wanted, f"{{{_ENUMERATION}}}EnumerationContext").text = context.text
        Xml.SubElement(wanted, f"{{{_ENUMERATION}}}MaxElements").text = str(PAGE)
        answer = connection.pull(uri, wanted)


def _items(answer: Any) -> Iterator[Any]:
    for namespace in (_ENUMERATION, _WSMAN):  # the second one in the answer to an optimized Enumerate
        for items in answer.iter(f"{{{namespace}}}Items"):
            yield from items


def _properties(item: Any) -> dict[str, Any]:
    """An instance; a property that stands there several times is a list, one with elements in it an object."""
    values: dict[str, list[Any]] = {}
    for element in item:
        values.setdefault(_local(element), []).append(_value(_local(element), element))
    return {name: found[0] if len(found) == 1 else found for name, found in values.items()}


def _value(name: str, element: Any) -> Any:
    if element.get(_NIL) == "true":
        return None
    if len(element):
        inner = element[0]
        if _local(inner) in ("Datetime", "Date", "Time", "Interval", "CIM_DateTime"):
            return _moment(inner.text or "")
        return _properties(element)
    return _plain(name, element.text or "")


def _plain(name: str, text: str) -> Any:
    """What the text stands for: WS-Management states no types, so ids and names stay texts."""
    if text in ("true", "false"):
        return text == "true"
    if _NUMBER.fullmatch(text) and not name.lower().endswith(_ID):
        return int(text)
    return text or None


def _moment(text: str) -> str:
    """A moment with its offset as WMI itself writes it (``20250325100203.000000+540``); anything else as it is."""
    if not _MOMENT.fullmatch(text):
        return text
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    offset = at.utcoffset()
    minutes = int(offset.total_seconds() // 60) if offset else 0
    return f"{at:%Y%m%d%H%M%S.%f}{'-' if minutes < 0 else '+'}{abs(minutes):03}"


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]


def _wbem_code(fault: Any) -> int | None:
    """WMI's own error in a fault: as its code, or named in its text."""
    if isinstance(fault.code, int) and fault.code & 0xFFFF0000 == 0x80040000:
        return fault.code & 0xFFFFFFFF
    named = _WBEM_ERROR.search(f"{fault.reason} {fault.provider_fault}")
    return int(named[0], 16) if named else None


def _fault() -> Any:
    from pypsrp.exceptions import WSManFaultError

    return WSManFaultError


@contextmanager
def _refusals() -> Iterator[None]:
    """Every failure of the library as RefusedError with its reason; nothing of its text is shown."""
    import requests
    from pypsrp.exceptions import AuthenticationError, WinRMError, WinRMTransportError
    from spnego.exceptions import BadMICError, SpnegoError

    try:
        yield
    except AuthenticationError as error:
        raise RefusedError("remote-logon-refused") from error
    except SpnegoError as error:
        spoilt = isinstance(error, BadMICError)
        raise RefusedError("remote-failed" if spoilt else "remote-no-credentials") from error
    except _fault() as error:
        raise RefusedError("remote-access-denied" if error.code in _DENIED else "remote-failed") from error
    except WinRMTransportError as error:
        raise RefusedError("remote-logon-refused" if error.code == 401 else "remote-failed") from error
    except requests.exceptions.SSLError as error:
        raise RefusedError("remote-certificate") from error
    except requests.exceptions.RequestException as error:
        raise RefusedError("remote-unreachable") from error
    except (WinRMError, OSError, SyntaxError, ValueError) as error:  # SyntaxError: what came back is no XML
        raise RefusedError("remote-failed") from error


def detect(address: str) -> Source | None:
    """``winrm://host``, or ``winrms://host`` for TLS."""
    if addresses.scheme_of(address) not in ("winrm", "winrms"):
        return None
    found = addresses.parse(address)
    if found.path:
        raise InputError("bad-remote-address", scheme=found.scheme)
    try:
        import pypsrp  # noqa: F401
    except ImportError:
        raise InputError("extra-missing", source=str(found), extra="winrm") from None
    return Client(found)
