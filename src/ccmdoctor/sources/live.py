"""This Windows machine: ``live``. Its logs and its registry are read directly, the rest by the collector.

The registry becomes the files that the collector would write (collect/manifest.toml), so nothing else need know how
it came. The collector runs in Windows PowerShell, in a folder of its own below the temporary folder, and is the only
thing that takes more than a moment; without it the logs and the registry are still diagnosed.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from ccmdoctor.collect import manifest, script
from ccmdoctor.model import InputError
from ccmdoctor.sources.artifact import Artifact, Data, RefusedError, Source, Unread, mapped
from ccmdoctor.sources.folder import Folder

ORDER = 20
NAME = "live"
MOST_VALUES = 20_000  # of one file
DEEPEST = 6
MARGIN = 60  # seconds for the collector beyond its own limit
_LOGGING = r"SOFTWARE\Microsoft\CCM\Logging\@Global"
_CLIENT = r"SOFTWARE\Microsoft\SMS\Client\Configuration\Client Properties"
_HIVES = {"user": "HKEY_CURRENT_USER", "machine": "HKEY_LOCAL_MACHINE"}
_SZ, _EXPAND, _BINARY, _DWORD, _MULTI, _QWORD = 1, 2, 3, 4, 7, 11  # REG_*, learn.microsoft.com/windows/win32/sysinfo


class Machine:
    """The machine that this runs on."""

    address = NAME

    def __init__(self) -> None:
        self._read: datetime | None = None

    def collected(self) -> datetime | None:
        """Now, as far as this reading is concerned: the moment it began."""
        return self._read

    def artifacts(self) -> Iterator[Artifact | Unread]:
        """The client's logs, the registry, and the zip of the collector."""
        self._read = self._read or datetime.now(UTC)
        logs = log_folder()
        if logs.is_dir():
            for one in Folder(logs).artifacts():
                yield one._replace(name=f"CCM/Logs/{one.name}")
        else:
            yield Unread("CCM/Logs", "not-there-here")
        for entry in manifest()["entries"].values():
            if entry["kind"] == "registry":
                yield Artifact(entry["to"], -1, partial(_exported, entry))
        yield Artifact("collector.zip", -1, _collected)


def log_folder() -> Path:
    """Where the client writes its logs: as the registry says, else where setup puts them."""
    said = _string(_LOGGING, "LogDirectory")
    if said:
        return Path(said)
    root = _string(_CLIENT, "Local SMS Path") or str(Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "CCM")
    return Path(root) / "Logs"


def _winreg() -> Any:
    return importlib.import_module("winreg")  # there on Windows only


def _string(key: str, name: str) -> str | None:
    registry = _winreg()
    with suppress(OSError), _opened(registry.HKEY_LOCAL_MACHINE, key) as handle:
        value, kind = registry.QueryValueEx(handle, name)
        return str(value) if kind in (_SZ, _EXPAND) and value else None
    return None


def _opened(hive: Any, key: str) -> Any:
    registry = _winreg()
    return registry.OpenKey(hive, key, 0, registry.KEY_READ | registry.KEY_WOW64_64KEY)


# --- the registry -------------------------------------------------------------------------------------------------


@contextmanager
def _exported(entry: dict[str, Any]) -> Iterator[Data]:
    hive = _HIVES["user" if entry.get("hive") == "user" else "machine"]
    lines = ["Windows Registry Editor Version 5.00", ""]
    for one in entry["keys"]:
        _export(hive, one["key"], one.get("values"), bool(one.get("deep")), lines, 0)
    yield ("\r\n".join(lines) + "\r\n").encode("utf-8", "replace")


def _export(hive: str, key: str, wanted: list[str] | None, deep: bool, lines: list[str], depth: int) -> None:
    """One key and, with ``deep``, those below it. A key that is not there is ``[-key]``; a refused one has no line."""
    registry = _winreg()
    try:
        handle = _opened(getattr(registry, hive), key)
    except FileNotFoundError:
        lines += [f"[-{hive}\\{key}]", ""]
        return
    except OSError:
        return
    with handle:
        below, count, _ = registry.QueryInfoKey(handle)
        values = [registry.EnumValue(handle, at) for at in range(min(count, MOST_VALUES))]
        names = [registry.EnumKey(handle, at) for at in range(below)] if deep and depth < DEEPEST else []
    kept = [one for one in values if wanted is None or one[0].lower() in {name.lower() for name in wanted}]
    lines += [f"[{hive}\\{key}]", *(reg_line(*one) for one in kept), ""]
    for name in names:
        if len(lines) < MOST_VALUES:
            _export(hive, rf"{key}\{name}", wanted, deep, lines, depth + 1)


def reg_line(name: str, value: Any, kind: int) -> str:
    """One value as a line of a .reg file."""
    label = f'"{_escaped(name)}"' if name else "@"
    if kind == _SZ and isinstance(value, str) and not set(value) & set("\r\n\0"):
        return f'{label}="{_escaped(value)}"'
    if kind == _DWORD and isinstance(value, int):
        return f"{label}=dword:{value & 0xFFFFFFFF:08x}"
    if kind == _QWORD and isinstance(value, int):
        raw = (value & 0xFFFF_FFFF_FFFF_FFFF).to_bytes(8, "little")
    elif kind == _MULTI and isinstance(value, list):
        raw = "".join(f"{one}\0" for one in [*value, ""]).encode("utf-16-le", "replace")
    elif isinstance(value, str):
        raw = f"{value}\0".encode("utf-16-le", "replace")
    else:
        raw = value if isinstance(value, bytes) else b""
    shown = "hex" if kind == _BINARY else f"hex({kind:x})"
    return f"{label}={shown}:{raw.hex(',')}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


# --- the collector ------------------------------------------------------------------------------------------------


@contextmanager
def _collected() -> Iterator[Data]:
    """The zip that the collector writes, without what was read directly. Raises RefusedError."""
    root = Path(os.environ.get("SYSTEMROOT", r"C:\Windows"))
    shell = root / r"System32\WindowsPowerShell\v1.0\powershell.exe"
    if not shell.is_file():
        raise RefusedError("no-powershell")
    facts = manifest()
    done = [
        id
        for id, entry in facts["entries"].items()
        if entry["kind"] == "registry" or (entry["kind"] == "logs" and entry["folder"] == "{logs}")
    ]
    with tempfile.TemporaryDirectory(prefix="ccmdoctor-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        program, zipped = folder / "Collect-CcmEvidence.ps1", folder / "evidence.zip"
        program.write_text(script(), encoding="ascii", newline="\r\n")
        options = ["-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File", str(program)]
        _run([str(shell), *options, "-Output", str(zipped), "-Skip", ",".join(done)], _limit(facts))
        try:
            with mapped(zipped) as data:
                yield data
        except FileNotFoundError:
            raise RefusedError("collector-failed") from None


def _limit(facts: dict[str, Any]) -> int:
    return int(facts["limits"].get("all_seconds", 600)) + MARGIN


def _run(command: list[str], seconds: int) -> None:
    try:
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        raise RefusedError("step-timeout") from None
    except OSError:
        raise RefusedError("no-powershell") from None


def detect(address: str) -> Source | None:
    """The word ``live``, on Windows. Raises InputError elsewhere, unless a folder has that name."""
    if address != NAME:
        return None
    if sys.platform == "win32":
        return Machine()
    if Path(address).exists():
        return None
    raise InputError("live-elsewhere")
