"""Answers to web questions asked by hand.

Seen in public captures: the property list, the errors of Windows PowerShell in both languages with the echo of the
command, curl's own messages. Assumed: the Japanese texts of TLS faults and of PowerShell 7.
"""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmdoctor.formats.web_answer import MARKERS, read
from ccmdoctor.model import State

MP = "http://mp01.contoso.com/sms_mp/.sms_aut?mplist"
SUP = "http://sup01.contoso.com:8530/ClientWebService/client.asmx"
ASK_MP = f'PS C:\\> Invoke-WebRequest -Uri "{MP}" -UseBasicParsing'
ASK_SUP = f'PS C:\\> Invoke-WebRequest -Uri "{SUP}" -UseBasicParsing'
GOOD = """

StatusCode        : 200
StatusDescription : OK
Content           : <MPList><MP Name="MP01"/></MPList>
RawContent        : HTTP/1.1 200 OK
                    Content-Type: text/xml

"""


def echo(url: str, japanese: bool = False) -> str:
    where = "発生場所 行:1 文字:1" if japanese else "At line:1 char:1"
    return (
        f'{where}\n+ Invoke-WebRequest -Uri "{url}" -UseBasicPars ...\n'
        "+ ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~\n"
        "    + CategoryInfo          : InvalidOperation: (System.Net.HttpWebRequest:HttpWebRequest) [Invoke-WebRequest]\n"
        "    + FullyQualifiedErrorId : WebCmdletWebResponseException,Microsoft.PowerShell.Commands.InvokeWebRequestCommand\n"
    )


def only(text: str, file: str = "paste.txt") -> State:
    (state,) = read(text, file)
    assert state.kind == "web-answer"
    return state


@pytest.mark.parametrize(("ask", "url", "target"), [(ASK_MP, MP, "mplist"), (ASK_SUP, SUP, "client.asmx")])
def test_a_good_answer_is_one_state_with_its_question(ask: str, url: str, target: str) -> None:
    state = only(ask + GOOD)
    assert state.name == url
    assert state.values == {"target": target, "status": 200, "error": None}
    assert (state.place.line, state.text) == (3, "StatusCode        : 200")


FAILURES = [
    ("Invoke-WebRequest : The remote server returned an error: (503) Server Unavailable.", 503, None),
    ("Invoke-WebRequest : リモート サーバーがエラーを返しました: (503) サーバーを使用できません", 503, None),
    ("Invoke-WebRequest : The remote server returned an error: (403) Forbidden.", 403, None),
    ("Invoke-WebRequest : リモート サーバーがエラーを返しました: (404) 見つかりません", 404, None),
    (
        "Invoke-WebRequest : The remote server returned an error: (407) Proxy Authentication Required.",
        407,
        "proxy-auth",
    ),
    ("Invoke-WebRequest : Service Unavailable\nHTTP Error 503. The service is unavailable.", 503, None),
    ("Invoke-WebRequest: Response status code does not indicate success: 503 (Service Unavailable).", 503, None),
    ("Invoke-WebRequest : The remote name could not be resolved: 'sup01.contoso.com'", None, "name-not-resolved"),
    ("Invoke-WebRequest : リモート名を解決できませんでした。: 'sup01.contoso.com'", None, "name-not-resolved"),
    ("Invoke-WebRequest: No such host is known. (sup01.contoso.com:8530)", None, "name-not-resolved"),
    ("Invoke-WebRequest : The operation has timed out.", None, "timeout"),
    ("Invoke-WebRequest : 操作がタイムアウトになりました。", None, "timeout"),
    (
        "Invoke-WebRequest: The request was canceled due to the configured HttpClient.Timeout of 100 seconds elapsing.",
        None,
        "timeout",
    ),
    ("Invoke-WebRequest : Unable to connect to the remote server", None, "connect-failed"),
    ("Invoke-WebRequest : リモート サーバーに接続できません。", None, "connect-failed"),
    (
        "Invoke-WebRequest : The underlying connection was closed: Could not establish trust relationship for the SSL/TLS secure channel.",
        None,
        "tls",
    ),
    (
        "Invoke-WebRequest : 接続が切断されました: SSL/TLS のセキュリティで保護されているチャネルに対する信頼関係を確立できませんでした。",
        None,
        "tls",
    ),
    ("Invoke-WebRequest : The request was aborted: Could not create SSL/TLS secure channel.", None, "tls"),
    (
        "Invoke-WebRequest : The underlying connection was closed: An unexpected error occurred on a send.",
        None,
        "closed",
    ),
    ("Invoke-WebRequest : 基になる接続が閉じられました: 送信時に、予期しないエラーが発生しました。", None, "closed"),
    ("Invoke-WebRequest : Something that nobody has seen yet", None, "other"),
]


