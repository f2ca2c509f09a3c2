"""What is known of an error code: its name, its meaning, where it appears and which causes it may come from.

Two files feed this module. ``hresults.toml`` is written by hand and says what a code means for an update.
``symbols.tsv`` holds thousands of names out of the public-domain Windows headers of mingw-w64 and is made by
``tools/generate_symbols.py``; it is only read for a code or a name that the first file does not know.

Facts that need no file:

* An HRESULT of facility 7 carries a Win32 error in its low word (HRESULT_FROM_WIN32 in winerror.h); WinHTTP, WinINet
  and WinSock errors are Win32 errors too, which is why 12002 appears as 0x80072ee2.
* An HRESULT of facility 25 carries an HTTP status (FACILITY_HTTP in winerror.h): 0x80190194 is 404. BITS and
  DataTransferService use it.
* The ConfigMgr console and its database write the same 32 bits as a signed or unsigned decimal number.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import msgspec

from ccmdoctor.model import HResult

LANGUAGES = ("en", "ja")

_HERE = Path(__file__).parent
_WIN32 = 0x80070000  # severity 1, facility 7
_HTTP = 0x80190000  # severity 1, facility 25
_AGENT = 0x80240000  # severity 1, facility 36
_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")


class Code(msgspec.Struct, frozen=True):
    """An error code and what is known of it.

    ``meaning`` maps a language to one sentence and is empty for a code that only has a name. ``stage`` is a value of
    :class:`ccmdoctor.model.Stage`. ``points_to`` holds cause ids, the most specific first; it is a hint for a rule,
    never a verdict. ``retry`` is true when the client looks for another software update point after this code.
    ``http`` is the HTTP status that the code stands for.
    """

    value: int
    symbol: str | None = None
    meaning: dict[str, str] = {}
    stage: str | None = None
    points_to: tuple[str, ...] = ()
    retry: bool = False
    benign: bool = False
    source: str = ""
    aliases: tuple[str, ...] = ()
    http: int | None = None


@functools.cache
def _curated() -> dict[int, Code]:
    """The codes of ``hresults.toml`` by value."""
    import tomli

    tables: dict[str, dict[str, Any]] = tomli.loads((_HERE / "hresults.toml").read_text(encoding="utf-8"))
    return {
        (value := int(key, 16)): Code(
            value=value,
            symbol=table.get("symbol"),
            meaning={language: table[language] for language in LANGUAGES},
            stage=table["stage"],
            points_to=tuple(table["points_to"]),
            retry=table.get("retry", False),
            benign=table.get("benign", False),
            source=table["source"],
            aliases=tuple(table.get("aliases", ())),
            http=table.get("http"),
        )
        for key, table in tables.items()
    }


@functools.cache
def _curated_names() -> dict[str, int]:
    """The names of the curated codes, upper case, with their values."""
    return {name.upper(): code.value for code in _curated().values() for name in (code.symbol, *code.aliases) if name}


@functools.cache
def _headers() -> tuple[dict[int, tuple[str, str]], dict[str, int]]:
    """``symbols.tsv`` both ways: the usual (symbol, header) of a value, and the value of every upper-case symbol."""
    by_value: dict[int, tuple[str, str]] = {}
    by_name: dict[str, int] = {}
    with (_HERE / "symbols.tsv").open(encoding="utf-8") as rows:
        for row in rows:
            if not row.startswith("#"):
                number, symbol, header = row.rstrip("\n").split("\t")
                value = int(number, 16)
                by_value.setdefault(value, (symbol, header))
                by_name[symbol.upper()] = value
    return by_value, by_name


def _http_status(value: int) -> int | None:
    """The HTTP status inside an HRESULT of facility 25, or None."""
    status = value & 0xFFFF
    return status if value & 0xFFFF0000 == _HTTP and 100 <= status <= 599 else None


def _is_known(value: int) -> bool:
    return value in _curated() or value in _headers()[0]


def lookup(error: HResult) -> Code:
    """What is known of ``error``; always an answer, at worst one that holds no more than the value."""
    code = _curated().get(error.value)
    if code is not None:
        return code
    symbol, header = _headers()[0].get(error.value, (None, ""))
    return Code(value=error.value, symbol=symbol, source=header, http=_http_status(error.value))


def points_to(error: HResult) -> tuple[str, ...]:
    """The causes that ``error`` may come from, the most specific first."""
    code = _curated().get(error.value)
    return code.points_to if code else ()


def is_retry(error: HResult) -> bool:
    """Whether a client looks for another software update point after this scan error.

    The list is the site property "WSUS Scan Retry Error Codes"; time-outs and unresolved names are not on it, so a
    client stays with a dead software update point.
    """
    code = _curated().get(error.value)
    return code is not None and code.retry


def of_http_statuses() -> list[Code]:
    """The curated codes of the Windows Update agent that stand for an HTTP status."""
    return [code for code in _curated().values() if code.http and code.value & 0xFFFF0000 == _AGENT]


def forms(error: HResult) -> dict[str, str]:
    """The ways in which the same code is written: hex, unsigned, signed, and the Win32 and HTTP numbers inside it."""
    value = error.value
    ways = {
        "hex": f"0x{value:08x}",
        "unsigned": str(value),
        "signed": str(value - 0x100000000 if value >= 0x80000000 else value),
    }
    if value & 0xFFFF0000 == _WIN32:
        ways["win32"] = str(value & 0xFFFF)
    code = _curated().get(value)
    status = code.http if code and code.http else _http_status(value)
    if status is not None:
        ways["http"] = str(status)
    return ways


def find(text: str) -> list[Code]:
    """The codes that somebody may mean by ``text``: hex, decimal, a Win32, WinHTTP or HTTP number, or a name.

    An empty list when nothing is known. A full 32-bit value is meant as it stands; a short number is a Win32 error
    (1603, 12002, 0x2efd) or an HTTP status (503).
    """
    word = text.strip().strip("\"'`()[]{}.,;:").strip()
    if not word:
        return []
    named = _by_name(word)
    if named is not None:
        return [lookup(HResult(named))]
    error = HResult.parse(word)
    found = _by_number(error.value) if error else []
    if not found and len(word) < 8 and _HEX_DIGITS.issuperset(word) and not word.isalpha():
        # ReportingEvents.log writes WU_S_REBOOT_REQUIRED as 240005: hex without 0x and without leading zeros.
        found = _by_number(int(word, 16))
    return found


def _by_name(name: str) -> int | None:
    """The value of a symbol in any case; ``symbols.tsv`` is read only when the curated file does not know it."""
    key = name.upper()
    value = _curated_names().get(key)
    if value is None and key[0].isalpha():
        value = _headers()[1].get(key)
    return value


def _by_number(number: int) -> list[Code]:
    """The known codes behind a number."""
    if number > 0xFFFF:
        code = lookup(HResult(number))
        is_empty = code.symbol is None and not code.meaning and code.http is None
        return [] if is_empty and number & 0xFFFF0000 != _WIN32 else [code]
    values = [code.value for code in _curated().values() if number and code.http == number]
    values += [base + number for base in (_HTTP, _WIN32, 0) if _is_known(base + number)]
    values.sort(key=lambda value: value & 0xFFFF0000 == _WIN32 and number in range(400, 600))  # 503 is rather HTTP
    return [lookup(HResult(value)) for value in dict.fromkeys(values)]
