"""What a management point or update server answered to a question asked by hand.

The checks of the support articles are ``Invoke-WebRequest`` on ``…/sms_mp/.sms_aut?mplist`` and on
``…:8530/ClientWebService/client.asmx``; curl is read, too::

    PS C:\\> Invoke-WebRequest -Uri "http://mp01.contoso.com/sms_mp/.sms_aut?mplist" -UseBasicParsing

    StatusCode        : 200
    StatusDescription : OK

    Invoke-WebRequest : リモート サーバーがエラーを返しました: (503) サーバーを使用できません
    発生場所 行:1 文字:1
    + Invoke-WebRequest -Uri "http://sup01.contoso.com:8530/ClientWebService/client.asmx" -Use ...

Whether the port can be reached at all is asked by ``telnet`` and ``Test-NetConnection``; a refusal counts::

    Connecting To SUP01.CONTOSO.COM...Could not open connection to the host, on port 8530: Connect failed

    ComputerName     : sup01.contoso.com
    RemotePort       : 8530
    TcpTestSucceeded : False

An answer counts only with a question beside it, or in a file that is named after one. ConfigMgr's own log lines about
HTTP (``[CCMHTTP] ERROR INFO: StatusCode=503``) are not answers to such a question.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from ccmdoctor.model import Place, State

MARKERS: tuple[str, ...] = (
    "invoke-webrequest",
    "statuscode",
    "curl",
    "wget ",
    "iwr ",
    "http/1.",
    "http/2 ",
    "http error ",
    "http エラー ",
    "http-fehler ",
    "could not open connection to the host",
    "tcptestsucceeded",
    "remote server",
    "remote name",
    "has timed out",
    "does not indicate success",
    "underlying connection",
    "リモート サーバー",
    "リモート名",
    "タイムアウト",
)

_COMMAND = re.compile(
    r"(?<![\w.-])(?:invoke-webrequest|invoke-restmethod|iwr|curl(?:\.exe)?|wget(?:\.exe)?)(?=\s)", re.IGNORECASE
)
_FAILED = re.compile(r"^\W{0,40}(?:invoke-webrequest|invoke-restmethod|iwr|curl|wget)\s{0,3}:", re.IGNORECASE)
_URL = re.compile(r"https?://[^\s\"'<>]{1,2000}", re.IGNORECASE)
_PROMPT = re.compile(r"^\s{0,8}(?:PS [^>\n]{0,260}|[A-Z]:\\[^>\n]{0,260})>", re.IGNORECASE)
_LOG_TIME = re.compile(r"\d{4}[/.-]\d\d[/.-]\d\d\s")  # WindowsUpdate.log, CBS.log, IIS
_KNOWN_URLS = ("/sms_mp/", "clientwebservice", "simpleauthwebservice", "selfupdate")
_STATUS_LABEL = re.compile(r"^\W{0,12}StatusCode\s{0,40}[:：]\s{0,8}(\d{3})(?!\d)")
_STATUS_LINE = re.compile(r"^[<\s]{0,8}HTTP/\d(?:\.\d)? (\d{3})(?!\d)")
_THREE_DIGITS = re.compile(r"\d{3}")
_PAGE = re.compile(r"^\W{0,12}HTTP[\s-](?:Error|エラー|Fehler) (\d{3})(?:\.\d{1,2})?(?:\.|\s|$)", re.IGNORECASE)
_NATIVE_CURL = re.compile(r"curl:\s{0,2}\((\d{1,3})\)")

_TELNET = re.compile(r"Could not open connection to the host, on port (\d{1,5})", re.IGNORECASE)
_TELNET_HOST = re.compile(r"Connecting To (\S{1,255}?)\.\.", re.IGNORECASE)
_TESTED = re.compile(r"^\s*(ComputerName|RemotePort|TcpTestSucceeded)\s*[:：]\s*(\S+)\s*$")
_WSUS_PORTS = ("8530", "8531")

# Texts are compared without blanks, in one width and in lower case: the console breaks them anywhere.
_HTTP_ERRORS = tuple(
    re.compile(pattern)
    for pattern in (
        r"returnedanerror:\((\d{3})\)",
        r"エラーを返しました[:。]{0,2}\((\d{3})\)",
        r"doesnotindicatesuccess:(\d{3})",
        r"成功を示して(?:いません|いない)[^0-9]{0,10}(\d{3})",
        r"httperror(\d{3})",
        r"requestedurlreturnederror:(\d{3})",
    )
)
_ERRORS: tuple[tuple[str, tuple[str, ...]], ...] = (  # in this order: TLS faults also say "connection closed"
    (
        "tls",
        (
            "couldnotestablishtrustrelationship",
            "couldnotcreatessl/tlssecurechannel",
            "thesslconnectioncouldnotbeestablished",
            "信頼関係を確立できません",
            "ssl/tlsのセキュリティで保護されたチャネル",
            "ssl接続を確立できません",
        ),
    ),
    (
        "name-not-resolved",
        (
            "remotenamecouldnotberesolved",
            "リモート名を解決できません",
            "nosuchhostisknown",
            "そのようなホストは不明です",
        ),
    ),
    (
        "timeout",
        (
            "operationhastimedout",
            "operationtimedout",
            "httpclient.timeout",
            "操作がタイムアウト",
            "操作はタイムアウト",
            "接続済みの呼び出し先が一定の時間を過ぎても正しく応答しなかった",
        ),
    ),
    (
        "connect-failed",
        (
            "unabletoconnecttotheremoteserver",
            "リモートサーバーに接続できません",
            "activelyrefused",
            "によって拒否されたため、接続できませんでした",
        ),
    ),
    (
        "closed",
        (
            "underlyingconnectionwasclosed",
            "基になる接続が閉じられました",
            "接続が切断されました",
            "forciblyclosed",
            "強制的に切断されました",
        ),
    ),
)
_ERROR_WORDS = (
    "remote",
    "timed",
    "error",
    "connection",
    "success",
    "refused",
    "host",
    "httpclient",
    "リモート",
    "タイムアウト",
    "接続",
    "ホスト",
)
_CURL_ERRORS = {
    5: "name-not-resolved",
    6: "name-not-resolved",
    7: "connect-failed",
    28: "timeout",
    35: "tls",
    51: "tls",
    52: "closed",
    56: "closed",
    58: "tls",
    60: "tls",
}
_PARAGRAPH = 4  # an error text goes over so many lines at most
_REACH = 40  # lines between a question and its answer


class _Question(NamedTuple):
    url: str
    line: int
    command: bool


class _Answer(NamedTuple):
    status: int | None
    error: str | None


def read(text: str, file: str) -> list[State]:
    """One ``web-answer`` state for every answered question.

    ``values``: ``target`` ("mplist", "client.asmx", "wuident.cab", "other", or None when nothing tells), ``status``,
    and ``error``, which is None when the server answered with a status.
    """
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    file_target = _target(file.replace("\\", "/").rpartition("/")[2])
    states: list[State] = []
    question: _Question | None = None
    answered: set[int] = set()  # lines of the questions that have their answer; more details of it may follow
    quiet = 0  # first line behind the error text that was read last
    in_record = False
    for index, line in enumerate(lines):
        if index < quiet or not line.strip():
            continue
        in_record, skip = _log_record(line, in_record)
        if skip:
            continue
        asked = _question(line, index)
        if asked is not None and not (line.lstrip().startswith("+") and question is not None):
            question = asked
        elif _PROMPT.match(line):
            question = None
        near = question if question is not None and index - question.line <= _REACH else None
        answer = _answer(lines, index, near, file_target is not None)
        if answer is None:
            continue
        near = _echoed(lines, index) or near
        if near is not None and near.line in answered:
            continue
        state = _state(answer, near, file_target, Place(file, index + 1), line.rstrip())
        if state is not None:
            states.append(state)
            answered |= {asked.line for asked in (near, question) if asked is not None}
            quiet = _end_of_text(lines, index)
    return [*states, *_closed_ports(lines, file)]


def _closed_ports(lines: list[str], file: str) -> Iterator[State]:
    """The ports of WSUS to which no connection could be made; of other ports nobody can tell what listens there."""
    seen: dict[str, str] = {}
    for index, line in enumerate(lines):
        host, port = "", ""
        if (telnet := _TELNET.search(line)) is not None:
            named = _TELNET_HOST.search(line[: telnet.start()][-300:])
            host, port = named[1] if named else "", telnet[1]
        elif (tested := _TESTED.match(line)) is not None:
            seen[tested[1]] = tested[2]
            if tested[1] == "TcpTestSucceeded":
                if tested[2].casefold() == "false":
                    host, port = seen.get("ComputerName", ""), seen.get("RemotePort", "")
                seen = {}
        if port in _WSUS_PORTS:
            url = f"{'https' if port == _WSUS_PORTS[1] else 'http'}://{host}:{port}" if host else ""
            values = {"target": "client.asmx", "status": None, "error": "connect-failed"}
            yield State("web-answer", url, values, Place(file, index + 1), line.strip())


def _end_of_text(lines: list[str], index: int) -> int:
    """The line behind those that belong together with ``index``: blank, a prompt, a command, a failure, a log."""
    for end in range(index + 1, len(lines)):
        line = lines[end]
        if not line.strip() or "<![LOG[" in line or _PROMPT.match(line) or _FAILED.match(line):
            return end
        if _COMMAND.search(line) and not line.lstrip().startswith("+"):
            return end
    return len(lines)


def _log_record(line: str, inside: bool) -> tuple[bool, bool]:
    """Whether the next line is inside a CMTrace record, and whether this one belongs to a log."""
    ends = "]LOG]!>" in line
    if "<![LOG[" in line:
        return "]LOG]!>" not in line[line.rindex("<![LOG[") :], True
    return inside and not ends, inside or "$$<" in line or "[CCMHTTP]" in line or _LOG_TIME.match(line) is not None


def _question(line: str, index: int) -> _Question | None:
    """The command or the known address on a line."""
    if _FAILED.match(line) or _NATIVE_CURL.search(line):
        return None
    command = _COMMAND.search(line) is not None
    url = _URL.search(line)
    address = url.group().rstrip(".,;)") if url else ""
    if command or any(part in address.casefold() for part in _KNOWN_URLS):
        return _Question(address, index, command)
    return None


def _echoed(lines: list[str], index: int) -> _Question | None:
    """The command that PowerShell repeats below an error: ``+ Invoke-WebRequest -Uri "http://…``."""
    if not _FAILED.match(lines[index]):
        return None
    for at in range(index + 1, min(index + 8, len(lines))):
        if lines[at].lstrip().startswith("+"):
            found = _question(lines[at], at)
            if found is not None and found.url:
                return found
    return None


