"""``Registry.pol`` rewritten with its texts redacted: sizes are counted anew, binary values become zeros.

What does not parse is not passed on; a file that was damaged stays recognisably damaged.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

_HEADER = b"PReg\x01\x00\x00\x00"
_TEXTS = (1, 2, 6, 7)  # REG_SZ, REG_EXPAND_SZ, REG_LINK, REG_MULTI_SZ
_NUMBERS = (0, 4, 5, 11)
_DAMAGE = b"\x00\x00"  # stands for a body that is no run of entries


def rewritten(data: bytes, change: Callable[[str], str]) -> bytes:
    """The policy file with ``change`` applied to every key, value name and text."""
    if not data.startswith(_HEADER):
        return data[:8] + (b"\x01" if len(data) > 8 else b"")
    made = [_HEADER]
    at = len(_HEADER)
    while at < len(data):
        entry = _entry(data, at)
        if entry is None:
            made.append(_DAMAGE)
            break
        key, name, kind, value, at = entry
        made.append(_written(change(key), change(name), kind, _value(kind, value, change)))
    return b"".join(made)


def text_of(data: bytes) -> str:
    """Every text in the file, to learn names from, as in a registry export: ``"name"="text"`` below its key."""
    lines: list[str] = []
    if not data.startswith(_HEADER):
        return ""
    at = len(_HEADER)
    while at < len(data) and (entry := _entry(data, at)):
        key, name, kind, value, at = entry
        lines.append(f"[{key}]")
        lines += [f'"{name}"="{text}"' for text in _texts(kind, value) or ()]
    return "\n".join(lines)


def _texts(kind: int, value: bytes) -> list[str] | None:
    """The texts of a value, which a NUL parts; None when it is of another kind."""
    if kind not in _TEXTS or len(value) % 2:
        return None
    return value.decode("utf-16-le", "surrogatepass").split("\x00")


def _value(kind: int, value: bytes, change: Callable[[str], str]) -> bytes:
    texts = _texts(kind, value)
    if texts is not None:
        return "\x00".join(change(one) for one in texts).encode("utf-16-le", "surrogatepass")
    return value if kind in _NUMBERS and len(value) <= 8 else bytes(len(value))


def _written(key: str, name: str, kind: int, value: bytes) -> bytes:
    texts = [f"{one}\x00".encode("utf-16-le", "surrogatepass") for one in (key, name)]
    semicolon = b";\x00"
    numbers = struct.pack("<I", kind), struct.pack("<I", len(value))
    return b"[\x00" + semicolon.join((*texts, *numbers, value)) + b"]\x00"


def _entry(data: bytes, at: int) -> tuple[str, str, int, bytes, int] | None:
    """Key, value name, type and data of the entry at ``at``, and where the next one begins."""
    if data[at : at + 2] != b"[\x00":
        return None
    key, at = _terminated(data, at + 2)
    name, at = _terminated(data, at)
    fixed = data[at : at + 12]
    if key is None or name is None or len(fixed) < 12 or fixed[4:6] != b";\x00" or fixed[10:12] != b";\x00":
        return None
    kind, size = struct.unpack_from("<I2xI", fixed)
    end = at + 12 + size
    if data[end : end + 2] != b"]\x00":
        return None
    return key, name, kind, data[at + 12 : end], end + 2


def _terminated(data: bytes, start: int) -> tuple[str | None, int]:
    end = data.find(b"\x00\x00", start)
    while end != -1 and (end - start) % 2:
        end = data.find(b"\x00\x00", end + 1)
    if end == -1 or data[end + 2 : end + 4] != b";\x00":
        return None, start
    return data[start:end].decode("utf-16-le", "surrogatepass"), end + 4
