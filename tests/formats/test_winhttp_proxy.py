"""``netsh winhttp show proxy``. The shapes (en and ja, indents, headings) are those of public pastes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmdoctor.formats.winhttp_proxy import MARKERS, read
from ccmdoctor.model import State

DIRECT_EN = "\nCurrent WinHTTP proxy settings:\n\n    Direct access (no proxy server).\n\n"
DIRECT_JA = "\n現在の WinHTTP プロキシ設定:\n\n    直接アクセス (プロキシ サーバーなし)。\n\n"
PROXY_EN = (
    "Current WinHTTP proxy settings:\n\n"
    "    Proxy Server(s) :  proxy.contoso.com:8080\n"
    "    Bypass List     :  *.contoso.com;<local>\n"
)
PROXY_JA = (
    "現在の WinHTTP プロキシ設定:\n\n"
    "    プロキシ サーバー:  proxy.contoso.com:8080\n"
    "    バイパス一覧     : (なし)\n"
)  # fmt: skip


def only(text: str) -> State:
    states = read(text, "proxy.txt")
    assert len(states) == 1
    return states[0]


@pytest.mark.parametrize("text", [DIRECT_EN, DIRECT_JA])
def test_direct_access_is_read_in_both_languages(text: str) -> None:
    state = only(text)
    assert (state.kind, state.name) == ("winhttp-proxy", "winhttp")
    assert state.values["direct"] is True
    assert state.values["server"] is None
    assert state.values["bypass"] == []
    assert state.place.line == 4


def test_english_proxy_gives_server_bypass_and_both_lines_as_quote() -> None:
    state = only(PROXY_EN)
    assert state.values["direct"] is False
    assert state.values["server"] == "proxy.contoso.com:8080"
    assert state.values["bypass"] == ["*.contoso.com", "<local>"]
    assert state.place.line == 3
    assert state.text == ("    Proxy Server(s) :  proxy.contoso.com:8080\n    Bypass List     :  *.contoso.com;<local>")


def test_japanese_proxy_has_no_blank_before_the_colon_and_an_empty_bypass_list() -> None:
    state = only(PROXY_JA)
    assert state.values["server"] == "proxy.contoso.com:8080"
    assert state.values["bypass"] == []


@pytest.mark.parametrize("none", ["(none)", "(なし)", "(なし)", ""])
def test_no_bypass_is_an_empty_list(none: str) -> None:
    assert only(f"    Proxy Server(s) :  p.contoso.com:80\n    Bypass List     :  {none}\n").values["bypass"] == []


@pytest.mark.parametrize("indent", ["", " " * 3, " " * 4, " " * 8, "\t"])
@pytest.mark.parametrize("gap", ["\n", "\n\n"])
def test_any_indent_and_a_missing_blank_line_are_fine(indent: str, gap: str) -> None:
    text = f"現在の WinHTTP プロキシ設定:{gap}{indent}プロキシ サーバー: 10.0.0.9:3128\n{indent}バイパス一覧     : <local>\n"
    assert only(text).values["server"] == "10.0.0.9:3128"
    assert only(f"Current WinHTTP proxy settings:{gap}{indent}Direct access (no proxy server).").values["direct"]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_line_end_gives_the_same_line_number(newline: str) -> None:
    assert only("\ufeff" + PROXY_EN.replace("\n", newline)).place.line == 3


def test_full_width_and_half_width_forms_are_the_same_words() -> None:
    state = only(
        "現在の WinHTTP プロキシ設定：\n   プロキシ　サーバー：　proxy.contoso.com:8080\n   バイパス一覧：（なし）\n"
    )
    assert state.values["server"] == "proxy.contoso.com:8080"
    assert state.values["bypass"] == []
    assert only("   直接アクセス（プロキシ サーバーなし）。\n").values["direct"] is True
    assert only("   直接ｱｸｾｽ (ﾌﾟﾛｷｼ ｻｰﾊﾞｰなし)。\n").values["direct"] is True


def test_the_host_that_serves_http_comes_first() -> None:
    state = only(PROXY_EN.replace("proxy.contoso.com:8080", "https=tls.contoso.com:443;http=web.contoso.com:8080"))
    assert state.values["server"] == "web.contoso.com:8080"
    assert state.values["servers"] == ["web.contoso.com:8080", "tls.contoso.com:443"]


def test_a_scheme_before_the_host_is_no_part_of_it() -> None:
    assert only(PROXY_EN.replace("proxy.c", "http://proxy.c")).values["server"] == "proxy.contoso.com:8080"
    assert only(PROXY_EN.replace("proxy.c", "http=http://proxy.c")).values["servers"] == ["proxy.contoso.com:8080"]


def test_two_captures_in_one_text_are_two_states_in_order() -> None:
    text = f"PS C:\\> netsh winhttp show proxy\n{PROXY_JA}\nその後、リセットしました。\n{DIRECT_JA}"
    assert [state.values["direct"] for state in read(text, "f")] == [False, True]


def test_an_output_amid_log_lines_and_prose_is_found() -> None:
    log = '<![LOG[Scan failed]LOG]!><time="10:00:00.000-540" date="03-25-2025" component="WUAHandler" type="3">'
    state = only(f"{log}\nHere is the proxy:\n> {DIRECT_EN.strip()}\n{log}\n")
    assert state.values["direct"] is True
    assert state.text == "    Direct access (no proxy server)."


@pytest.mark.parametrize(
    "prose",
    [
        "The output says Direct access (no proxy server) so that is fine.",
        "結果が「直接アクセス (プロキシ サーバーなし)」であれば問題ありません。",
        "プロキシ サーバー: なし",
        "プロキシ サーバー: proxy.contoso.com:8080 を経由します",
        "Bypass List     :  *.contoso.com",
        "",
    ],
)
def test_prose_about_a_proxy_is_no_evidence(prose: str) -> None:
    assert read(f"hello\n\n{prose}\n", "mail.txt") == []


@pytest.mark.parametrize("text", [DIRECT_EN, DIRECT_JA, PROXY_EN, PROXY_JA])
def test_markers_let_every_output_through(text: str) -> None:
    assert any(marker in text.lower() for marker in MARKERS)


def test_markers_are_lower_case() -> None:
    assert all(marker == marker.lower() for marker in MARKERS)


PIECES = st.sampled_from(
    [
        DIRECT_EN,
        PROXY_JA,
        "Proxy Server(s) :",
        "Bypass List :",
        "プロキシ サーバー：",
        "WinHTTP プロキシ設定",
        ":",
        "\r",
        "http=;=",
        " ",
    ]
)


@given(st.lists(PIECES | st.text()).map("\n".join))
def test_any_text_gives_a_list_of_states_that_stand_in_it(text: str) -> None:
    states = read(text, "f")
    count = len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    for state in states:
        assert isinstance(state, State)
        assert 1 <= state.place.line <= count
        assert state.values["direct"] is (state.values["server"] is None)


@pytest.mark.parametrize("server", ["http://user:secret@proxy:8080", "http=user:secret@proxy:8080;https=other:8080"])
def test_a_password_in_the_setting_is_never_quoted(server: str) -> None:
    (state,) = read(f"    Proxy Server(s) :  {server}\n    Bypass List     :  (none)\n", "f")
    assert "secret" not in f"{state}" and "***@proxy:8080" in state.text and state.values["server"] == "***@proxy:8080"