def _answer(lines: list[str], index: int, question: _Question | None, named: bool) -> _Answer | None:
    """What the line says about an answer, None when it says nothing.

    A sentence about an error counts only below a command, or in a file that is ``named`` after a question: logs
    that mention the same addresses hold such sentences, too.
    """
    line = lines[index]
    match = _STATUS_LABEL.match(line) or _STATUS_LINE.match(line)
    if match is None and (named or question is not None):
        match = _PAGE.match(line)  # the page of the web server, below the address that a browser shows
    if match is not None:
        return _with_status(int(match[1]))
    status = _printed_status(lines, index, question)
    if status is not None:
        return _with_status(status)
    curl = _NATIVE_CURL.search(line)
    failed = _FAILED.match(line) is not None
    asked = named or (question is not None and question.command)
    if not curl and not failed and not (asked and _may_say_error(line)):
        return None
    words = _compact(_paragraph(lines, index))
    for pattern in _HTTP_ERRORS:
        found = pattern.search(words)
        if found is not None:
            return _with_status(int(found[1]))
    for error, phrases in _ERRORS:
        if any(phrase in words for phrase in phrases):
            return _Answer(None, error)
    if curl:
        return _Answer(None, _CURL_ERRORS.get(int(curl[1]), "other"))
    return _Answer(None, "other") if failed else None


