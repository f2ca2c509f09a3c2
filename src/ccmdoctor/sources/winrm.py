"""A client over WinRM: ``winrm://[user@]host[:port]``. Its WMI classes are enumerated; no shell is opened there.

The classes are those of the collector (collect/manifest.toml), and each becomes the file that the collector would
write, so nothing else need know how it came. ``winrm://host/collector`` runs the collector itself there
(``remoting.py``) and enumerates the classes only where that is not allowed. Port 5986 means TLS with a certificate that
is checked; on the default port, 5985, messages are encrypted with the key of the logon (Negotiate).

Protocol: MS-WSMV, learn.microsoft.com/openspecs/windows_protocols/ms-wsmv; WQL: DSP0227 7.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

from ccmdoctor.collect import manifest
from ccmdoctor.model import InputError
from ccmdoctor.sources import address as addresses
from ccmdoctor.sources import remoting
from ccmdoctor.sources.address import Address, Credentials
from ccmdoctor.sources.artifact import Artifact, RefusedError, Source, Unread
from ccmdoctor.sources.collector import Collected
from ccmdoctor.sources.remote import GONE, Fetcher, Losses, RemoteFile

ORDER = 31
COLLECTOR = "collector"  # the path of an address that asks for the collector
SECONDS = 30  # to connect, and for one answer
CLASS_SECONDS = 180  # for all instances of one class
TLS_PORT = 5986
MOST_ROWS = 50_000  # instances of one class
PAGE = 100  # instances of one answer
DEEPEST = 16  # objects in objects
LARGEST_ANSWER = 16 << 20  # bytes of one answer; Windows' own limit is 500 kB unless it was raised
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
    """The WMI classes of a client, or all that the collector brings from it."""

    def __init__(self, address: Address) -> None:
        self.address = str(address)
        self._at = address
        self._who: Credentials | None = None
        self._read: datetime | None = None
        self._losses = Losses()
        self._fetcher = Fetcher()
        self._collected = Collected(self._collect) if address.path else None

    def collected(self) -> datetime | None:
        """The moment of the first answer: what is asked now is the state of now. A collector's zip states its own."""
        ran = self._who and self._collected and self._collected.succeeded()
        return None if ran else self._read

    def artifacts(self) -> Iterator[Artifact | Unread]:
        """The zip, or one file for each class; the one reason when the client cannot be asked at all."""
        try:
            if self._who is None:
                self._who = addresses.log_on(self._at, self._try)
                self._read = datetime.now(UTC)
        except RefusedError as refusal:
            yield Unread(self.address, refusal.why)
            return
        if self._collected:
            yield self._collected.artifact()
            if self._collected.succeeded():
                return
        entries = [one for one in manifest()["entries"].values() if one["kind"] == "wmi"]
        yield from self._fetcher.artifacts([RemoteFile(one["to"], 0, partial(self._stream, one)) for one in entries])

    def _try(self, who: Credentials) -> None:
        with self._connection(who) as connection:
            try:
                next(_rows(connection, "root\\cimv2", "SELECT BuildNumber FROM Win32_OperatingSystem"), None)
            except RefusedError as refusal:
                # a fault is an answer, and each class is told its own story; the collector needs no WMI over WinRM
                if _fault_of(refusal) is None or (refusal.why == "remote-access-denied" and not self._collected):
                    raise

    @contextmanager
    def _connection(self, who: Credentials) -> Iterator[Any]:
        from pypsrp.wsman import WSMan

        self._losses.check()
        for name in ("pypsrp", "urllib3", "spnego"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # what goes wrong is said in the report
        tls = self._at.port == TLS_PORT or self._at.scheme == "winrms"
        port = self._at.port or (TLS_PORT if tls else 5985)
        with refusals():
            connection = WSMan(
                self._at.host, port=port, ssl=tls, auth="negotiate", username=who.user, password=who.password,
                encryption="auto" if tls else "always", connection_timeout=SECONDS, read_timeout=SECONDS,
                operation_timeout=SECONDS - 5, reconnection_backoff=0.1, no_proxy=True,
            )  # fmt: skip
            _bound(connection)
        with connection:
            try:
                yield connection
            except RefusedError as refusal:
                self._losses.note(refusal)
                raise

    @contextmanager
    def _stream(self, entry: dict[str, Any]) -> Iterator[Callable[[int], bytes]]:
        with self._connection(self._who or addresses.known(self._at)) as connection:
            pieces = [self._file(connection, entry)]
        yield lambda size: pieces.pop() if pieces else b""

    @contextmanager
    def _collect(self) -> Iterator[Callable[[int], bytes]]:
        with self._connection(self._who or addresses.known(self._at)) as connection:
            pieces = remoting.collect(connection)

            def read(size: int) -> bytes:
                try:
                    with refusals():
                        return next(pieces, b"")
                except RefusedError as refusal:
                    if refusal.why in GONE:  # it answered before
                        raise RefusedError("remote-connection-lost") from refusal
                    raise

            try:
                yield read
            finally:
                pieces.close()  # type: ignore[attr-defined]

    def _file(self, connection: Any, entry: dict[str, Any]) -> bytes:
        """The instances in the form of the collector, or WMI's error, which is evidence as well."""
        found: dict[str, Any] = {"class": entry["class"], "namespace": entry["namespace"]}
        # all properties: naming one that an older client does not have would fail the query
        query = f"SELECT * FROM {entry['class']}" + (f" WHERE {entry['where']}" if "where" in entry else "")
        try:
            found["instances"] = [self._row(entry, row) for row in _rows(connection, entry["namespace"], query)]
        except RefusedError as refusal:
            fault = _fault_of(refusal)
            code = None if fault is None else _wbem_code(fault)
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
    """The instances that a WQL query gives, page by page. Raises RefusedError, from the fault where there was one."""
    import xml.etree.ElementTree as Xml  # pypsrp gives and takes these; expat expands no external entity

    uri = _WMI + namespace.replace("\\", "/") + "/*"
    wanted = Xml.Element(f"{{{_ENUMERATION}}}Enumerate")
    Xml.SubElement(wanted, f"{{{_WSMAN}}}OptimizeEnumeration")
    Xml.SubElement(wanted, f"{{{_WSMAN}}}MaxElements").text = str(PAGE)
    Xml.SubElement(wanted, f"{{{_WSMAN}}}Filter", Dialect=_WQL).text = query
    answer = _asked(connection.enumerate, uri, wanted)
    end = time.monotonic() + CLASS_SECONDS
    count = 0
    while True:
        for item in _items(answer):
            count += 1
            if count > MOST_ROWS:
                raise RefusedError("too-many-instances")
            yield _properties(item)
        ended = any(answer.find(f".//{{{one}}}EndOfSequence") is not None for one in (_ENUMERATION, _WSMAN))
        context = answer.find(f".//{{{_ENUMERATION}}}EnumerationContext")
        if ended or context is None or not context.text:
            return
        if time.monotonic() > end:
            raise RefusedError("remote-too-slow")
        wanted = Xml.Element(f"{{{_ENUMERATION}}}Pull")
        Xml.SubElement(wanted, f"{{{_ENUMERATION}}}EnumerationContext").text = context.text
        Xml.SubElement(wanted, f"{{{_ENUMERATION}}}MaxElements").text = str(PAGE)
        answer = _asked(connection.pull, uri, wanted)


def _asked(ask: Callable[[str, Any], Any], uri: str, wanted: Any) -> Any:
    with refusals():
        answer = ask(uri, wanted)
    if answer is None:  # an envelope without a body
        raise RefusedError("remote-failed")
    return answer


def _items(answer: Any) -> Iterator[Any]:
    for namespace in (_ENUMERATION, _WSMAN):  # the second one in the answer to an optimized Enumerate
        for items in answer.iter(f"{{{namespace}}}Items"):
            yield from items


def _properties(item: Any, depth: int = 0) -> dict[str, Any]:
    """An instance; a property that stands there several times is a list, one with elements in it an object."""
    if depth > DEEPEST:
        raise RefusedError("remote-failed")
    values: dict[str, list[Any]] = {}
    for element in item:
        values.setdefault(_local(element), []).append(_value(_local(element), element, depth))
    return {name: found[0] if len(found) == 1 else found for name, found in values.items()}


def _value(name: str, element: Any, depth: int) -> Any:
    if element.get(_NIL) == "true":
        return None
    if len(element):
        inner = element[0]
        if _local(inner) in ("Datetime", "Date", "Time", "Interval", "CIM_DateTime"):
            return _moment(inner.text or "")
        return _properties(element, depth + 1)
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


def _fault_of(refusal: RefusedError) -> Any:
    """The fault of WS-Management behind a refusal, or None."""
    from pypsrp.exceptions import WSManFaultError

    return refusal.__cause__ if isinstance(refusal.__cause__, WSManFaultError) else None


def _bound(connection: Any) -> None:
    """Let no answer be larger than ``LARGEST_ANSWER`` nor trickle on: the library reads all that a host sends."""
    transport = connection.transport
    transport.session = transport._build_session()
    adapter = transport.session.get_adapter(transport.endpoint)
    send = adapter.send

    def sent(*request: Any, **options: Any) -> Any:
        response = send(*request, **options)
        # not read here: the logon wants the certificate of the connection, which is gone with the last byte
        response.iter_content = partial(_measured, response.iter_content)
        return response

    adapter.send = sent


def _measured(read: Callable[..., Iterator[bytes]], *sizes: Any, **options: Any) -> Iterator[bytes]:
    total, end = 0, time.monotonic() + 2 * SECONDS
    for piece in read(*sizes, **options):
        total += len(piece)
        if total > LARGEST_ANSWER or time.monotonic() > end:
            raise RefusedError("remote-failed")
        yield piece


@contextmanager
def refusals() -> Iterator[None]:
    """Every failure of the library as RefusedError with its reason; nothing of its text is shown."""
    import requests
    from pypsrp.exceptions import AuthenticationError, WinRMTransportError, WSManFaultError
    from spnego.exceptions import BadMICError, SpnegoError

    try:
        yield
    except RefusedError:
        raise
    except AuthenticationError as error:
        raise RefusedError("remote-logon-refused") from error
    except SpnegoError as error:
        spoilt = isinstance(error, BadMICError)
        raise RefusedError("remote-failed" if spoilt else "remote-no-credentials") from error
    except WSManFaultError as error:
        raise RefusedError("remote-access-denied" if error.code in _DENIED else "remote-failed") from error
    except WinRMTransportError as error:
        raise RefusedError("remote-logon-refused" if error.code == 401 else "remote-failed") from error
    except requests.exceptions.SSLError as error:
        raise RefusedError("remote-certificate") from error
    except requests.exceptions.RequestException as error:
        raise RefusedError("remote-unreachable") from error
    except Exception as error:  # whatever the library trips over in an answer that is none
        raise RefusedError("remote-failed") from error


def detect(address: str) -> Source | None:
    """``winrm://host`` or ``winrm://host/collector``; ``winrms://`` for TLS."""
    if addresses.scheme_of(address) not in ("winrm", "winrms"):
        return None
    found = addresses.parse(address)
    if found.path.lower() not in ("", COLLECTOR):
        raise InputError("bad-winrm-address", scheme=found.scheme)
    try:
        import pypsrp  # noqa: F401
    except ImportError:
        raise InputError("extra-missing", source=str(found), extra="winrm") from None
    return Client(found)