@pytest.mark.parametrize(("message", "status", "error"), FAILURES)
def test_a_failure_says_status_or_kind(message: str, status: int | None, error: str | None) -> None:
    state = only(f"{ASK_SUP}\n{message}\n{echo(SUP)}\nPS C:\\>")
    assert state.values == {"target": "client.asmx", "status": status, "error": error}
    assert (state.name, state.place.line, state.text) == (SUP, 2, message.split("\n", maxsplit=1)[0])


@pytest.mark.parametrize(("message", "status", "error"), FAILURES)
def test_the_echo_below_an_error_tells_the_question_when_none_is_above(
    message: str, status: int | None, error: str | None
) -> None:
    state = only(f"次のエラーが出ました。\n\n{message}\n{echo(MP, japanese=True)}")
    assert state.values == {"target": "mplist", "status": status, "error": error}


@pytest.mark.parametrize("width", [30, 33, 47, 60])
@pytest.mark.parametrize(("message", "status", "error"), FAILURES[:5] + FAILURES[7:12] + FAILURES[13:15])
def test_the_console_may_break_an_error_anywhere(
    message: str, status: int | None, error: str | None, width: int
) -> None:
    broken = "\n".join(message[at : at + width] for at in range(0, len(message), width))
    state = only(f"{ASK_SUP}\n{broken}\n{echo(SUP)}")
    assert (state.values["status"], state.values["error"]) == (status, error)


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        ("curl: (28) Connection timed out after 30001 milliseconds", None, "timeout"),
        ("curl: (6) Could not resolve host: mp01.contoso.com", None, "name-not-resolved"),
        ("curl: (7) Failed to connect to mp01.contoso.com port 80: Connection refused", None, "connect-failed"),
        ("curl: (60) SSL certificate problem: unable to get local issuer certificate", None, "tls"),
        ("curl: (52) Empty reply from server", None, "closed"),
        ("curl: (22) The requested URL returned error: 503", 503, None),
        ("curl: (3) URL rejected", None, "other"),
        ("HTTP/1.1 503 Service Unavailable", 503, None),
        ("< HTTP/1.1 407 Proxy Authentication Required", 407, "proxy-auth"),
        ("HTTP/2 200", 200, None),
    ],
)
def test_curl_is_understood(answer: str, status: int | None, error: str | None) -> None:
    state = only(f"C:\\>curl.exe -v {MP}\n{answer}\n")
    assert (state.name, state.values) == (MP, {"target": "mplist", "status": status, "error": error})


@pytest.mark.parametrize(
    "answer",
    [
        "\n\nStatusCode\n----------\n       200\n",
        "\nStatusCode StatusDescription\n---------- -----------------\n       200 OK\n",
    ],
)
def test_a_selected_status_is_read_from_its_column(answer: str) -> None:
    assert only(f"{ASK_MP} | Select-Object StatusCode{answer}").values["status"] == 200


def test_the_status_alone_is_read_below_the_command_that_prints_it() -> None:
    text = f'PS C:\\> (Invoke-WebRequest -Uri "{MP}" -UseBasicParsing).StatusCode\n200\n'
    assert only(text).values == {"target": "mplist", "status": 200, "error": None}
    assert read(text.replace(".StatusCode", ".Content.Length"), "f") == []


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("http://mp01.contoso.com/SMS_MP/.sms_aut?MPLIST", "mplist"),
        ("http://mp01.contoso.com/sms_mp/.sms_aut?mpcert", "other"),
        ("http://sup01.contoso.com:8530/SelfUpdate/wuident.cab", "wuident.cab"),
        ("http://sup01.contoso.com:8530/SimpleAuthWebService/SimpleAuth.asmx", "other"),
        ("http://sup01.contoso.com:8530/ClientWebService/wusserverversion.xml", "other"),
        ("http://www.contoso.com/", "other"),
    ],
)
def test_the_address_tells_the_target(url: str, target: str) -> None:
    assert only(f"PS C:\\> iwr {url}{GOOD}").values["target"] == target


def test_a_command_without_an_address_has_no_target() -> None:
    state = only(f"PS C:\\> Invoke-WebRequest -Uri $url -UseBasicParsing{GOOD}")
    assert (state.name, state.values["target"]) == ("", None)


@pytest.mark.parametrize(
    ("file", "target"),
    [
        ("mplist.txt", "mplist"),
        ("C:\\temp\\client.asmx.txt", "client.asmx"),
        ("out/asmx_result.txt", "client.asmx"),
        ("wuident.txt", "wuident.cab"),
    ],
)
def test_the_name_of_the_file_tells_the_target_when_no_address_does(file: str, target: str) -> None:
    assert only(GOOD, file).values == {"target": target, "status": 200, "error": None}
    assert only("操作がタイムアウトになりました。\n", file).values["error"] == "timeout"


def test_an_error_over_several_lines_in_a_file_named_after_a_question_is_one_answer() -> None:
    text = (
        "Service Unavailable\nHTTP Error 503. The service is unavailable.\nThe remote server is busy: HTTP Error 503.\n"
    )
    assert only(text, "client.asmx.txt").values["status"] == 503


