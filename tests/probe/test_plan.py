"""Addresses, the way past a proxy, and what is taken from a client's evidence."""

from __future__ import annotations

import json
import platform
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from ccmdoctor.cli import main
from ccmdoctor.model import InputError
from ccmdoctor.probe import plan, proxy
from probe import responder
from probe.ask import causes, probe

LOG = (
    "<![LOG[[CCMHTTP] ERROR: URL=http://127.0.0.1:{mp}/ccm_system/request, Port={mp}, Options=1248, Code=12002, "
    'Text=ERROR_WINHTTP_TIMEOUT]LOG]!><time="10:02:03.412-540" date="03-25-2025" component="CcmMessaging" context="" '
    'type="3" thread="9596" file="ccmhttperror.cpp:297">\n'
)
SCAN = (
    "<![LOG[Existing WUA Managed server was already set (http://127.0.0.1:{sup}), skipping Group Policy registration."
    ']LOG]!><time="10:01:03.101-540" date="03-25-2025" component="WUAHandler" context="" type="1" thread="9596" file="cwuahandler.cpp:3633">\n'
    '<![LOG[Scan failed with error = 0x80072ee2.]LOG]!><time="10:02:03.412-540" date="03-25-2025" '
    'component="WUAHandler" context="" type="3" thread="9596" file="cwuahandler.cpp:3633">\n'
)


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("mp01", "http://mp01/sms_mp/.sms_aut?mplist"),
        ("https://mp01.contoso.com", "https://mp01.contoso.com/sms_mp/.sms_aut?mplist"),
        ("mp01.contoso.com:443", "https://mp01.contoso.com/sms_mp/.sms_aut?mplist"),
        ("http://[fd00::1]:81/", "http://[fd00::1]:81/sms_mp/.sms_aut?mplist"),
        ("http://gw.contoso.com/a?mplist", "http://gw.contoso.com/a?mplist"),
        ("fd00::1", "http://[fd00::1]/sms_mp/.sms_aut?mplist"),
        ("http://[fe80::1%eth0]:81", "http://[fe80::1]:81/sms_mp/.sms_aut?mplist"),
        ("MP_01.CONTOSO.COM", "http://mp_01.contoso.com/sms_mp/.sms_aut?mplist"),
        ("http://管理.contoso.com", "http://xn--8ey35n.contoso.com/sms_mp/.sms_aut?mplist"),
    ],
)
def test_management_points(given: str, url: str) -> None:
    assert plan.management_point(given).url == url


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("sup01", "http://sup01:8530"),
        ("sup01:8531", "https://sup01:8531"),
        ("http://sup01.contoso.com", "http://sup01.contoso.com"),
        ("https://sup01.contoso.com:8531/", "https://sup01.contoso.com:8531"),
        ("http://sup01:8530/ClientWebService/client.asmx?wsdl", "http://sup01:8530"),
    ],
)
def test_update_points(given: str, url: str) -> None:
    assert plan.update_point(given).url == url


@pytest.mark.parametrize(
    "given",
    [
        "",
        "ftp://x",
        "http://",
        "http://x:99999",
        "http://user:secret@x",
        "http://x y",
        "http://x\r\nHost: y",
        "http://x/é",
        "http:/x",
        "http://x:",
        "x:0",
        "x,y",
        "-x",
        "\\\\x\\y",
        "a..b",
        "http://user:a//secret@x",
        "http://user:a;secret@x",
        "http://user:a,secret@x",
        "http=http://user:secret@x:1;https=y:1",
    ],
)
@pytest.mark.parametrize("language", ["ja", "en"])
def test_what_is_no_address(given: str, language: str) -> None:
    for option in ("--mp", "--sup", "--proxy"):
        asked = ["--mp", "http://127.0.0.1:1"] if option == "--proxy" else []
        if option == "--proxy" and (len(given.split()) != 1 or given == "x,y"):
            continue  # WinHTTP's lists are separated by blanks and commas, and no proxy is no proxy
        done = CliRunner().invoke(main, ["probe", *asked, option, given, "--lang", language])
        assert done.exit_code == 2 and "secret" not in done.output
        assert "Traceback" not in done.stderr
    assert CliRunner().invoke(main, ["probe", "--lang", language]).exit_code == 2


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_an_input_error(text: str) -> None:
    for read in (plan.management_point, plan.update_point):
        try:
            found = read(text)
        except InputError:
            continue
        assert found.host and found.path.isascii() and "\r" not in found.url and "\n" not in found.url


