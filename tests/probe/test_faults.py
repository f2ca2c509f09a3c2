"""Each fault of a real server, proxy or certificate leads to its cause, as in the table of docs/probe.md."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from ccmdoctor.cli import main
from probe.ask import causes, first, probe, steps
from probe.lab import Web


@pytest.mark.parametrize(
    ("path", "management_point", "update_point"),
    [
        ("s401", "mp-http-error", "sup-auth-401-403"),
        ("s403", "mp-http-error", "sup-auth-401-403"),
        ("s404", "mp-http-error", "wsus-scan-generic-error"),
        ("s500", "mp-http-error", "sup-http-500-port-binding"),
        ("s503", "mp-http-error", "sup-503-wsuspool"),
        ("s302", "mp-http-error", "winhttp-proxy-wrong"),
        ("closed", "mp-timeout", "sup-port-blocked"),
        ("drip", "mp-timeout", "sup-timeout"),
        ("page", "mp-http-error", "winhttp-proxy-wrong"),
    ],
)
def test_what_a_web_server_answers(web: Web, path: str, management_point: str, update_point: str) -> None:
    root = f"http://127.0.0.1:{web.plain}/{path}"
    asked = probe("--mp", f"{root}/?mplist", code=1)
    assert causes(asked)[management_point] == "likely" and first(asked) == management_point
    asked = probe("--sup", root, code=1)
    assert causes(asked)[update_point] == "likely" and first(asked) == update_point
    assert asked["causes"][0]["quotes"][0]["file"] == "probe"


@pytest.mark.parametrize(
    ("port", "flag"),
    [("expired", "CERT_DATE_INVALID"), ("other", "CERT_CN_INVALID"), ("old", ""), ("good", "INVALID_CA")],
)
def test_certificates(web: Web, port: str, flag: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if port != "good":
        monkeypatch.setenv("SSL_CERT_FILE", str(web.root))
    root = f"https://127.0.0.1:{getattr(web, port)}"
    found = probe("--mp", root, "--sup", root, code=1)
    assert causes(found)["mp-tls-cert-untrusted"] == "likely"
    assert causes(found)["sup-tls-cert-untrusted-or-expired"] == "likely"
    assert steps(found)["tls"] == "tls" and "http" not in steps(found)
    seen = next(step["seen"] for step in found["probe_steps"] if step["step"] == "tls")
    assert flag in seen
    if port != "old":  # the chain is shown although it was not accepted
        assert "<- issuer CN=Contoso Test CA" in seen and "valid 20" in seen
        tls = next(cause for cause in found["causes"] if cause["id"] == "mp-tls-cert-untrusted")
        assert tls["facts"]["flags"] == flag


def test_a_client_certificate_is_wanted(trusted: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    root = f"https://127.0.0.1:{trusted.asking}"
    found = probe("--mp", root, "--sup", root, code=1)
    assert causes(found)["sup-client-cert-required"] == "likely"
    # the question was asked without one: rightly refused, so no more than possible
    assert causes(found)["mp-pki-cert-missing"] == "possible"
    monkeypatch.setenv("CCMDOCTOR_PFX_PASSWORD", "pass")
    found = probe("--mp", root, "--sup", root, "--cert", trusted.pfx, code=0)
    assert causes(found) == {} and steps(found)["sync"] is None


def test_a_good_server_over_tls_shows_its_chain(trusted: Web) -> None:
    found = probe("--mp", f"https://localhost:{trusted.good}", "--sup", f"https://localhost:{trusted.good}", code=0)
    seen = next(step["seen"] for step in found["probe_steps"] if step["step"] == "tls")
    assert seen.startswith("TLSv1") and "CN=localhost" in seen and "names localhost, 127.0.0.1" in seen
    assert found["outcome"] == "nothing-wrong-found"
    assert {one["stage"]: one["state"] for one in found["stages"]}["scan"] == "ok"


def test_a_proxy_wants_a_password(web: Web, squid: tuple[int, int]) -> None:
    wants, _ = squid
    root = f"http://127.0.0.1:{web.plain}"
    found = probe("--mp", root, "--sup", root, "--proxy", f"127.0.0.1:{wants}", code=1)
    assert causes(found)["proxy-auth-required"] == "likely" and causes(found)["mp-http-error"] == "likely"
    over_tls = probe("--sup", f"https://127.0.0.1:{web.good}", "--proxy", f"127.0.0.1:{wants}", code=1)
    assert causes(over_tls)["proxy-auth-required"] == "likely" and steps(over_tls)["tunnel"] == "proxy-auth"


def test_a_proxy_denies_only_the_update_point(web: Web, squid: tuple[int, int]) -> None:
    _, denies = squid
    root = f"http://127.0.0.1:{web.plain}"
    found = probe("--mp", root, "--sup", root, "--proxy", f"127.0.0.1:{denies}", code=1)
    assert first(found) == "winhttp-proxy-wrong" and "mp-http-error" not in causes(found)
    assert "sup-auth-401-403" not in causes(found)
    found = probe("--sup", f"https://127.0.0.1:{web.good}", "--proxy", f"127.0.0.1:{denies}", code=1)
    assert first(found) == "winhttp-proxy-wrong" and steps(found)["tunnel"] == "proxy-refused"
    # behind the list of exceptions the same server is asked straight
    past = probe("--sup", root, "--proxy", f"127.0.0.1:{denies}", "--bypass", "<local>;127.0.0.*", code=0)
    assert "bypass 127.0.0.*" in past["probe_steps"][0]["seen"]


def test_a_proxy_that_cannot_reach_the_server(web: Web, squid: tuple[int, int]) -> None:
    _, denies = squid
    found = probe("--mp", "http://127.0.0.1:1", "--proxy", f"127.0.0.1:{denies}", code=1)
    assert first(found) == "mp-http-error" and steps(found)["http"] == "proxy-refused"


def test_another_proxy(web: Web, tinyproxy: int) -> None:
    root = f"http://127.0.0.1:{web.plain}"
    assert causes(probe("--mp", root, "--sup", root, "--proxy", f"http://127.0.0.1:{tinyproxy}", code=0)) == {}
    denied = probe("--sup", f"{root}/denied", "--proxy", f"127.0.0.1:{tinyproxy}", code=1)
    assert first(denied) == "winhttp-proxy-wrong" and steps(denied)["http"] == "proxy-refused"


def test_another_proxy_that_cannot_reach_the_server(tinyproxy: int) -> None:
    found = probe("--sup", "http://127.0.0.1:1", "--proxy", f"127.0.0.1:{tinyproxy}", code=1)
    assert first(found) == "winhttp-proxy-wrong" and steps(found)["http"] == "proxy-refused"


def test_a_proxy_that_is_not_there(web: Web) -> None:
    root = f"http://127.0.0.1:{web.plain}"
    found = probe("--mp", root, "--sup", root, "--proxy", "127.0.0.1:1", code=1)
    assert causes(found)["winhttp-proxy-wrong"] == "likely" and causes(found)["mp-timeout"] == "likely"


def _serve(act: Callable[[socket.socket], None]) -> tuple[socket.socket, int]:
    listening = socket.create_server(("127.0.0.1", 0))

    def loop() -> None:
        while True:
            try:
                one, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=act, args=(one,), daemon=True).start()

    threading.Thread(target=loop, daemon=True).start()
    return listening, int(listening.getsockname()[1])


def _silent(one: socket.socket) -> None:
    one.recv(65536)
    threading.Event().wait(4)
    one.close()


def _slow_head(one: socket.socket) -> None:
    with one:
        for letter in b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1000:
            try:
                one.sendall(bytes([letter]))
            except OSError:
                return
            threading.Event().wait(0.2)


def _reset(one: socket.socket) -> None:
    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    one.close()


def _endless(one: socket.socket) -> None:
    with one:
        one.recv(65536)
        one.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<MPList>")
        try:
            while True:
                one.sendall(b"x" * 65536)
        except OSError:
            return


def _no_http(one: socket.socket) -> None:
    with one:
        one.sendall(b"220 mail.contoso.com ESMTP\r\n")
        one.recv(65536)


@pytest.mark.parametrize(
    ("act", "management_point", "update_point"),
    [
        (_silent, "mp-timeout", "sup-timeout"),
        (_slow_head, "mp-timeout", "sup-timeout"),
        (_reset, "mp-timeout", "sup-port-blocked"),
        (_no_http, "mp-http-error", "winhttp-proxy-wrong"),
    ],
)
def test_wires(act: Callable[[socket.socket], None], management_point: str, update_point: str) -> None:
    listening, port = _serve(act)
    with listening:
        root = f"http://127.0.0.1:{port}"
        found = probe("--mp", root, "--sup", root, code=None, timeout="1")
        assert causes(found).get(management_point) or act is _no_http, found["causes"]
        assert causes(found)[update_point] == "likely"
        assert all(step["seconds"] < 1.6 for step in found["probe_steps"])


def test_an_endless_answer_is_cut(tmp_path: Path) -> None:
    listening, port = _serve(_endless)
    with listening:
        found = probe("--mp", f"http://127.0.0.1:{port}", code=0, timeout="5")
        assert steps(found)["mplist"] is None


@pytest.mark.parametrize("text", ["a{0}b", "\x1b[31m", "<script>alert(1)</script>"])
def test_what_a_server_says_stays_text(web: Web, text: str) -> None:
    def answer(one: socket.socket) -> None:
        with one:
            one.recv(65536)
            body = f"<html><title>{text}</title></html>".encode()
            one.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(body) + body)

    listening, port = _serve(answer)
    with listening:
        for medium in ("text", "html", "markdown"):
            done = CliRunner().invoke(
                main, ["probe", "--mp", f"http://127.0.0.1:{port}", "--format", medium, "--lang", "ja"]
            )
            assert done.exit_code == 1 and "\x1b" not in done.stdout and "<script>alert" not in done.stdout
            assert "プローブの問い合わせ" in done.stdout
