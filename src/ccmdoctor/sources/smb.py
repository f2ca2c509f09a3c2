r"""Windows shares: ``smb://[user@]host/share/path``, ``\\host\share\path``, and ``smb://host`` for a whole client.

Logs are opened so that their writer can write and rename them. A log that rolls over while the others are read is
noticed by its file id in a second listing, and read again. On Windows a UNC path is opened by Windows itself where it
can (``folder.py``). Statuses: MS-ERREF 2.3.1, learn.microsoft.com/openspecs/windows_protocols/ms-erref.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import uuid
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from ccmdoctor.collect import manifest
from ccmdoctor.model import InputError
from ccmdoctor.sources import address as addresses
from ccmdoctor.sources.address import Address, Credentials
from ccmdoctor.sources.artifact import MOST_FILES, Artifact, RefusedError, Source, Unread
from ccmdoctor.sources.remote import Fetcher, Losses, RemoteFile

ORDER = 30
DEEPEST = 64
SECONDS = 30  # to connect, and for the answer to one request
CHUNK = 1 << 20  # bytes of one read request
IN_FLIGHT = 4  # read requests that wait for an answer
_REPARSE_POINT, _FOLDER = 0x400, 0x10  # FILE_ATTRIBUTE_*, MS-FSCC 2.6
_ANOTHER_NAME = 0x2000_0000  # the bit of a reparse tag that stands for another file, MS-FSCC 2.1.2.1
_END_OF_FILE = 0xC0000011
_NOT_A_FOLDER = (0xC0000103,)
_REASONS = {
    0xC0000022: "remote-access-denied",
    0xC0000043: "remote-locked",
    0xC0000054: "remote-locked",
    0xC0000034: "remote-not-found",
    0xC000003A: "remote-not-found",
    0xC000000F: "remote-not-found",
    0xC0000033: "remote-not-found",
    0xC00000CC: "remote-no-share",
    0xC0000225: "remote-no-share",  # Samba's answer for a share that is not there
    0xC000006D: "remote-logon-refused",
    0xC0000064: "remote-logon-refused",
    0xC000006A: "remote-logon-refused",
    0xC000015B: "remote-logon-refused",
    0xC000006E: "remote-account-unusable",
    0xC0000071: "remote-account-unusable",
    0xC0000072: "remote-account-unusable",
    0xC0000193: "remote-account-unusable",
    0xC0000224: "remote-account-unusable",
    0xC0000234: "remote-account-unusable",
}  # fmt: skip


class _Entry(NamedTuple):
    path: str  # below the host: share\folder\file
    size: int
    id: int
    written: datetime


class _Wanted(NamedTuple):
    """A folder to list, the prefix of its artifacts, which files of it, and how many bytes of each family."""

    prefix: str
    folder: str
    fits: Callable[[str], bool]
    deep: bool = True
    most: int | None = None


class Share:
    """A folder or file of a share, or the logs of a client by its administrative shares."""

    def __init__(self, address: Address) -> None:
        self.address = str(address)
        self._at = address
        self._local = threading.local()
        self._who: Credentials | None = None
        self._losses = Losses()
        self._fetcher = Fetcher()
        self._open: list[Any] = []
        weakref.finalize(self, _close, self._open)

    def collected(self) -> datetime | None:
        """A share does not say when its files were taken."""
        return None

    def artifacts(self) -> Iterator[Artifact | Unread]:
        """Every file, the folder that cannot be listed, and then what rolled over in the meantime."""
        try:
            self._who = self._who or addresses.log_on(self._at, self._connect)
            wanted = self._wanted()
        except RefusedError as refusal:
            yield Unread(self.address, refusal.why)
            return
        seen: dict[str, _Entry] = {}
        told: set[Unread] = set()
        for one in self._listed(wanted, seen):
            if isinstance(one, Unread):
                told.add(one)
            yield one
        again: dict[str, _Entry] = {}
        for one in self._listed(wanted, again, quiet=True):
            if isinstance(one, Unread) and one not in told:
                yield one  # what rolled over in there is not known
        news = {name: entry for name, entry in again.items() if name not in seen or seen[name].id != entry.id}
        yield from self._files({f"rolled-over/{name}": entry for name, entry in news.items()}, "rolled-over")

    # connections

    def _connect(self, who: Credentials) -> dict[str, Any]:
        import smbclient
        from smbprotocol.connection import Connection

        logging.getLogger("smbprotocol").setLevel(logging.CRITICAL)  # what goes wrong is said in the report
        host, port = self._at.host, self._at.port or 445
        with self._refusals():
            connection = Connection(uuid.uuid4(), host, port)
            connection.connect(timeout=SECONDS)
            self._open.append(connection)
            # the library waits for ever unless told otherwise, and most of its calls do not tell
            connection.receive = partial(connection.receive, timeout=SECONDS)
            options = {
                "username": who.user,
                "password": who.password,
                "port": port,
                "connection_cache": {f"{host.lower()}:{port}": connection},
            }
            smbclient.register_session(host, **options)
        self._local.options = options
        return options

    @property
    def _options(self) -> dict[str, Any]:
        """This thread's own connection: requests of several threads would compete for its credits."""
        found: dict[str, Any] | None = getattr(self._local, "options", None)
        if found and all(one.transport.connected for one in found["connection_cache"].values()):
            return found
        self._losses.check()
        return self._connect(self._who or addresses.known(self._at))

    @contextmanager
    def _refusals(self) -> Iterator[None]:
        """Failures as RefusedError; a host that is gone is not asked for ever."""
        try:
            with refusals():
                yield
        except RefusedError as refusal:
            if self._losses.note(refusal):
                self._local.options = None
            raise

    def _full(self, path: str) -> str:
        return rf"\\{self._at.host}\{path}"

    # what there is

    def _wanted(self) -> list[_Wanted]:
        if self._at.path:
            return [_Wanted("", self._at.path.replace("/", "\\"), lambda name: True)]
        for windows, drive in (("ADMIN$", "C$"), (r"C$\Windows", "C$")):
            try:
                next(self._scan(windows), None)
            except RefusedError as refusal:
                why = refusal.why
            else:
                return list(_of_a_client(windows, drive))
        raise RefusedError(why)

    def _listed(
        self, wanted: list[_Wanted], seen: dict[str, _Entry], quiet: bool = False
    ) -> Iterator[Artifact | Unread]:
        """The artifacts of all wanted folders; ``quiet`` only lists."""
        for one in wanted:
            entries: dict[str, _Entry] = {}
            for name, found in self._walk(one.folder, one, "", 0):
                if isinstance(found, Unread):
                    # of a whole client, most folders are there only when there is something in them
                    if self._at.path or found.why != "remote-not-found" or one.deep:
                        yield found
                elif len(seen) + len(entries) >= MOST_FILES:
                    yield Unread(self.address, "too-many-files")
                    break
                else:
                    entries[name] = found
            kept, cut = _newest(entries, one.most)
            seen.update(kept)
            if not quiet:
                yield from (Unread(name, "step-cut") for name in cut)
                yield from self._files(kept)

    def _walk(self, folder: str, one: _Wanted, inner: str, depth: int) -> Iterator[tuple[str, _Entry | Unread]]:
        shown = f"{one.prefix}{inner}".rstrip("/") or self.address
        if depth > DEEPEST:
            yield shown, Unread(shown, "too-many-files")
            return
        try:
            found = sorted(self._scan(folder), key=lambda info: str(info.file_name))
        except RefusedError as refusal:
            if refusal.why == "not-a-folder" and depth == 0:
                yield from self._single(folder)
            else:
                yield shown, Unread(shown, refusal.why)
            return
        for info in found:
            name = f"{one.prefix}{inner}{info.file_name}"
            if is_link(info):
                yield name, Unread(name, "link-not-followed")
            elif info.file_attributes & _FOLDER:
                if one.deep:
                    yield from self._walk(rf"{folder}\{info.file_name}", one, f"{inner}{info.file_name}/", depth + 1)
            elif one.fits(info.file_name):
                yield name, _entry(rf"{folder}\{info.file_name}", info)

    def _single(self, path: str) -> Iterator[tuple[str, _Entry | Unread]]:
        folder, _, name = path.rpartition("\\")
        try:
            for info in self._scan(folder, name):
                yield info.file_name, _entry(path, info)
        except RefusedError as refusal:
            yield name, Unread(name, "remote-not-found" if refusal.why == "not-a-folder" else refusal.why)

    def _scan(self, folder: str, pattern: str = "*") -> Iterator[Any]:
        import smbclient

        with self._refusals(), smbclient.scandir(self._full(folder), pattern, **self._options) as listing:
            for entry in listing:
                yield entry.smb_info

    # the bytes

    def _files(self, entries: dict[str, _Entry], note: str | None = None) -> Iterator[Artifact]:
        files = [RemoteFile(name, entry.size, partial(self._stream, entry), note) for name, entry in entries.items()]
        return self._fetcher.artifacts(files)

    @contextmanager
    def _stream(self, entry: _Entry) -> Iterator[Callable[[int], bytes]]:
        import smbclient

        with self._refusals():
            file = smbclient.open_file(
                self._full(entry.path), mode="rb", buffering=0, share_access="rwd", **self._options
            )
        reader = Pipelined(file.fd)

        def read(size: int) -> bytes:
            with self._refusals():
                return reader.read(size)

        try:
            yield read
        finally:
            with suppress(Exception):  # a connection that is gone has closed the file already
                file.close()


