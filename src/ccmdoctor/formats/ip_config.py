"""The answer of ``ipconfig`` and ``ipconfig /all``, English and Japanese: the addresses that boundaries are about.

::

    Windows IP Configuration

       Host Name . . . . . . . . . . . . : PC0123

    Ethernet adapter Ethernet:

       IPv4 Address. . . . . . . . . . . : 10.0.1.10(Preferred)
       Subnet Mask . . . . . . . . . . . : 255.255.255.0
       Default Gateway . . . . . . . . . : fe80::1%5
                                           10.0.1.1
"""

from __future__ import annotations

import ipaddress
import unicodedata
from typing import Any, NamedTuple

from ccmdoctor.model import Place, State

MARKERS: tuple[str, ...] = (
    "windows ip configuration",
    "windows ip 構成",
    "subnet mask",
    "サブネット マスク",
    "media disconnected",
    "メディアは接続されていません",
)

# Labels are compared without blanks and dots.
_LABELS = {
    "hostname": "host",
    "ホスト名": "host",
    "primarydnssuffix": "domain",
    "プライマリdnsサフィックス": "domain",
    "connection-specificdnssuffix": "suffix",
    "接続固有のdnsサフィックス": "suffix",
    "mediastate": "media",
    "メディアの状態": "media",
    "ipaddress": "ipv4",
    "ipアドレス": "ipv4",
    "ipv4address": "ipv4",
    "ipv4アドレス": "ipv4",
    "autoconfigurationipv4address": "ipv4",
    "自動構成ipv4アドレス": "ipv4",
    "subnetmask": "mask",
    "サブネットマスク": "mask",
    "ipv6address": "ipv6",
    "ipv6アドレス": "ipv6",
    "temporaryipv6address": "ipv6",
    "一時ipv6アドレス": "ipv6",
    "link-localipv6address": "ipv6",
    "リンクローカルipv6アドレス": "ipv6",
    "site-localipv6address": "ipv6",
    "サイトローカルipv6アドレス": "ipv6",
    "defaultgateway": "gateway",
    "デフォルトゲートウェイ": "gateway",
    "dnsservers": "dns",
    "dnsサーバー": "dns",
}
_ADAPTER_WORDS = ("adapter", "アダプター", "アダプタ", "адаптер")
_DISCONNECTED = ("disconnected", "接続されていません")
_ADDRESS_FIELDS = frozenset({"ipv4", "ipv6", "gateway", "dns"})


class _Field(NamedTuple):
    name: str  # one of the values of _LABELS, or "" for a label that we do not need
    value: str


class _Block(NamedTuple):
    title: str
    line: int  # 0-based line to quote
    fields: list[_Field]


def read(text: str, file: str) -> list[State]:
    """The computer's name (kind ``client``) and one ``adapter`` state for every adapter that says anything.

    ``addresses`` are IPv4 with the prefix length of the mask that follows them, without one when no mask stands
    there. ``connected`` is False when the adapter reports its media as disconnected.
    """
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    states: list[State] = []
    for block in _blocks(lines):
        host = next((field.value for field in block.fields if field.name == "host" and field.value), None)
        if host is not None:
            domain = next((field.value for field in block.fields if field.name == "domain"), "") or None
            states.append(State("client", host, {"name": host, "domain": domain}, *_quote(block, lines, file, "host")))
        if _tells_addresses(block):
            states.append(State("adapter", block.title, _adapter(block.fields), *_quote(block, lines, file)))
    return states


def _blocks(lines: list[str]) -> list[_Block]:
    """The title block and the adapters: a heading line without indent, then labelled lines."""
    blocks: list[_Block] = []
    current = _Block("", 0, [])
    for index, line in enumerate(lines):
        if not line.strip():
            continue
        heading = _heading(line)
        if heading is not None:
            current = _Block(heading, index, [])
            blocks.append(current)
            continue
        field = _field(line, current.fields[-1].name if current.fields else "")
        if field is None:
            continue
        starts_over = field.name == "host" or (not current.title and not current.fields)
        if starts_over:
            current = _Block("", index, [])
            blocks.append(current)
        current.fields.append(field)
    return blocks


def _heading(line: str) -> str | None:
    """``Ethernet adapter Ethernet:`` to its title; None for anything else."""
    stripped = unicodedata.normalize("NFKC", line).strip()
    if not stripped.endswith(":") or len(stripped) > 200 or ". ." in stripped:
        return None
    title = stripped[:-1].rstrip()
    return title if any(word in title.casefold() for word in _ADAPTER_WORDS) else None


def _field(line: str, previous: str) -> _Field | None:
    """A labelled line, or an address alone on its line that goes on the list of the label before it."""
    plain = unicodedata.normalize("NFKC", line).strip()
    if previous in _ADDRESS_FIELDS and _address(plain):
        return _Field(previous, plain)
    label, colon, value = plain.partition(":")
    if not colon:
        return None
    name = _LABELS.get("".join(label.replace(".", " ").casefold().split()))
    if name is None:
        return _Field("", "") if ". ." in label else None
    return _Field(name, value.strip())


def _address(value: str) -> str | None:
    """The address without the note in brackets behind it, or None when it is none."""
    bare = value.partition("(")[0].strip()
    try:
        ipaddress.ip_address(bare)
    except ValueError:
        return None
    return bare


def _tells_addresses(block: _Block) -> bool:
    """An adapter always has a heading; without one (a cut paste) an address with its mask is needed."""
    names = {field.name for field in block.fields}
    if block.title:
        return bool(names & {"ipv4", "ipv6", "media", "suffix", "gateway", "dns"})
    return {"ipv4", "mask"} <= names


def _adapter(fields: list[_Field]) -> dict[str, Any]:
    values: dict[str, Any] = {
        "addresses": [],
        "ipv6": [],
        "gateways": [],
        "dns": [],
        "suffix": None,
        "connected": True,
    }
    lists = {"ipv4": "addresses", "ipv6": "ipv6", "gateway": "gateways", "dns": "dns"}
    for field in fields:
        if field.name in lists:
            address = _address(field.value)
            if address is not None:
                values[lists[field.name]].append(address)
        elif field.name == "mask":
            _put_mask(values["addresses"], field.value)
        elif field.name == "suffix":
            values["suffix"] = field.value or None
        elif field.name == "media":
            values["connected"] = not any(word in field.value.casefold() for word in _DISCONNECTED)
    return values


def _put_mask(addresses: list[str], mask: str) -> None:
    """Give the address before the mask line its prefix length; a mask that is none changes nothing."""
    if not addresses or "/" in addresses[-1]:
        return
    try:
        bits = f"{int(ipaddress.IPv4Address(mask)):032b}"
    except ValueError:
        return
    if "01" not in bits:  # ones, then zeros
        addresses[-1] += f"/{bits.count('1')}"


def _quote(block: _Block, lines: list[str], file: str, wanted: str = "ipv4") -> tuple[Place, str]:
    """Where the fact stands: the line of the wanted field, else the heading."""
    for index in range(block.line, min(block.line + 60, len(lines))):
        if index > block.line and _heading(lines[index]) is not None:
            break
        field = _field(lines[index], "")
        if field is not None and field.name == wanted:
            return Place(file, index + 1), lines[index].rstrip()
    return Place(file, block.line + 1), lines[block.line].rstrip()