@pytest.mark.parametrize(
    ("server", "bypass", "url", "way"),
    [
        ("proxy:8080", "", "http://sup01.contoso.com:8530", "proxy proxy:8080"),
        ("proxy:8080", "<local>", "http://sup01:8530", "direct, bypass <local>"),
        ("proxy:8080", "<local>", "http://sup01.contoso.com:8530", "proxy proxy:8080"),
        ("proxy:8080", "*.contoso.com", "http://sup01.contoso.com:8530", "direct, bypass *.contoso.com"),
        ("proxy:8080", "sup01.contoso.com:8531", "http://sup01.contoso.com:8530", "proxy proxy:8080"),
        ("proxy:8080", "<local>;10.*;sup01.contoso.com:8530", "http://sup01.contoso.com:8530",
         "direct, bypass sup01.contoso.com:8530"),
        ("http=a:80;https=b:443", "", "https://sup01.contoso.com:8531", "proxy b:443"),
        ("http=a:80;https=b:443", "", "http://sup01.contoso.com:8530", "proxy a:80"),
        ("https=b:443", "", "http://sup01.contoso.com:8530", "direct, no proxy for http"),
        ("http://proxy.contoso.com", "", "http://sup01:8530", "proxy proxy.contoso.com:80"),
    ],
)  # fmt: skip
def test_the_way_that_winhttp_takes(server: str, bypass: str, url: str, way: str) -> None:
    assert proxy.way_to(plan.update_point(url), proxy.given(server, bypass))[1] == way


def _client(folder: Path, mp: int, sup: int, more: dict[str, str] | None = None) -> Path:
    (folder / "CcmMessaging.log").write_text(LOG.format(mp=mp), encoding="utf-8")
    (folder / "WUAHandler.log").write_text(SCAN.format(sup=sup), encoding="utf-8")
    for name, text in (more or {}).items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_servers_come_from_the_clients_evidence(responding: int, tmp_path: Path) -> None:
    found = probe("--from-client", _client(tmp_path, responding, responding))
    assert {step["url"] for step in found["probe_steps"]} == {
        f"http://127.0.0.1:{responding}/sms_mp/.sms_aut?mplist",
        f"http://127.0.0.1:{responding}/ClientWebService/client.asmx",
    }
    assert all(step["error"] is None for step in found["probe_steps"])
    # the client's scan still has the word; what was asked today speaks against it
    timeout = next(cause for cause in found["causes"] if cause["id"] == "sup-timeout")
    assert timeout["facts"]["error"] == "0x80072ee2" and timeout["against"]
    assert found["observed"]["now"].startswith("2025-03-25")


def test_the_clients_proxy_is_obeyed(responding: int, tmp_path: Path) -> None:
    setting = "Current WinHTTP proxy settings:\n\n    Proxy Server(s) :  127.0.0.1:1\n    Bypass List     :  {}\n"
    client = _client(tmp_path, responding, responding, {"winhttp-proxy.txt": setting.format("(none)")})
    assert {"proxy 127.0.0.1:1"} == {
        one["seen"] for one in probe("--from-client", client)["probe_steps"] if one["step"] == "way"
    }
    _client(tmp_path, responding, responding, {"winhttp-proxy.txt": setting.format("127.*")})
    found = probe("--from-client", client)
    assert {"direct, bypass 127.*"} == {one["seen"] for one in found["probe_steps"] if one["step"] == "way"}


def test_evidence_that_is_no_address_does_not_stop_the_other_question(responding: int, tmp_path: Path) -> None:
    client = _client(tmp_path, responding, responding)
    log = (client / "CcmMessaging.log").read_text(encoding="utf-8")
    for server in ("-mp01-", "cmg.contoso.com/CCM_Proxy_MutualAuth/72057594037928017"):
        (client / "CcmMessaging.log").write_text(log.replace(f"127.0.0.1:{responding}", server), encoding="utf-8")
        found = probe("--from-client", client)
        assert {step["service"] for step in found["probe_steps"]} == {"sup"}


def test_the_port_that_the_log_names_beside_the_address(responding: int, tmp_path: Path) -> None:
    client = _client(tmp_path, responding, responding)
    log = (client / "CcmMessaging.log").read_text(encoding="utf-8")
    (client / "CcmMessaging.log").write_text(log.replace(f"127.0.0.1:{responding}/", "127.0.0.1/"), encoding="utf-8")
    found = probe("--from-client", client)
    assert f"http://127.0.0.1:{responding}/sms_mp/.sms_aut?mplist" in {step["url"] for step in found["probe_steps"]}


