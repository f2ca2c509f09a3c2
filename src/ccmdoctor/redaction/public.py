"""What identifies nobody and stays as it is: ``knowledge/public.toml``, and the fixed words of known log lines."""

from __future__ import annotations

import re
from functools import cache

from ccmdoctor.knowledge.messages import messages
from ccmdoctor.knowledge.tables import table

_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_WORD = re.compile(r"[A-Za-z]{2,}")
_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_SHORTEST_NAME = 3  # characters; a shorter name is replaced only where the context says what it is


def _listed(section: str, name: str) -> frozenset[str]:
    return frozenset(table("public")[section][name])


@cache
def ordinary_words() -> frozenset[str]:
    """Words that stand in logs for themselves: those of every known message, of log names, and the common ones."""
    words = set(_listed("words", "names"))
    for message in messages().values():
        for text in message.texts:
            words.update(word.lower() for word in _WORD.findall(_PLACEHOLDER.sub(" ", text)))
        words.update(log.lower() for log in message.logs)
    for log, entry in table("logs").items():
        words.update(name.lower() for name in (log, *entry.get("components", ()), *entry.get("files", ())))
    return frozenset(words)


def is_ordinary(name: str) -> bool:
    """Whether a name cannot be told from text around it: too short, a number, or an ordinary word."""
    low = name.casefold()
    return len(low) < _SHORTEST_NAME or not re.search(r"[^\W\d_]", low) or low in ordinary_words()


def is_inside_ordinary(name: str) -> bool:
    """Whether an ordinary word holds the name: "manage" stands in "management"."""
    low = name.casefold()
    return any(low in word for word in ordinary_words())


@cache
def is_public_host(name: str) -> bool:
    """Microsoft's hosts, name spaces of XML, public certificate authorities, and names that every machine has."""
    low = name.casefold().strip(".")
    return low in _listed("hosts", "names") or any(
        low == one or low.endswith(f".{one}") for one in table("public")["hosts"]["suffixes"]
    )


@cache
def tenant_suffix(name: str) -> str | None:
    """The public part behind a tenant's own name: ``cloudapp.net`` of ``contoso-cmg.cloudapp.net``."""
    low = name.casefold().strip(".")
    return next((one for one in table("public")["hosts"]["tenants"] if low.endswith(f".{one}")), None)


def is_public_account(name: str) -> bool:
    """SYSTEM, Administrator and the like, which exist everywhere."""
    low = name.casefold().strip("$")
    return low in _listed("accounts", "names") or low.startswith(("dwm-", "umfd-", "defaultuser", "iis apppool"))


def is_public_domain(name: str) -> bool:
    """NT AUTHORITY, BUILTIN and the like."""
    return name.casefold() in _listed("accounts", "domains")


def is_public_certificate_name(name: str) -> bool:
    """Names in certificates and directory paths that every installation has."""
    low = name.casefold().strip()
    return any(low == one or low.startswith(f"{one} ") for one in _listed("certificates", "names"))


def is_public_policy(name: str) -> bool:
    """Group policy objects and groups that every domain or computer has."""
    low = name.casefold()
    return low in _listed("policies", "names") or is_public_account(low)


def is_public_share(name: str) -> bool:
    """Administrative shares, and those that ConfigMgr and WSUS make."""
    low = name.casefold()
    return (
        low in _listed("shares", "names")
        or low.startswith(tuple(table("public")["shares"]["beginnings"]))
        or (len(low) == 2 and low[1] == "$")
    )


@cache
def _public_guids() -> frozenset[str]:
    """Those listed, and those in the fixed text of known log lines."""
    fixed = " ".join(_PLACEHOLDER.sub(" ", text) for message in messages().values() for text in message.texts)
    return frozenset(id.replace("-", "").lower() for id in (*table("public")["guids"]["ids"], *_GUID.findall(fixed)))


def is_public_guid(digits: str) -> bool:
    """Constants of the products, given as 32 lower-case digits."""
    return digits in _public_guids() or digits.startswith(tuple(table("public")["guids"]["beginnings"]))


def suffix_length(labels: list[str]) -> int:
    """How many labels at the end of a name are no one's own: 2 for ``contoso.co.jp``, else 1."""
    if len(labels) > 2 and len(labels[-1]) == 2 and labels[-2].casefold() in _listed("names", "seconds"):
        return 2
    return 1


@cache
def looks_like_host(name: str) -> bool:
    """Whether a bare dotted word is a host or a domain, and not a file, a member of a program or a version."""
    labels = name.casefold().strip(".").split(".")
    last = labels[-1]
    if len(labels) < 2 or labels[0] in _listed("names", "programs") or any(not label for label in labels):
        return False
    if last in _listed("names", "endings"):
        return not (len(labels) == 2 and labels[0].isdigit())
    if len(last) != 2 or not last.isalpha() or not last.isascii():
        return False
    return len(labels) > 2 and (last not in _listed("names", "not_countries")) and not _is_file_like(labels)


def _is_file_like(labels: list[str]) -> bool:
    return all(label.isdigit() for label in labels[:-1])


# a NetBIOS or DNS label that carries a digit or a hyphen, so that it is no word: PC0123, sup-01
_NOT_A_NAME = re.compile(
    r"(?:x|kb|v|ie|http|https|sha|md|utf|base|amd|arm|ipv|rfc|win|type|state|phase|step|id|rc|i|p|w3svc|wua|tls|ssl|iso|ntlm|net)-?\d+\w?"
    r"|\d+-?bit|\d[\d.-]*|0x.*|(?:microsoft|windows|win32|ccm|sms|wmi|sql).*|[0-9a-f]{8,}|s-1-.*|utc.*|gmt.*",
    re.IGNORECASE,
)


_NUMBERED = re.compile(r"(?:sms|sql|ccm|wmi)[a-z-]{0,12}\d{1,3}", re.IGNORECASE)  # a name, where a name is expected


def looks_like_label(name: str) -> bool:
    """Whether a single word can only be a computer's name."""
    return (
        4 <= len(name) <= 63
        and bool(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]*[A-Za-z0-9]", name))
        and bool(re.search(r"[A-Za-z]", name))
        and bool(re.search(r"\d", name))
        and not _NOT_A_NAME.fullmatch(name)
        and not is_ordinary(name)
    )


@cache
def is_public_host_whole(name: str) -> bool:
    """A public host none of whose labels is a tenant's own."""
    return is_public_host(name) and tenant_suffix(name) is None


def host_endings() -> frozenset[str]:
    """Last labels (of more than two letters) that make a dotted word a host."""
    return _listed("names", "endings")


def looks_like_name(name: str) -> bool:
    """Whether a value behind "computer name" can be one: no number, version, file name or placeholder."""
    low = name.casefold()
    return (
        bool(re.search(r"[^\W\d_]", name))
        and not (_NOT_A_NAME.fullmatch(name) and not _NUMBERED.fullmatch(name))
        and not is_public_account(low)
        and not low.endswith(
            (".exe", ".dll", ".log", ".cpp", ".msi", ".xml", ".cab", ".sys", ".txt", ".h", ".cs", ".hpp")
        )
    )
