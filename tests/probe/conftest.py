"""The servers that the probe is tested against, once for all tests."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID

from probe import lab, responder
from probe.lab import Web


@pytest.fixture(scope="session")
def folder() -> Iterator[Path]:
    """A folder that servers running as another user can reach."""
    with tempfile.TemporaryDirectory(prefix="probe-lab-") as name:
        Path(name).chmod(0o777)
        yield Path(name)


@pytest.fixture(scope="session")
def issuer(folder: Path) -> lab.Issuer:
    return lab.Issuer(folder)


@pytest.fixture
def wsus() -> responder.Wsus:
    return responder.Wsus()


@pytest.fixture
def responding(wsus: responder.Wsus) -> Iterator[int]:
    with responder.running(wsus) as port:
        yield port


_STATUSES = "\n".join(f"location ~ ^/s{status}/ {{ return {status}; }}" for status in (403, 404, 500, 503))


@pytest.fixture(scope="session")
def web(folder: Path, issuer: lab.Issuer) -> Iterator[Web]:
    nginx = lab.program("nginx")
    here = ("localhost", "127.0.0.1")
    good, expired = issuer.issue("good", here), issuer.issue("expired", here, (-40, -10))
    other = issuer.issue("other", ("other.contoso.com",))
    client = issuer.issue("client", ("pc0123.contoso.com",), use=ExtendedKeyUsageOID.CLIENT_AUTH)
    pfx = folder / "client.pfx"
    for file, kind in (
        (pfx, serialization.BestAvailableEncryption(b"pass")),
        (folder / "open.pfx", serialization.NoEncryption()),
    ):
        file.write_bytes(pkcs12.serialize_key_and_certificates(b"client", client[2], client[3], None, kind))
    (folder / "big").write_bytes(b"x" * 200_000)
    wsus = responder.Wsus()
    with responder.running(wsus) as behind:
        plain, *tls = (lab.free_port() for _ in range(6))
        servers = "".join(
            f"server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {one[0]}; ssl_certificate_key {one[1]};"
            f" location / {{ proxy_pass http://127.0.0.1:{behind}; }} {more} }}\n"
            for port, one, more in zip(
                tls,
                (good, good, expired, other, good),
                (
                    "",
                    f"ssl_client_certificate {issuer.root}; ssl_verify_client on;",
                    "",
                    "",
                    "ssl_protocols TLSv1; ssl_ciphers DEFAULT@SECLEVEL=0;",
                ),
                strict=True,
            )
        )
        temporary = " ".join(
            f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        conf = folder / "nginx.conf"
        conf.write_text(
            f"daemon off; master_process off; pid {folder}/nginx.pid; error_log stderr;\n"
            f"events {{ }} http {{ access_log off; {temporary}\n"
            f"server {{ listen 127.0.0.1:{plain}; {_STATUSES}\n"
            "location ~ ^/s401/ { add_header WWW-Authenticate Negotiate always; return 401; }\n"
            "location ~ ^/s302/ { return 302 http://login.contoso.com/; }\n"
            "location ~ ^/closed/ { return 444; }\n"
            f"location ~ ^/drip/ {{ root {folder}; limit_rate 1k; try_files /big =404; }}\n"
            "location ~ ^/page/ { default_type text/html; return 200 '<html><title>Sign in</title></html>'; }\n"
            f"location / {{ proxy_pass http://127.0.0.1:{behind}; }} }}\n{servers} }}\n"
        )
        with lab.running([nginx, "-p", str(folder), "-e", "stderr", "-c", str(conf)], plain):
            yield Web(plain, *tls, issuer.root, pfx, folder / "open.pfx", wsus)


@pytest.fixture
def trusted(web: Web, monkeypatch: pytest.MonkeyPatch) -> Web:
    """The same servers, their issuer trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(web.root))
    return web


@pytest.fixture(scope="session")
def squid(folder: Path, web: Web) -> Iterator[tuple[int, int]]:
    """squid: one port that wants a password, one that lets everything through but the update point."""
    found = lab.program("squid")
    share = lab.prefix_of(found) / "share" / "squid"
    basic = lab.prefix_of(found) / "lib" / "squid" / "basic_ncsa_auth"
    wants, denies = lab.free_port(), lab.free_port()
    (folder / "passwords").write_text("")
    conf = folder / "squid.conf"
    conf.write_text(
        f"http_port 127.0.0.1:{wants}\nhttp_port 127.0.0.1:{denies} name=denies\npid_filename {folder}/squid.pid\n"
        f"cache_log {folder}/squid.log\naccess_log none\ncache deny all\ncoredump_dir {folder}\n"
        f"shutdown_lifetime 0 seconds\nerror_directory {share}/errors/en\nicon_directory {share}/icons\n"
        f"mime_table {folder}/mime.conf\nvisible_hostname proxy.contoso.com\nunlinkd_program {lab.prefix_of(found)}/lib/squid/unlinkd\npinger_enable off\nconnect_timeout 1 second\n"
        f"auth_param basic program {basic} {folder}/passwords\nacl open myportname denies\n"
        "acl wsus urlpath_regex -i ClientWebService\nacl tunnel method CONNECT\nacl known proxy_auth REQUIRED\n"
        "http_access deny open wsus\nhttp_access deny open tunnel\nhttp_access allow open\n"
        "http_access allow known\nhttp_access deny all\n"
    )
    (folder / "mime.conf").write_text("")
    with lab.running([found, "-N", "-f", str(conf)], denies):
        yield wants, denies


@pytest.fixture(scope="session")
def tinyproxy(folder: Path, web: Web) -> Iterator[int]:
    found = lab.program("tinyproxy")
    port = lab.free_port()
    conf = folder / "tinyproxy.conf"
    conf.write_text(
        f'Port {port}\nListen 127.0.0.1\nTimeout 5\nMaxClients 10\nStartServers 2\nPidFile "{folder}/tiny.pid"\n'
        f'LogFile "{folder}/tiny.log"\nFilter "{folder}/filter"\nFilterURLs On\nFilterDefaultDeny No\n'
    )
    (folder / "filter").write_text("denied")
    with lab.running([found, "-d", "-c", str(conf)], port):
        yield port
