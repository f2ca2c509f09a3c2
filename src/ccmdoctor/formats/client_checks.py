"""Short checks of a client as people run them: WMI repository, clock, client identity, databases, a missing service.

::

    C:\\> winmgmt /verifyrepository
    WMI repository is not consistent

    C:\\> w32tm /stripchart /computer:dc01.contoso.com /samples:3 /dataonly
    Tracking dc01.contoso.com [10.0.9.1:123].
    10:00:00, +412.0713254s

    [SC] EnumQueryServicesStatus:OpenService FAILED 1060:

    SMS Unique Identifier=GUID:11112222-BBBB-3333-CCCC-4444DDDD5555

    -a----        2025/03/25     10:02      17301504 CcmStore.sdf

What winmgmt prints in Japanese is not documented: any sentence about the repository that denies or affirms is taken.

Kinds: ``wmi-repository``, ``clock-offset``, ``service-missing``, ``client-id`` and ``client-database``.
Provisioning mode comes as the ``registry-value`` that it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from ccmdoctor.model import Place, State

MARKERS: tuple[str, ...] = (
    "wmi repository", "wmi リポジトリ", "stripchart", "openservice", "provisioningmode",
    "noservicefoundforgivenname", "sms unique identifier", ".sdf",
)  # fmt: skip

_VERIFIED = re.compile(r"^\W{0,4}wmi (?:repository|リポジトリ)\s?(?:is|は)\s?(.{1,40}?)[.。]?$", re.IGNORECASE)
_BAD = ("not consistent", "inconsistent", "ません", "矛盾")
_GOOD = ("consistent", "一貫")
_ASKED_CLOCK = re.compile(r"w32tm(?:\.exe)?\s.{0,40}stripchart.{0,200}", re.IGNORECASE)
_PEER = re.compile(r"/computer:(\S+)", re.IGNORECASE)
_OFFSET = re.compile(r"^\d{1,2}:\d{2}:\d{2}\s?,?\s?(?:d:[+-]\S+\s+o:)?([+-]\d{1,12}[.,]\d{1,9})s")
_SC_ASKED = re.compile(r"\bsc(?:\.exe)?\s+(?:\\\\\S+\s+)?(?:query|queryex|qc)\s+\"?([\w.$-]{1,60})", re.IGNORECASE)
_SC_MISSING = re.compile(r"OpenService\b\W{0,3}\w{0,20}\W{0,3}\b1060\b", re.IGNORECASE)
_PS_MISSING = re.compile(r"ObjectNotFound: \((\S{1,60}?):String\)[^\n]{0,40}\[Get-Service\]")
_MODE = re.compile(r"^ProvisioningMode\s*:\s*(true|false)\s*$", re.IGNORECASE)
_MODE_NAME = "HKLM\\SOFTWARE\\Microsoft\\CCM\\CcmExec\\ProvisioningMode"
_ID = re.compile(r"^SMS Unique Identifier\s?=\s?(GUID:[0-9A-Fa-f-]{36})\s*$")
_DATABASE = re.compile(r"(?:^|[\s\"',;\\/])([A-Za-z]\w{2,40}\.sdf|CcmSQLCE\.log)(?=$|[\s\"',;])")
_LISTED = re.compile(
    r"^(?:[-d][-a-z]{4,5}\s|\d{1,4}[/.-]\d{1,2}[/.-]\d{2,4}\s|\w{2,40}\.sdf\s*$|.{0,80}\\CCM\\\w{2,40}\.sdf\s*$)"
)


def read(text: str, file: str) -> list[State]:
    """Every answer of these checks in the text."""
    lines = unicodedata.normalize("NFKC", text.removeprefix("\ufeff")).splitlines()
    return [*_plain(lines, file), *_clock(lines, file), *_missing(lines, file), *_databases(lines, file)]


def _plain(lines: list[str], file: str) -> Iterator[State]:
    for number, line in enumerate(lines, 1):
        bare = line.strip()
        if found := _VERIFIED.match(bare):
            said = found[1].lower()
            good = not any(word in said for word in _BAD)
            if good and not any(word in said for word in _GOOD):
                continue
            yield State("wmi-repository", "repository", {"consistent": good}, Place(file, number), bare)
        elif found := _ID.match(bare):
            yield State("client-id", file, {"clientid": found[1].upper()}, Place(file, number), bare)
        elif mode := _mode(bare, lines[max(0, number - 3) : number - 1]):
            yield State("registry-value", _MODE_NAME, {"value": mode}, Place(file, number), f"ProvisioningMode: {mode}")


def _mode(bare: str, before: list[str]) -> str | None:
    """Provisioning mode as PowerShell prints a selected value: in a list, or in a table of one column."""
    if found := _MODE.match(bare):
        return found[1].lower()
    head = [line.strip().lower() for line in before]
    is_table = len(head) == 2 and head[0] == "provisioningmode" and bool(head[1]) and set(head[1]) == {"-"}
    return bare.lower() if is_table and bare.lower() in ("true", "false") else None


def _clock(lines: list[str], file: str) -> list[State]:
    """The widest offset that w32tm measured."""
    asked = next((line for line in lines if _ASKED_CLOCK.search(line)), None)
    if asked is None and "stripchart" not in file.lower():
        return []
    peer = _PEER.search(asked or "")
    found = [
        (float(hit[1].replace(",", ".")), at) for at, line in enumerate(lines) if (hit := _OFFSET.match(line.strip()))
    ]
    if not found:
        return []
    seconds, at = max(found, key=lambda one: abs(one[0]))
    name = peer[1] if peer else ""
    return [State("clock-offset", name, {"seconds": seconds}, Place(file, at + 1), lines[at].strip())]


def _missing(lines: list[str], file: str) -> Iterator[State]:
    asked = ""
    for number, line in enumerate(lines, 1):
        if found := _SC_ASKED.search(line):
            asked = found[1].lower()
        elif _SC_MISSING.search(line) and asked:
            yield State("service-missing", asked, {}, Place(file, number), line.strip())
        elif found := _PS_MISSING.search(line):
            yield State("service-missing", found[1].lower(), {}, Place(file, number), line.strip())


def _databases(lines: list[str], file: str) -> list[State]:
    """One state for a listing of the client's databases; prose and logs that name one are no listing."""
    rows = [
        (found[1], at, line.strip())
        for at, line in enumerate(lines)
        if (found := _DATABASE.search(line)) and _LISTED.match(line.strip())
    ]
    if not rows:
        return []
    names = sorted({name.lower() for name, _, _ in rows if name.lower().endswith(".sdf")})
    shown = "\n".join(line for _, _, line in rows[:8])
    values = {"names": names, "count": len(names), "log": any(name.lower().endswith(".log") for name, _, _ in rows)}
    return [State("client-database", "listing", values, Place(file, rows[0][1] + 1), shown)]
