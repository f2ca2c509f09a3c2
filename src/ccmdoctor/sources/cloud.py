"""Object stores and whatever else fsspec reaches: ``s3://bucket/path``, ``gs://...``, ``az://...``, ``https://...``.

Credentials are those of the store's own tools (for S3 the AWS_* variables, a profile, a role), never part of an
address; what a web address carries after ``?`` may be one (a presigned address) and is shown nowhere. A web address is
one file: pages are not searched for links. Chained addresses (``zip::s3://...``) are refused;
archives are read by content anyway.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from ccmdoctor.model import InputError
from ccmdoctor.sources import address as addresses
from ccmdoctor.sources.artifact import MOST_FILES, Artifact, RefusedError, Source, Unread
from ccmdoctor.sources.remote import Fetcher, RemoteFile

ORDER = 40
BLOCK = 4 << 20  # bytes of one request
SECONDS = 30  # to connect, and for the next bytes
_WEB = ("http", "https")
_HERE = ("file", "local")  # a path does the same and follows no link
_LOGGERS = ("s3fs", "fsspec", "botocore", "aiobotocore", "asyncio")
# names of the stores' own errors, which are no OSError; the libraries are not loaded to know them
_REASONS = {
    "NoCredentialsError": "remote-store-credentials",
    "PartialCredentialsError": "remote-store-credentials",
    "CredentialRetrievalError": "remote-store-credentials",
    "DefaultCredentialsError": "remote-store-credentials",
    "ClientAuthenticationError": "remote-store-credentials",
    "EndpointConnectionError": "remote-unreachable",
    "ConnectTimeoutError": "remote-unreachable",
    "ClientConnectorError": "remote-unreachable",
    "ClientConnectorDNSError": "remote-unreachable",
    "ClientConnectorCertificateError": "remote-certificate",
    "ClientConnectorSSLError": "remote-failed",
    "FSTimeoutError": "remote-unreachable",
    "TimeoutError": "remote-unreachable",
}
_STATUSES = {401: "remote-access-denied", 403: "remote-access-denied", 404: "remote-not-found", 410: "remote-not-found"}
_S3 = {"connect_timeout": 10, "read_timeout": SECONDS, "retries": {"max_attempts": 2}}


class Store:
    """All files below a prefix, or one file."""

    def __init__(self, address: str, files: Any, path: str, web: bool) -> None:
        self.address = address.partition("?")[0] if web else address
        self._files = files
        self._path = path
        self._web = web
        self._fetcher = Fetcher()

    def collected(self) -> datetime | None:
        """A store does not say when its files were taken."""
        return None

    def artifacts(self) -> Iterator[Artifact | Unread]:
        """Every file below the address, sorted by path."""
        try:
            with _refusals():
                found = self._listed()
        except RefusedError as refusal:
            yield Unread(self.address, refusal.why)
            return
        yield from self._fetcher.artifacts(found)

    def _listed(self) -> list[RemoteFile]:
        path = self._path.rstrip("/")
        about = self._files.info(self._path if self._web else path)
        if self._web or about.get("type") == "file":
            name = path.partition("?")[0].rstrip("/").rpartition("/")[2] if self._web else path.rpartition("/")[2]
            return [self._file(name or "page", {"name": self._path, **about})]
        found = self._files.find(path, detail=True)
        return [
            self._file(name.removeprefix(path).strip("/"), {**about, "name": name})
            for name, about in sorted(found.items())[: MOST_FILES + 1]
            if about.get("type") == "file"
        ]

    def _file(self, name: str, about: dict[str, Any]) -> RemoteFile:
        size = about.get("size")
        return RemoteFile(name, size if isinstance(size, int) else -1, partial(self._stream, str(about["name"])))

    @contextmanager
    def _stream(self, path: str) -> Iterator[Callable[[int], bytes]]:
        with _refusals():
            file = self._files.open(path, "rb", block_size=BLOCK)

        def read(size: int) -> bytes:
            with _refusals():
                return bytes(file.read(size))

        try:
            yield read
        finally:
            file.close()


@contextmanager
def _refusals() -> Iterator[None]:
    """Every failure as RefusedError with its reason; nothing of a library's text is shown."""
    try:
        yield
    except RefusedError:
        raise
    except PermissionError as error:
        raise RefusedError("remote-access-denied") from error
    except FileNotFoundError as error:
        # what stands for every failure of a web address, with the failure behind it
        raise RefusedError(_known(error.__cause__) or "remote-not-found") from error
    except Exception as error:  # every store has errors of its own
        unknown = "remote-unreachable" if isinstance(error, OSError) else "remote-failed"
        raise RefusedError(_known(error) or unknown) from error


def _known(error: BaseException | None) -> str | None:
    """The reason behind an error that states a status of HTTP or has a known name."""
    status = getattr(error, "status", None)
    if isinstance(status, int):
        return _STATUSES.get(status, "remote-failed")
    return next((_REASONS[kind.__name__] for kind in type(error).__mro__ if kind.__name__ in _REASONS), None)


def detect(address: str) -> Source | None:
    """``scheme://...`` that no other module takes. Raises InputError for a scheme that fsspec does not know."""
    if "::" in address and "://" in address:
        raise InputError("scheme-unknown", scheme=address.partition("://")[0].partition("::")[0])
    scheme = addresses.scheme_of(address)
    if scheme is None:
        return None
    addresses.refuse_password(address)
    if scheme in _HERE:
        raise InputError("scheme-unknown", scheme=scheme)
    try:
        import fsspec
        from fsspec.registry import known_implementations
    except ImportError:
        raise InputError("extra-missing", source=f"{scheme}://", extra="cloud") from None
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what goes wrong is said in the report
    options: dict[str, Any] = {"config_kwargs": _S3} if scheme in ("s3", "s3a") else {}
    try:
        if scheme in _WEB:
            from aiohttp import ClientTimeout

            options = {"client_kwargs": {"timeout": ClientTimeout(sock_connect=SECONDS, sock_read=SECONDS)}}
        files, path = fsspec.core.url_to_fs(address, **options)
    except ImportError:
        package = str(known_implementations.get(scheme, {}).get("class", scheme)).partition(".")[0]
        raise InputError("scheme-package", scheme=scheme, package=package) from None
    except ValueError:
        raise InputError("scheme-unknown", scheme=scheme) from None
    return Store(address, files, path, scheme in _WEB)