def test_lines_of_the_client_in_a_file_named_after_a_question_are_no_answers() -> None:
    assert read(f"[CCMHTTP] ERROR: URL={MP}, Text=The operation has timed out\n", "mplist.txt") == []


def test_an_address_in_the_text_beats_the_name_of_the_file() -> None:
    assert only(ASK_SUP + GOOD, "mplist.txt").values["target"] == "client.asmx"


def test_several_questions_have_one_answer_each_in_order() -> None:
    text = f"{ASK_MP}{GOOD}\n{ASK_SUP}\n{FAILURES[0][0]}\n{echo(SUP)}\nPS C:\\> curl.exe {MP}\ncurl: (28) timed out\n"
    assert [(state.values["target"], state.values["status"], state.values["error"]) for state in read(text, "f")] == [
        ("mplist", 200, None),
        ("client.asmx", 503, None),
        ("mplist", None, "timeout"),
    ]


def test_the_body_of_an_answer_is_not_a_second_answer() -> None:
    body = "Content           : <h2>HTTP Error 503</h2>\n\nHTTP Error 503. The service is unavailable.\nThe operation has timed out\n"
    assert only(f"{ASK_MP}\n\nStatusCode        : 200\n{body}").values["status"] == 200


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "StatusCode : 200",
        "StatusCode : 2000",
        "The operation has timed out",
        "リモート サーバーに接続できません。",
        '<![LOG[[CCMHTTP] ERROR INFO: StatusCode=503 StatusText=Service Unavailable]LOG]!><time="1" date="2">',
        f'<![LOG[[CCMHTTP] ERROR: URL={MP}, Port=80, Code=12002, Text=ERROR_WINHTTP_TIMEOUT]LOG]!><time="1">\nThe operation has timed out',
        f"[CCMHTTP] ERROR: URL={MP}, Port=80\n[CCMHTTP] ERROR INFO: StatusCode=503 StatusText=Unavailable",
        f'<![LOG[Calling {SUP}\nStatusCode : 503\nThe operation has timed out\n]LOG]!><time="1">',
        f"2025/03/25 10:02:03.1234567 1 2 Agent {SUP}\n2025/03/25 10:02:04.1234567 1 2 Agent The operation has timed out",
        f"Agent   {SUP}\nWebServices  WS error: The operation has timed out",
        f"Open {MP} in a browser. It says that the remote server returned an error: (503).",
    ],
)
def test_logs_and_letters_are_no_answers(text: str) -> None:
    assert read(text, "paste.txt") == []


def test_a_known_address_without_a_command_takes_a_plain_status() -> None:
    assert only(f"{MP}\nStatusCode : 200\n").values == {"target": "mplist", "status": 200, "error": None}


def test_a_prompt_for_something_else_ends_the_question() -> None:
    assert read(f"{ASK_MP}\nPS C:\\> Get-Thing\nStatusCode : 200\n", "f") == []


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_line_ends_and_a_mark_at_the_start_do_not_matter(newline: str) -> None:
    text = f"{ASK_MP}{GOOD}\n{ASK_SUP}\n{FAILURES[1][0]}\n{echo(SUP, japanese=True)}"
    assert read("\ufeff" + text.replace("\n", newline), "f") == read(text, "f")


@pytest.mark.parametrize(
    "text", [ASK_MP + GOOD, *(message for message, _, _ in FAILURES), "curl: (28) x", "HTTP/1.1 503 x"]
)
def test_markers_let_every_answer_through(text: str) -> None:
    assert any(marker in text.lower() for marker in MARKERS)
    assert all(marker == marker.lower() for marker in MARKERS)


@pytest.mark.parametrize(
    "line", ["Invoke-WebRequest : x", ASK_MP, "operation has timed", "StatusCode : 200", "+ x", "<![LOG[ x"]
)
def test_a_hostile_text_takes_no_longer_than_its_length_allows(line: str) -> None:
    start = time.perf_counter()
    read(f"{ASK_MP}\n" + f"{line}\n" * 50_000, "mplist.txt")
    assert time.perf_counter() - start < 10


PIECES = st.sampled_from(
    [ASK_MP, ASK_SUP, *GOOD.splitlines(), *echo(SUP).splitlines(), *(message for message, _, _ in FAILURES),
     "curl: (28)", "curl http://", "HTTP/1.1 999 x", "StatusCode", "----------", "200", "<![LOG[", "]LOG]!>", "\r", "+"]
)  # fmt: skip


@given(st.lists(PIECES | st.text(max_size=60), max_size=30).map("\n".join), st.sampled_from(["a.txt", "mplist.txt"]))
def test_any_text_gives_a_list_of_states_that_stand_in_it(text: str, file: str) -> None:
    count = len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    for state in read(text, file):
        assert isinstance(state, State)
        assert 1 <= state.place.line <= count
        status, error = state.values["status"], state.values["error"]
        assert (status is None) != (error is None) or (status, error) == (407, "proxy-auth")