def _with_status(status: int) -> _Answer | None:
    return _Answer(status, "proxy-auth" if status == 407 else None) if 100 <= status <= 599 else None


def _printed_status(lines: list[str], index: int, question: _Question | None) -> int | None:
    """The number alone on its line: of ``(Invoke-WebRequest …).StatusCode``, or in a column of that name."""
    word = lines[index].split(maxsplit=1)[:1]
    if not word or _THREE_DIGITS.fullmatch(word[0]) is None or question is None or index - question.line > 8:
        return None
    above = [line.strip() for line in lines[question.line : index] if line.strip()]
    in_column = len(above) >= 2 and above[-2].startswith("StatusCode") and above[-1].startswith("----")
    expanded = len(above) == 1 and "statuscode" in above[0].casefold() and word[0] == lines[index].strip()
    return int(word[0]) if in_column or expanded else None


def _may_say_error(line: str) -> bool:
    """A cheap look before blanks are taken out of a line and its followers. Echoed commands (``+ …``) say nothing."""
    start = line.lstrip()
    if not start or start.startswith("+") or len(line) > 2000:
        return False
    lower = line.casefold()
    return any(word in lower for word in _ERROR_WORDS)


def _paragraph(lines: list[str], index: int) -> str:
    """The line with those that follow it up to the place where PowerShell says where the error stood."""
    parts = [lines[index][:2000]]
    for line in lines[index + 1 : index + _PARAGRAPH]:
        start = line.strip()
        if not start or start.startswith(("+", "At ", "発生場所")) or _PROMPT.match(line) or _FAILED.match(line):
            break
        parts.append(line[:2000])
    return "".join(parts)


def _compact(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _target(words: str) -> str | None:
    """Which of the known questions an address or a file name is about."""
    lower = words.casefold()
    if "simpleauth" in lower:
        return "other"
    if "mplist" in lower:
        return "mplist"
    if "client.asmx" in lower or "clientwebservice" in lower or "asmx" in lower:
        return "client.asmx" if "wusserverversion" not in lower else "other"
    if "wuident" in lower:
        return "wuident.cab"
    return "other" if any(part in lower for part in _KNOWN_URLS) else None


def _state(
    answer: _Answer, question: _Question | None, file_target: str | None, place: Place, text: str
) -> State | None:
    """The state, or None when neither a question nor the file's name says what was asked."""
    if question is None and file_target is None:
        return None
    url = question.url if question is not None else ""
    target = _target(url) or file_target or ("other" if url else None)
    values = {"target": target, "status": answer.status, "error": answer.error}
    return State("web-answer", url, values, place, text)
