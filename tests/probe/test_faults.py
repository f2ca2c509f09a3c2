"""Each fault of a real server, proxy or certificate leads to its cause, as in the table of docs/probe.md."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from ccmdoctor.cli import main
from probe.ask import causes, first, probe, steps, wanted
from probe.lab import Web


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("s401", "HTTP 401"),
        ("s403", "HTTP 403"),
        ("s404", "HTTP 404"),
        ("s500", "HTTP 500 (the update point on a port of its own)"),
        ("s503", "HTTP 503"),
        ("s302", "login page, or redirection"),
        ("closed", "connection closed without an answer"),
        ("drip", "answer drips"),
        ("page", "login page, or redirection"),
    ],
)
def test_what_a_web_server_answers(web: Web, path: str, fault: str) -> None:
    root = f"http://127.0.0.1:{web.plain}/{path}"
    for option, address, cause in zip(("--mp", "--sup"), (f"{root}/?mplist", root), wanted(fault), strict=True):
        asked = probe(option, address, code=1)
        assert causes(asked)[cause] == "likely" and first(asked) == cause
        assert asked["causes"][0]["quotes"][0]["file"] == "probe"
        assert all(step["seconds"] < 2.0 for step in asked["probe_steps"])


@pytest.mark.parametrize(
    ("port", "flag"),
    [("expired", "CERT_DATE_INVALID"), ("other", "CERT_CN_INVALID"), ("old", ""), ("good", "INVALID_CA")],
)
def test_certificates(web: Web, port: str, flag: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if port != "good":
        monkeypatch.setenv("SSL_CERT_FILE", str(web.root))
    root = f"https://127.0.0.1:{getattr(web, port)}"
    found = probe("--mp", root, "--sup", root, code=1)
    assert [causes(found)[cause] for cause in wanted("certificate untrusted, expired")] == ["likely", "likely"]
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
    # the management point was asked without one: rightly refused, so no more than possible
    assert [causes(found)[cause] for cause in wanted("client certificate required")] == ["possible", "likely"]
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
    assert [causes(found)[cause] for cause in wanted("proxy asks for a password (407)")] == ["likely", "likely"]
    over_tls = probe("--sup", f"https://127.0.0.1:{web.good}", "--proxy", f"127.0.0.1:{wants}", code=1)
    assert causes(over_tls)["proxy-auth-required"] == "likely" and steps(over_tls)["tunnel"] == "proxy-auth"


def test_a_proxy_denies_only_the_update_point(web: Web, squid: tuple[int, int]) -> None:
    _, denies = squid
    root = f"http://127.0.0.1:{web.plain}"
    found = probe("--mp", root, "--sup", root, "--proxy", f"127.0.0.1:{denies}", code=1)
    assert first(found) == wanted("proxy denies the update point only")[1] and "mp-http-error" not in causes(found)
    assert "sup-auth-401-403" not in causes(found)
    found = probe("--sup", f"https://127.0.0.1:{web.good}", "--proxy", f"127.0.0.1:{denies}", code=1)
    assert first(found) == "winhttp-proxy-wrong" and steps(found)["tunnel"] == "proxy-refused"
    # behind the list of exceptions the same server is asked straight
    past = probe("--sup", root, "--proxy", f"127.0.0.1:{denies}", "--bypass", "<local>;127.0.0.*", code=0)
    assert "bypass 127.0.0.*" in past["probe_steps"][0]["seen"]


def test_a_proxy_that_cannot_reach_the_server(web: Web, squid: tuple[int, int]) -> None:
    _, denies = squid
    found = probe("--mp", "http://127.0.0.1:1", "--proxy", f"127.0.0.1:{denies}", code=1)
    assert first(found) == wanted("proxy cannot reach the server")[0] and steps(found)["http"] == "proxy-refused"


def test_another_proxy(web: Web, tinyproxy: int) -> None:
    root = f"http://127.0.0.1:{web.plain}"
    assert causes(probe("--mp", root, "--sup", root, "--proxy", f"http://127.0.0.1:{tinyproxy}", code=0)) == {}
    denied = probe("--sup", f"{root}/denied", "--proxy", f"127.0.0.1:{tinyproxy}", code=1)
    assert first(denied) == "winhttp-proxy-wrong" and steps(denied)["http"] == "proxy-refused"


def test_another_proxy_that_cannot_reach_the_server(tinyproxy: int) -> None:
    found = probe("--sup", "http://127.0.0.1:1", "--proxy", f"127.0.0.1:{tinyproxy}", code=1)
    assert first(found) == wanted("proxy cannot reach the server")[1] and steps(found)["http"] == "proxy-refused"


def test_a_proxy_that_is_not_there(web: Web) -> None:
    root = f"http://127.0.0.1:{web.plain}"
    found = probe("--mp", root, "--sup", root, "--proxy", "127.0.0.1:1", code=1)
    assert [causes(found)[cause] for cause in wanted("proxy cannot be reached")] == ["likely", "likely"]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_does_not_answer(scheme: str) -> None:
    listening, port = _serve(_silent)
    with listening:
        root = f"{scheme}://127.0.0.1:1"
        found = probe("--mp", root, "--sup", root, "--proxy", f"127.0.0.1:{port}", code=1, timeout="1")
        assert [causes(found)[cause] for cause in wanted("proxy does not answer in time")] == ["likely", "likely"]
        assert causes(found)["sup-timeout"] == "likely"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_hangs_up(scheme: str) -> None:
    listening, port = _serve(_hangs_up)
    with listening:
        root = f"{scheme}://127.0.0.1:1"
        found = probe("--mp", root, "--sup", root, "--proxy", f"127.0.0.1:{port}", code=1)
        assert causes(found) == dict.fromkeys(wanted("proxy cannot be reached, or hangs up"), "likely")


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


def _hangs_up(one: socket.socket) -> None:
    one.recv(65536)
    one.close()


def _cut(one: socket.socket) -> None:
    with one:
        one.recv(65536)
        one.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 9999\r\n\r\n<MPList>")


def _cut_head(one: socket.socket) -> None:
    with one:
        one.recv(65536)
        one.sendall(b"HTTP/1.1 200 OK\r\nContent-Ty")


def _cut_chunk(one: socket.socket) -> None:
    with one:
        one.recv(65536)
        one.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n<MP")


def _continues_for_ever(one: socket.socket) -> None:
    with one:
        one.recv(65536)
        try:
            while True:
                one.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
        except OSError:
            return


def _endless_head(one: socket.socket) -> None:
    with one:
        one.recv(65536)
        try:
            one.sendall(b"HTTP/1.1 200 OK\r\n")
            while True:
                one.sendall(b"X-A: " + b"b" * 1000 + b"\r\n")
        except OSError:
            return


def _zipped(one: socket.socket) -> None:
    with one:
        one.recv(65536)
        body = gzip.compress(b"<MPList>" + b"x" * 50_000_000)
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
        one.sendall(head % len(body) + body)


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
    ("act", "fault"),
    [
        (_silent, "answer drips, or does not come"),
        (_slow_head, "answer drips, or does not come"),
        (_continues_for_ever, "answer drips, or does not come"),
        (_reset, "connection closed without an answer"),
        (_cut, "connection closed without an answer"),
        (_cut_head, "connection closed without an answer"),
        (_cut_chunk, "connection closed without an answer"),
        (_no_http, "answer is not HTTP"),
        (_endless_head, "answer is not HTTP"),
        (_zipped, "login page, or redirection"),  # it was told that nothing is inflated
    ],
)
def test_wires(act: Callable[[socket.socket], None], fault: str) -> None:
    listening, port = _serve(act)
    with listening:
        root = f"http://127.0.0.1:{port}"
        found = probe("--mp", root, "--sup", root, code=1, timeout="1")
        assert [causes(found)[cause] for cause in wanted(fault)] == ["likely", "likely"]
        assert all(step["seconds"] < 1.6 for step in found["probe_steps"])


def test_a_port_that_does_not_speak_tls(web: Web) -> None:
    root = f"https://127.0.0.1:{web.plain}"
    found = probe("--mp", root, "--sup", root, code=1)
    assert [causes(found)[cause] for cause in wanted("certificate untrusted, expired")] == ["likely", "likely"]
    assert all("not TLS" in step["seen"] for step in found["probe_steps"] if step["step"] == "tls")


@pytest.mark.parametrize("raw", [None, b"no certificate"])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_roots_that_cannot_be_read(
    raw: bytes | None, language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "roots.pem"
    if raw is not None:
        file.write_bytes(raw)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    done = CliRunner().invoke(main, ["probe", "--mp", "https://127.0.0.1:1", "--lang", language])
    assert done.exit_code == 2 and "roots.pem" in done.stderr and "SSL_CERT_FILE" in done.stderr


def test_a_server_that_closes_after_each_answer_is_asked_within_the_time(web: Web) -> None:
    """The connection is opened anew within the time of the step, not in one of its own."""

    def act(one: socket.socket) -> None:
        with one:
            asked = one.recv(65536)
            if asked.startswith(b"GET"):
                body = b"<html>ClientWebService GetConfig</html>"
                one.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n" + body)
            else:
                threading.Event().wait(4)

    listening, port = _serve(act)
    with listening:
        found = probe("--sup", f"http://127.0.0.1:{port}", code=1, timeout="1")
        assert steps(found)["config"] == "timeout" and first(found) == wanted("answer drips")[1]
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