class Pipelined:
    """Reads a file from its start to the end it had when it was opened, some requests ahead of the answers."""

    def __init__(self, handle: Any) -> None:
        self._handle = handle
        self._end = handle.end_of_file
        self._asked = 0
        self._waiting: deque[tuple[Any, int, int]] = deque()

    def read(self, size: int) -> bytes:
        """The next piece, b"" at the end; its length is that of the answer, not ``size``."""
        self._ask()
        if not self._waiting:
            return b""
        request, offset, length = self._waiting.popleft()
        piece = self._answer(request)
        if len(piece) < length:
            self._waiting.clear()
            self._asked = offset + len(piece) if piece else self._end
        return piece

    def _ask(self) -> None:
        handle, connection = self._handle, self._handle.connection
        while self._asked < self._end and len(self._waiting) < IN_FLIGHT:
            credits = connection.sequence_window["high"] - connection.sequence_window["low"]
            length = min(CHUNK, self._end - self._asked, connection.max_read_size, credits << 16)
            if length <= 0 or (self._waiting and length < min(CHUNK, self._end - self._asked)):
                if not self._waiting:
                    raise RefusedError("remote-connection-lost")
                return
            message, _ = handle.read(self._asked, length, send=False)
            tree = handle.tree_connect
            request = connection.send(
                message, sid=tree.session.session_id, tid=tree.tree_connect_id, credit_request=2 * (CHUNK >> 16)
            )
            self._waiting.append((request, self._asked, length))
            self._asked += length

    def _answer(self, request: Any) -> bytes:
        from smbprotocol.exceptions import SMBResponseException
        from smbprotocol.open import SMB2ReadResponse

        try:
            response = self._handle.connection.receive(request, timeout=SECONDS)
        except SMBResponseException as error:
            if error.status == _END_OF_FILE:  # it was cut while it was read
                return b""
            raise
        read = SMB2ReadResponse()
        read.unpack(response["data"].get_value())
        return bytes(read["buffer"].get_value())


