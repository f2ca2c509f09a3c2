"""WMI errors as PowerShell prints them: the code by its number or by WMI's words, and what it is about."""

from __future__ import annotations

import re
import unicodedata

_HRESULT = re.compile(r"0x8[0-9a-f]{7}(?![0-9a-f])", re.IGNORECASE)
_MESSAGES = (  # WMI's words, without blanks, in one width and in lower case
    ("invalidnamespace", "0x8004100e"),
    ("無効な名前空間", "0x8004100e"),
    ("名前空間が無効", "0x8004100e"),
    ("invalidclass", "0x80041010"),
    ("無効なクラス", "0x80041010"),
    ("クラスが無効", "0x80041010"),
    ("accessdenied", "0x80041003"),
    ("accessisdenied", "0x80070005"),
    ("アクセスが拒否されました", "0x80070005"),
    ("providerloadfailure", "0x80041013"),
    ("プロバイダーの読み込み", "0x80041013"),
    ("rpcserverisunavailable", "0x800706ba"),
    ("rpcサーバーを利用できません", "0x800706ba"),
    ("genericfailure", "0x80041001"),
)
_QUOTED_ROOT = re.compile(r"[\"'(](root[\\/][^\"':)]{1,200})", re.IGNORECASE)
_NAMESPACE = re.compile(r"-namespace[\s:]{1,8}[\"']?(root[^\s\"'|]{0,200})", re.IGNORECASE)


def _compact(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def error_code(words: str) -> str | None:
    """The code in the words of an error, by its number or, without one, by WMI's phrases."""
    match = _HRESULT.search(words)
    if match is not None:
        return match.group().casefold()
    compact = _compact(words)
    return next((code for phrase, code in _MESSAGES if phrase in compact), None)


def namespace(words: str) -> str | None:
    """The namespace that an error is about."""
    match = _QUOTED_ROOT.search(words) or _NAMESPACE.search(words)
    return match[1] if match else None
