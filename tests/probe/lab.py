"""Real servers for the tests, on loopback: nginx, squid, tinyproxy; certificates of an own issuer.

A program that is not installed skips the test; with ``CCMDOCTOR_REQUIRE_LAB=1`` it fails it.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from probe import responder

PATH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))


def program(name: str) -> str:
    """The program's path; the test is skipped without it, or fails where the lab is required."""
    found = shutil.which(name, path=PATH)
    if found is None:
        if os.environ.get("CCMDOCTOR_REQUIRE_LAB") == "1":
            pytest.fail(f"{name} is not installed, and CCMDOCTOR_REQUIRE_LAB=1")
        pytest.skip(f"{name} is not installed")
    return found


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def running(command: list[str], port: int) -> Iterator[None]:
    """A program until the block ends; it must listen on ``port`` within ten seconds."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            end = time.monotonic() + 10
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    if process.poll() is not None or time.monotonic() > end:
                        process.kill()
                        said = process.stdout.read().decode(errors="replace") if process.stdout else ""
                        raise RuntimeError(f"{command[0]} does not listen: {said}") from None
                    time.sleep(0.02)
            yield
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


class Issuer:
    """A certification authority and what it issued, as PEM files in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Contoso Test CA")])
        self.certificate = self._sign(self.name, self.key, True, [], (-1, 30), ExtendedKeyUsageOID.SERVER_AUTH)
        self.root = folder / "root.pem"
        self.root.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))

    def issue(
        self,
        name: str,
        names: tuple[str, ...],
        days: tuple[int, int] = (-1, 30),
        use: x509.ObjectIdentifier = ExtendedKeyUsageOID.SERVER_AUTH,
    ) -> tuple[Path, Path, ec.EllipticCurvePrivateKey, x509.Certificate]:
        """Certificate and key, valid between two days from now, as files and objects."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        made = self._sign(subject, key, False, list(names), days, use)
        paths = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
        paths[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return *paths, key, made

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        authority: bool,
        names: list[str],
        days: tuple[int, int],
        use: x509.ObjectIdentifier,
    ) -> x509.Certificate:
        at = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(at + datetime.timedelta(days=days[0]))
            .not_valid_after(at + datetime.timedelta(days=days[1]))
            .add_extension(x509.BasicConstraints(authority, None), critical=True)
        )
        if not authority:
            builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        if names:
            shown = [_name(one) for one in names]
            builder = builder.add_extension(x509.SubjectAlternativeName(shown), critical=False)
        return builder.sign(self.key, hashes.SHA256())


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def prefix_of(found: str) -> Path:
    """The folder that a program was installed below."""
    return Path(found).parent.parent


class Web(NamedTuple):
    """nginx: its plain port and its TLS ports; the issuer's root; a client certificate as PFX (password "pass"; none)."""

    plain: int
    good: int
    asking: int
    expired: int
    other: int
    old: int
    root: Path
    pfx: Path
    open_pfx: Path
    wsus: responder.Wsus
