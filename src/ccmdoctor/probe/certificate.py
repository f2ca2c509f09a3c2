"""TLS as a client sees it: the verdict on the server's certificate, the chain that it shows, the client's own one."""

from __future__ import annotations

import contextlib
import os
import secrets
import ssl
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ccmdoctor.model import InputError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

LONGEST_CHAIN = 6
# OpenSSL's verdicts (openssl/x509_vfy.h) by the names of WinHTTP's flags for them
_FLAGS = {9: "CERT_DATE_INVALID", 10: "CERT_DATE_INVALID", 23: "CERT_REVOKED", 62: "CERT_CN_INVALID",
          63: "CERT_CN_INVALID", 64: "CERT_CN_INVALID", 26: "CERT_WRONG_USAGE"}  # fmt: skip
_UNTRUSTED = "INVALID_CA"
_CERTIFICATE_REQUEST = 13  # handshake message of RFC 5246 and RFC 8446


class Trust:
    """How TLS is made. ``asked`` becomes true when the server asks for a client certificate."""

    def __init__(self, pfx: tuple[Path, Callable[[], str | None]] | None = None) -> None:
        self.verified = _context()
        self.asked = False
        self.has_certificate = pfx is not None
        if pfx is not None:
            _load(self.verified, *pfx)
        # Python tells of no other way to see that a certificate was asked for; without it only refusals tell
        if hasattr(self.verified, "_msg_callback"):
            setattr(self.verified, "_msg_callback", self._heard)  # noqa: B010

    def _heard(self, _socket: object, direction: str, _version: object, _type: object, message: int, _: bytes) -> None:
        self.asked = self.asked or (direction == "read" and message == _CERTIFICATE_REQUEST)

    @staticmethod
    def unverified() -> ssl.SSLContext:
        """A context that accepts anything, to look at a chain; nothing is sent over it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context


def _context() -> ssl.SSLContext:
    """The system's roots, or those of ``SSL_CERT_FILE``. Raises InputError where that is no file of certificates."""
    context = ssl.create_default_context()
    # Python 3.13 wants of every certificate what RFC 5280 wants; Windows does not, and older issuers do not write it
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if named := os.environ.get("SSL_CERT_FILE"):  # OpenSSL would pass over one that it cannot read, and trust nothing
        try:
            context.load_verify_locations(named)
        except (OSError, ValueError):
            raise InputError("roots-unusable", file=named) from None
    return context


def flag_of(error: ssl.SSLCertVerificationError) -> str:
    """The name of WinHTTP's flag for what OpenSSL found wrong with the server's certificate."""
    return _FLAGS.get(error.verify_code, _UNTRUSTED)


def chain_of(connection: ssl.SSLSocket) -> str:
    """The certificates that the server shows, leaf first: subjects, issuer, names and dates; "" when unreadable."""
    try:
        from cryptography import x509
    except ImportError:  # the extra is not installed; the verdict of TLS stands without it
        return ""
    try:
        shown = [x509.load_der_x509_certificate(raw) for raw in _raw_chain(connection)[:LONGEST_CHAIN]]
        return _told(shown) if shown else ""
    except ValueError:
        return ""


def _raw_chain(connection: ssl.SSLSocket) -> list[bytes]:
    """The chain as DER. Python 3.13 has a call for it; before, the object below has; else only the leaf is seen."""
    public: Any = getattr(connection, "get_unverified_chain", None)
    if public is not None:
        return list(public())
    inner: Any = getattr(connection, "_sslobj", None)
    if hasattr(inner, "get_unverified_chain"):
        return [one.public_bytes(2) for one in inner.get_unverified_chain() or ()]  # 2: DER
    leaf = connection.getpeercert(binary_form=True)
    return [leaf] if leaf else []


def _told(shown: list[Certificate]) -> str:
    leaf = shown[0]
    subjects = " <- ".join(one.subject.rfc4514_string() or "(no subject)" for one in shown)
    issuer = shown[-1].issuer.rfc4514_string()
    rest = "" if issuer == shown[-1].subject.rfc4514_string() else f" <- issuer {issuer}"
    dates = f"{leaf.not_valid_before_utc:%Y-%m-%d}..{leaf.not_valid_after_utc:%Y-%m-%d}"
    return f"{subjects}{rest}; names {_names(leaf)}; valid {dates}"


def _names(leaf: Certificate) -> str:
    from cryptography import x509

    try:
        found = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return "(none)"
    names = [str(name) for name in found.get_values_for_type(x509.DNSName)]
    names += [str(address) for address in found.get_values_for_type(x509.IPAddress)]
    return ", ".join(names[:5]) + (" …" if len(names) > 5 else "")


def _load(context: ssl.SSLContext, path: Path, password: Callable[[], str | None]) -> None:
    """Give TLS the key and certificates of a PFX. The key lies on disk for a moment, encrypted with a key of ours.

    Raises InputError when the file cannot be read, the password is wrong, or the extra is not installed.
    """
    try:
        from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
    except ImportError:
        raise InputError("probe-extra", file=path.name) from None
    key, certificates = _opened(path, password)
    secret = secrets.token_bytes(32).hex()
    with _private_file() as file:
        parts = [key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(secret.encode()))]
        file.write_bytes(b"".join([*parts, *(one.public_bytes(Encoding.PEM) for one in certificates)]))
        try:
            context.load_cert_chain(file, password=secret)
        except ssl.SSLError:
            raise InputError("pfx-unusable", file=path.name) from None


def _opened(path: Path, password: Callable[[], str | None]) -> tuple[Any, list[Certificate]]:
    from cryptography.hazmat.primitives.serialization.pkcs12 import load_key_and_certificates

    try:
        raw = path.read_bytes()
    except OSError:
        raise InputError("source-not-found", source=str(path)) from None
    for attempt in (lambda: None, password):
        word = attempt()
        try:
            key, leaf, others = load_key_and_certificates(raw, word.encode() if word else None)
        except (ValueError, TypeError):
            continue
        if key is not None and leaf is not None:
            return key, [leaf, *others]
        raise InputError("pfx-unusable", file=path.name)
    raise InputError("pfx-password", file=path.name)


@contextlib.contextmanager
def _private_file() -> Iterator[Path]:
    """A file that only this user can read (the folder is made so) and that is gone after the block."""
    with tempfile.TemporaryDirectory(prefix="ccmdoctor-") as folder:
        yield Path(folder) / "key.pem"