@contextmanager
def refusals() -> Iterator[None]:
    """Every failure of the library as RefusedError with its reason; nothing of its text is shown."""
    from smbprotocol.exceptions import (
        SMBAuthenticationError,
        SMBException,
        SMBOSError,
        SMBResponseException,
    )

    try:
        yield
    except SMBAuthenticationError as error:
        raise RefusedError("remote-no-credentials") from error
    except (SMBOSError, SMBResponseException) as error:
        status = error.ntstatus if isinstance(error, SMBOSError) else error.status
        if status in _NOT_A_FOLDER:
            raise RefusedError("not-a-folder") from error
        raise RefusedError(_REASONS.get(status, "remote-failed")) from error
    except SMBException as error:
        raise RefusedError("remote-connection-lost") from error
    except (ValueError, OSError) as error:  # the library turns a refused connection into a ValueError
        raise RefusedError("remote-unreachable") from error


def _close(connections: list[Any]) -> None:
    """Hang up without the courtesies, which would wait for a host that may be gone."""
    for connection in connections:
        with suppress(Exception):
            connection.transport.close()


def is_link(info: Any) -> bool:
    """Whether an entry of a listing stands for another. Files that are deduplicated or compressed do not.

    A reparse point has its tag where others have the size of their extended attributes (MS-FSCC 2.4.18).
    """
    return bool(info.file_attributes & _REPARSE_POINT and info.ea_size & _ANOTHER_NAME)