def test_scheme_and_port_come_from_the_collectors_question(responding: int, tmp_path: Path) -> None:
    """The log of a working client names the host of the management point alone."""
    told = "Delivered successfully to host '127.0.0.1'."
    line = f'<![LOG[{told}]LOG]!><time="10:02:03.412-540" date="03-25-2025" component="CcmMessaging" context="" type="1" thread="9" file="a.cpp:1">\n'
    (tmp_path / "CcmMessaging.log").write_text(line, encoding="utf-8")
    answer = {"schema": "ccmdoctor.collected-answer/1", "ask": "mplist", "status": 200}
    url = f"http://127.0.0.1:{responding}/sms_mp/.sms_aut?mplist"
    (tmp_path / "management-point.json").write_text(json.dumps(answer | {"url": url}, indent=1), encoding="utf-8")
    assert {step["url"] for step in probe("--from-client", tmp_path)["probe_steps"]} == {url}


def test_a_proxy_setting_that_is_no_address_is_a_fault_and_shows_no_password(responding: int, tmp_path: Path) -> None:
    setting = "Current WinHTTP proxy settings:\n\n    Proxy Server(s) :  http://user:secret@127.0.0.1:1\n    Bypass List     :  (none)\n"
    found = probe("--from-client", _client(tmp_path, responding, responding, {"winhttp-proxy.txt": setting}))
    assert {(step["step"], step["error"]) for step in found["probe_steps"]} == {("way", "proxy-unreachable")}
    assert "secret" not in json.dumps(found)


def test_evidence_that_names_no_server(tmp_path: Path) -> None:
    (tmp_path / "WUAHandler.log").write_text(SCAN.splitlines()[1].format(sup=0), encoding="utf-8")
    done = CliRunner().invoke(main, ["probe", "--from-client", str(tmp_path), "--lang", "en"])
    assert done.exit_code == 2 and "--sup" in done.stderr


def test_on_the_client_itself_the_answer_is_certain(responding: int, tmp_path: Path, wsus: responder.Wsus) -> None:
    wsus.page_status = 503
    sup = f"http://127.0.0.1:{responding}"
    assert causes(probe("--sup", sup))["sup-503-wsuspool"] == "likely"
    name = platform.node().partition(".")[0]
    (tmp_path / "ipconfig.txt").write_text(
        f"Windows IP Configuration\n\n   Host Name . . . . . . . . . . . . : {name}\n"
        "   Primary Dns Suffix  . . . . . . . : contoso.com\n",
        encoding="utf-8",
    )
    assert causes(probe("--sup", sup, "--from-client", tmp_path))["sup-503-wsuspool"] == "confirmed"


def test_a_probe_on_the_client_is_newer_than_its_last_good_scan(
    responding: int, tmp_path: Path, wsus: responder.Wsus
) -> None:
    sup = f"http://127.0.0.1:{responding}"
    _client(tmp_path, responding, responding)
    (tmp_path / "WUAHandler.log").write_text(
        SCAN.format(sup=responding).replace("Scan failed with error = 0x80072ee2.", "Successfully completed scan."),
        encoding="utf-8",
    )
    wsus.page_status = 403
    assert "sup-auth-401-403" not in causes(probe("--sup", sup, "--from-client", tmp_path))  # asked from elsewhere
    name = platform.node().partition(".")[0]
    (tmp_path / "ipconfig.txt").write_text(
        f"Windows IP Configuration\n\n   Host Name . . . . . . . . . . . . : {name}\n", encoding="utf-8"
    )
    assert causes(probe("--sup", sup, "--from-client", tmp_path))["sup-auth-401-403"] == "likely"


@pytest.mark.parametrize(("raw", "words"), [(b"no pfx", "x.pfx"), (None, "x.pfx")])
def test_a_certificate_that_cannot_be_used(
    raw: bytes | None, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CCMDOCTOR_PFX_PASSWORD", "top-secret")
    if raw is not None:
        (tmp_path / "x.pfx").write_bytes(raw)
    done = CliRunner().invoke(main, ["probe", "--mp", "http://127.0.0.1:1", "--cert", str(tmp_path / "x.pfx")])
    assert done.exit_code == 2 and words in done.stderr and "top-secret" not in done.output
