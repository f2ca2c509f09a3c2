"""The error codes: the hand-written file is complete and agrees with the Windows headers, and every way to write a
code leads to the same entry."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import tomli

from ccmdoctor.knowledge import codes
from ccmdoctor.model import HResult, Stage

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "src" / "ccmdoctor" / "knowledge"
HEADERS = Path("/usr/share/mingw-w64/include")

TABLES: dict[str, dict[str, Any]] = tomli.loads((FOLDER / "hresults.toml").read_text(encoding="utf-8"))
ROWS = [
    row.split("\t")
    for row in (FOLDER / "symbols.tsv").read_text(encoding="utf-8").splitlines()
    if not row.startswith("#")
]

JAPANESE = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
CAUSE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
SOURCE = re.compile(r"https://\S+|\w+\.h \(Windows( SDK)?\)")
KEYS = {"symbol", "aliases", "en", "ja", "stage", "points_to", "retry", "benign", "http", "source"}

# The site property "WSUS Scan Retry Error Codes" of the current branch: 36 codes.
RETRY = """
8024001a 80072efd 80244018 80244022 8024400a 80244010 80072efe 80040693 8024001e 8024400e 8024402c 8024400d
8024f004 8024402b 80244027 80244026 80244024 80244023 80244021 80244020 8024401f 8024401e 8024401d 8024401c
8024401a 80244019 80244016 80244015 8024400c 8024400b 80244004 80244005 80244006 80244009 80244008 80244007
"""

# Where the newest scan error decides between these causes, a code may not point to two of them by accident.
EXACT = {
    "sup-503-wsuspool": "80244022 80240438",
    "sup-timeout": "80072ee2 87d00601",
    "sup-name-not-resolved": "80072ee7 8024402c",
    "sup-port-blocked": "80072efd 80072efe 80240438",
    "winhttp-proxy-wrong": "80240030 80244021 80244023 80072efd 80072efe 80072ee2 8024402c 80240438",
    "proxy-auth-required": "8024401b",
    "gpo-wsus-conflict": "87d00692",
    "registry-pol-corrupt": "800703ee 80004005",
    "wuserver-not-set": "80244011",
}

FIRST = {
    "80072ee2": "sup-timeout",
    "80072ee7": "sup-name-not-resolved",
    "80072efd": "sup-port-blocked",
    "80072f0c": "sup-client-cert-required",
    "80072f8f": "sup-tls-cert-untrusted-or-expired",
    "80240016": "wu-busy-or-mandatory-restart",
    "80240017": "not-applicable-at-install",
    "80240019": "exclusive-update-alone",
    "80240022": "all-updates-failed-av",
    "80240030": "winhttp-proxy-wrong",
    "80240033": "eula-unaccepted",
    "8024002e": "wu-access-disabled-policy",
    "80240438": "sup-port-blocked",
    "80240439": "sup-invalid-format-detectoid-flood",
    "80242006": "redownload-needed",
    "8024200b": "installer-failure",
    "80242017": "prerequisite-ssu-install",
    "80244007": "sup-soap-fault-prereq-limit",
    "8024400e": "sup-soap-server-fault",
    "80244010": "sup-max-server-trips",
    "80244011": "wuserver-not-set",
    "80244017": "sup-auth-401-403",
    "8024401b": "proxy-auth-required",
    "8024401c": "sup-408-timeout-metadata",
    "80244021": "winhttp-proxy-wrong",
    "80244022": "sup-503-wsuspool",
    "80244023": "winhttp-proxy-wrong",
    "80246002": "content-hash-mismatch",
    "80246013": "downloaded-update-expired",
    "80248007": "wua-datastore-corrupt",
    "800703ee": "registry-pol-corrupt",
    "800704c7": "max-run-time-exceeded",
    "80070070": "disk-space-insufficient",
    "80070bc9": "pending-restart-blocks",
    "80073712": "component-store-corrupt",
    "800f0821": "cbs-timeout",
    "800f0831": "component-store-corrupt",
    "800b0109": "signature-not-trusted",
    "80200010": "bits-no-active-network",
    "80200013": "bits-range-unsupported",
    "80d02002": "delta-download-timeout",
    "87d00267": "policy-download-failed",
    "87d0027e": "mp-http-error",
    "87d00607": "dp-not-in-boundary-group",
    "87d00667": "maintenance-window-too-short",
    "87d00692": "gpo-wsus-conflict",
    "87d0070c": "max-run-time-exceeded",
    "87d00711": "deployment-not-yet-active",
    "87d01201": "disk-space-insufficient",
    "c1900101": "feature-update-setup-failed",
}


def hresult(text: str) -> HResult:
    error = HResult.parse(text)
    assert error is not None, text
    return error


def test_there_are_enough_codes_and_they_are_in_order() -> None:
    assert len(TABLES) >= 300
    values = [int(key, 16) for key in TABLES]
    assert values == sorted(values)
    assert len(set(values)) == len(values)


@pytest.mark.parametrize("key", TABLES)
def test_an_entry_is_complete(key: str) -> None:
    entry = TABLES[key]
    assert re.fullmatch(r"0x[0-9A-F]{8}", key)
    assert not set(entry) - KEYS
    assert {"en", "ja", "stage", "points_to", "source"} <= set(entry)
    assert entry["stage"] in set(Stage)
    assert SOURCE.fullmatch(entry["source"])
    assert re.fullmatch(r"[A-Z][A-Z0-9_]+", entry.get("symbol", "S_OK"))
    assert entry.get("retry", True) is True
    assert entry.get("benign", True) is True


@pytest.mark.parametrize("key", TABLES)
def test_the_meanings_are_one_sentence_in_their_language(key: str) -> None:
    english, japanese = TABLES[key]["en"], TABLES[key]["ja"]
    assert not JAPANESE.search(english)
    assert re.fullmatch(r"[A-Z].*[A-Za-z0-9)]\.", english)
    assert not re.search(r"[a-z]\. [A-Z]", english)
    assert JAPANESE.search(japanese)
    assert japanese.count("。") == 1
    assert re.search(r"(です|ます|ました|ません|でした)( \([^()]+\))?。$", japanese)
    assert not re.search(r"[A-Za-z0-9)][\u3040-\u30ff\u4e00-\u9fff]|[\u3040-\u30ff\u4e00-\u9fff][A-Za-z0-9(]", japanese)


@pytest.mark.parametrize("key", TABLES)
def test_the_causes_are_well_formed(key: str) -> None:
    causes = TABLES[key]["points_to"]
    assert all(CAUSE.fullmatch(cause) for cause in causes)
    assert len(set(causes)) == len(causes)
    if TABLES[key].get("benign") or int(key, 16) < 0x80000000:
        assert causes == []


def test_the_retry_codes_are_those_of_the_site_property() -> None:
    retry = RETRY.split()
    assert len(retry) == 36
    assert {code.value for code in codes._curated().values() if code.retry} == {int(text, 16) for text in retry}
    assert all(codes.is_retry(hresult(text)) for text in retry)


@pytest.mark.parametrize("text", ["80072ee2", "80072ee7", "80244017", "8024401b", "80240438", "80240439", "80072f8f"])
def test_what_never_fails_over_is_no_retry_code(text: str) -> None:
    assert not codes.is_retry(hresult(text))


@pytest.mark.parametrize(("cause", "expected"), EXACT.items())
def test_causes_that_a_single_code_decides_are_pointed_to_by_no_other_code(cause: str, expected: str) -> None:
    pointing = {code.value for code in codes._curated().values() if cause in code.points_to}
    assert pointing == {int(text, 16) for text in expected.split()}


@pytest.mark.parametrize(("text", "cause"), FIRST.items())
def test_the_first_cause(text: str, cause: str) -> None:
    assert codes.points_to(hresult(text))[0] == cause


def test_a_stopped_pool_is_the_second_cause_of_an_unreachable_endpoint() -> None:
    assert codes.points_to(hresult("80240438"))[:2] == ("sup-port-blocked", "sup-503-wsuspool")


def test_the_symbols_agree_with_the_headers() -> None:
    value_of = {symbol: int(value, 16) for value, symbol, _ in ROWS}
    symbols_of: dict[int, set[str]] = {}
    for value, symbol, _ in ROWS:
        symbols_of.setdefault(int(value, 16), set()).add(symbol)
    for code in codes._curated().values():
        for name in (code.symbol, *code.aliases):
            assert value_of.get(name or "", code.value) == code.value, name
        assert code.symbol is None or code.symbol in symbols_of.get(code.value, {code.symbol}), code.symbol


def test_the_names_are_unique() -> None:
    names = [name for code in codes._curated().values() for name in (code.symbol, *code.aliases) if name]
    assert len(set(names)) == len(names)


def test_the_http_status_agrees_with_the_meaning() -> None:
    for code in codes._curated().values():
        status = codes.forms(HResult(code.value)).get("http")
        if status is not None:
            assert status in code.meaning["en"]
            assert status in code.meaning["ja"]


def test_the_symbols_file_is_large_and_well_formed() -> None:
    assert len(ROWS) >= 1_500
    assert all(re.fullmatch(r"0x[0-9a-f]{8}", value) for value, _, _ in ROWS)
    assert all(re.fullmatch(r"\w+", symbol) for _, symbol, _ in ROWS)
    assert {header for _, _, header in ROWS} == {
        "winerror.h",
        "wuerror.h",
        "bitsmsg.h",
        "wbemcli.h",
        "winhttp.h",
        "wininet.h",
    }
    assert (FOLDER / "symbols.tsv").read_text(encoding="utf-8").startswith("# ")


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_symbols", ROOT / "tools" / "generate_symbols.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.skipif(not HEADERS.is_dir(), reason="the headers of mingw-w64 are not installed (mingw-w64-common)")
def test_the_generator_writes_the_same_file_again() -> None:
    first, second = generator().table(HEADERS), generator().table(HEADERS)
    assert first == second
    assert first == (FOLDER / "symbols.tsv").read_text(encoding="utf-8")


def test_the_generator_reads_every_kind_of_definition() -> None:
    found = dict(
        generator().names(
            "some.h",
            "#define WU_E_NOOP _HRESULT_TYPEDEF_(0x8024000C)\n"
            "#define ERROR_DISK_FULL __MSABI_LONG(112)\n"
            "#define ERROR_SUCCESS __MSABI_LONG(0)\n"
            "#define BG_E_EMPTY __MSABI_LONG(0x80200003)\n"
            "    WBEM_E_FAILED = 0x80041001,\n"
            "#define ERROR_WINHTTP_TIMEOUT                               (WINHTTP_ERROR_BASE + 2)\n"
            "#define WSAETIMEDOUT (WSABASEERR + 60)\n"
            "#define FACILITY_WIN32 7\n"
            "#define WINHTTP_ERROR_LAST                                  (WINHTTP_ERROR_BASE + 188)\n",
        )
    )
    assert found == {
        0x8024000C: "WU_E_NOOP",
        0x80070070: "ERROR_DISK_FULL",
        0x80200003: "BG_E_EMPTY",
        0x80041001: "WBEM_E_FAILED",
        0x80072EE2: "ERROR_WINHTTP_TIMEOUT",
        0x8007274C: "WSAETIMEDOUT",
    }


@pytest.mark.parametrize(
    "text",
    [
        "0x80244022",
        "0X80244022",
        "80244022",
        "-2145107934",
        "2149859362",
        " 0x80244022. ",
        "(0x80244022)",
        "WU_E_PT_HTTP_STATUS_SERVICE_UNAVAIL",
        "wu_e_pt_http_status_service_unavail",
    ],
)
def test_every_form_of_a_code_finds_it(text: str) -> None:
    assert [code.value for code in codes.find(text)] == [0x80244022]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12002", [0x80072EE2]),
        ("1603", [0x80070643]),
        ("3010", [0x80070BC2]),
        ("5", [0x80070005]),
        ("0x5", [0x80070005]),
        ("0x2efd", [0x80072EFD]),
        ("2efd", [0x80072EFD]),
        ("240005", [0x00240005]),
        ("10060", [0x8007274C]),
        ("0", [0]),
        ("503", [0x80244022, 0x801901F7]),
        ("404", [0x80244019, 0x80190194, 0x80070194]),
        ("ERROR_WINHTTP_TIMEOUT", [0x80072EE2]),
        ("error_internet_timeout", [0x80072EE2]),
        ("WININET_E_TIMEOUT", [0x80072EE2]),
        ("E_ACCESSDENIED", [0x80070005]),
        ("CCM_E_BAD_HTTP_STATUS_CODE", [0x87D0027E]),
        ("BG_E_HTTP_ERROR_449", [0x801901C1]),
        ("WSAENETDOWN", [0x80072742]),
        ("0x80070abc", [0x80070ABC]),
        ("87d00692", [0x87D00692]),
    ],
)
def test_what_a_user_types(text: str, expected: list[int]) -> None:
    assert [code.value for code in codes.find(text)] == expected


@pytest.mark.parametrize(
    "text", ["", "  ", "nothing", "WU_E_NO_SUCH_NAME", "0x12345678", "99999999999", "''", "add", "-", "0x"]
)
def test_nothing_is_found_where_nothing_is_known(text: str) -> None:
    assert codes.find(text) == []


@pytest.mark.parametrize("key", list(TABLES)[::7])
def test_the_forms_lead_back_to_the_code(key: str) -> None:
    ways = codes.forms(hresult(key))
    assert ways["hex"] == key.lower()
    assert int(ways["unsigned"]) == int(key, 16)
    for way in ("hex", "unsigned", "signed"):
        if int(key, 16) > 0xFFFF:
            assert hresult(ways[way]) == hresult(key)


def test_the_numbers_inside_a_code() -> None:
    assert codes.forms(hresult("0x80244022")) == {
        "hex": "0x80244022",
        "unsigned": "2149859362",
        "signed": "-2145107934",
        "http": "503",
    }
    assert codes.forms(hresult("0x80072ee2"))["win32"] == "12002"
    assert codes.forms(hresult("0x801901f8"))["http"] == "504"
    assert codes.forms(hresult("0x00240005"))["signed"] == "2359301"
    assert "http" not in codes.forms(hresult("0x80194001"))


def test_lookup_falls_back_to_the_headers_and_then_to_what_the_number_says() -> None:
    curated = codes.lookup(hresult("0x80244022"))
    assert curated.symbol == "WU_E_PT_HTTP_STATUS_SERVICE_UNAVAIL"
    assert set(curated.meaning) == {"en", "ja"}
    assert (curated.stage, curated.retry, curated.benign) == ("scan", True, False)
    named = codes.lookup(hresult("0x80041005"))
    assert named == codes.Code(value=0x80041005, symbol="WBEM_E_TYPE_MISMATCH", source="wbemcli.h")
    assert codes.lookup(hresult("0x801901ab")) == codes.Code(value=0x801901AB, http=427)
    assert codes.lookup(hresult("0x12345678")) == codes.Code(value=0x12345678)


def test_success_and_harmless_codes_are_benign() -> None:
    for text in ("0x00240005", "0x87d00215", "0x87d00699", "0x80240024", "0xc1900210"):
        code = codes.lookup(hresult(text))
        assert code.benign
        assert code.points_to == ()


def test_importing_reads_nothing() -> None:
    program = (
        "import ccmdoctor.knowledge.codes as codes\n"
        "assert codes._curated.cache_info().currsize == 0\n"
        "codes.points_to(codes.HResult(0x80072EE2))\n"
        "assert codes._headers.cache_info().currsize == 0\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT / "src", timeout=60)
