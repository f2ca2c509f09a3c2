"""The certificates of a store of the computer, as the collector and ``Format-List`` list them.

::

    Store                : My
    Certificates         : 1

    Subject              : CN=PC0123.contoso.com
    Issuer               : CN=Contoso Issuing CA
    NotBefore            : 2025-01-01T00:00:00.0000000Z
    NotAfter             : 2026-01-01T00:00:00.0000000Z
    HasPrivateKey        : True
    EnhancedKeyUsageList : {Client Authentication (1.3.6.1.5.5.7.3.2)}

PowerShell writes times in the culture of the user; only those of ISO 8601, which the collector writes, are read. The
names of the properties are those of https://learn.microsoft.com/dotnet/api/
system.security.cryptography.x509certificates.x509certificate2 and of PowerShell's certificate provider.

Kinds: ``certificate``, its name the subject, with the values ``before`` and ``after`` (aware datetimes, None where the
time is not readable), ``key`` (whether the private key is there), ``client`` (whether it may stand for a client: its
uses name that, or name none); ``certificate-store``, its name the store, with ``count``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ccmdoctor.model import Place, State

MARKERS: tuple[str, ...] = ("hasprivatekey", "certificates         :")

_PROPERTIES = (
    "Store", "Certificates", "Subject", "Issuer", "NotBefore", "NotAfter", "HasPrivateKey", "EnhancedKeyUsageList",
    "Thumbprint",
)  # fmt: skip
_CLIENT_AUTHENTICATION = "1.3.6.1.5.5.7.3.2"
_SHOWN = 200
Block = list[tuple[int, str, str]]  # line, property, value


def read(text: str, file: str) -> list[State]:
    """Every store with its count, and every certificate whose subject and private key are told."""
    found: list[State] = []
    for block in _blocks(text.removeprefix("\ufeff").splitlines()):
        told = {name: value for _, name, value in block}
        place = Place(file, block[0][0])
        shown = "\n".join(f"{name} : {value[:_SHOWN]}" for _, name, value in block)
        if told.get("Certificates", "").isdecimal() and told.get("Store"):
            found.append(State("certificate-store", told["Store"], {"count": int(told["Certificates"])}, place, shown))
        elif told.get("Subject") is not None and told.get("HasPrivateKey", "").lower() in ("true", "false"):
            uses = told.get("EnhancedKeyUsageList", "").strip("{}")
            values = {
                "before": _time(told.get("NotBefore")), "after": _time(told.get("NotAfter")),
                "key": told["HasPrivateKey"].lower() == "true", "client": not uses or _CLIENT_AUTHENTICATION in uses,
            }  # fmt: skip
            found.append(State("certificate", told["Subject"][:_SHOWN], values, place, shown))
    return found


def _blocks(lines: list[str]) -> Iterator[Block]:
    """Lines of properties that stand together; an empty line, or a property that comes again, begins the next."""
    block: Block = []
    for number, line in enumerate(lines, 1):
        name, colon, value = (part.strip() for part in line.partition(":"))
        if block and (not line.strip() or name in (one for _, one, _ in block)):
            yield block
            block = []
        if colon and name in _PROPERTIES:
            block.append((number, name, value))
    if block:
        yield block


def _time(written: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(written or "")
    except ValueError:
        return None
    return found if found.tzinfo is not None else None