def _entry(path: str, info: Any) -> _Entry:
    return _Entry(path, info.end_of_file, info.file_id, info.last_write_time)


def _newest(entries: dict[str, _Entry], most: int | None) -> tuple[dict[str, _Entry], list[str]]:
    """The newest files up to so many bytes, and the names of the older ones."""
    if most is None:
        return entries, []
    kept: list[str] = []
    held = 0
    for name in sorted(entries, key=lambda one: entries[one].written, reverse=True):
        held += entries[name].size
        if held <= most or not kept:
            kept.append(name)
    return {name: entries[name] for name in entries if name in kept}, [name for name in entries if name not in kept]


def _of_a_client(windows: str, drive: str) -> Iterator[_Wanted]:
    """What the collector takes as files (collect/manifest.toml), and all of the client's log folder."""
    facts = manifest()
    places = {"{windows}": windows, "{system}": rf"{windows}\System32", "{drive}": drive}
    yield _Wanted("CCM/Logs/", rf"{windows}\CCM\Logs", lambda name: True)
    for entry in facts["entries"].values():
        path = str(entry.get("folder") or entry.get("from") or "")
        place = path.partition("\\")[0]
        if place not in places or entry["kind"] not in ("logs", "file"):
            continue
        path = path.replace(place, places[place], 1)
        if entry["kind"] == "logs":
            yield _Wanted(f"{entry['to']}/", path, _named(entry["names"]), False, facts["limits"]["family_bytes"])
        else:
            folder, _, name = path.rpartition("\\")
            prefix = entry["to"].rpartition("/")[0] + "/"
            yield _Wanted(prefix, folder, lambda one, name=name: one.lower() == name.lower(), False)  # type: ignore[misc]


def _named(names: list[str]) -> Callable[[str], bool]:
    stems = "|".join(re.escape(name) for name in names)
    fits = re.compile(rf"(?:{stems})(?:[-_.].*)?\.(?:log|lo_)", re.IGNORECASE)
    return lambda name: fits.fullmatch(name) is not None


def detect(address: str) -> Source | None:
    r"""``smb://...`` anywhere; ``\\host\share`` where the system itself does not open it."""
    if addresses.scheme_of(address) == "smb":
        found = addresses.parse(address)
    elif address.startswith("\\\\") and not (sys.platform == "win32" and _opens(address)):
        found = addresses.parse_unc(address)
    else:
        return None
    try:
        import smbclient  # noqa: F401
    except ImportError:
        raise InputError("extra-missing", source=str(found), extra="smb") from None
    return Share(found)


def _opens(path: str) -> bool:
    try:
        return Path(path).exists()
    except OSError:
        return False
