"""This Windows machine: ``live``. Its logs and its registry are read directly, the rest by the collector.

The registry becomes the files that the collector would write (collect/manifest.toml), so nothing else need know how
it came. The values of the signed-in user are left to the collector: whoever runs this as an administrator may be
another. The collector runs in Windows PowerShell, in a folder of its own below the temporary folder, and is the only
thing that takes more than a moment; without it the logs and the registry are still diagnosed.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from ccmdoctor.collect import longest, manifest, script
from ccmdoctor.model import InputError
from ccmdoctor.sources.artifact import Artifact, Data, RefusedError, Source, Unread
from ccmdoctor.sources.collector import Collected, size_of
from ccmdoctor.sources.folder import Folder

ORDER = 20
NAME = "live"
MOST_VALUES = 20_000  # of one key; lines of one file
DEEPEST = 6
_LOGGING = r"SOFTWARE\Microsoft\CCM\Logging\@Global"
_CLIENT = r"SOFTWARE\Microsoft\SMS\Client\Configuration\Client Properties"
_HIVE = "HKEY_LOCAL_MACHINE"
_SECRETS = ("CCMDOCTOR_PASSWORD", "CCMDOCTOR_PFX_PASSWORD")  # what no other program needs to see
_SZ, _EXPAND, _BINARY, _DWORD, _MULTI, _QWORD = 1, 2, 3, 4, 7, 11  # REG_*, learn.microsoft.com/windows/win32/sysinfo


class Machine:
    """The machine that this runs on."""

    address = NAME

    def __init__(self) -> None:
        self._read: datetime | None = None
        self._zip = Collected(_collected)

    def collected(self) -> datetime | None:
        """Now, as far as this reading is concerned: the moment it began."""
        return self._read

    def artifacts(self) -> Iterator[Artifact | Unread]:
        """The client's logs, the registry, and the zip of the collector."""
        self._read = self._read or datetime.now(UTC)
        logs = log_folder()
        if logs.is_dir():
            for one in Folder(logs).artifacts():
                yield one._replace(name=f"CCM/Logs/{one.name}" if one.name != str(logs) else "CCM/Logs")
        else:
            yield Unread("CCM/Logs", "not-there-here")
        for entry in _direct():
            text, missing = exported(entry["keys"])
            yield Artifact(entry["to"], len(text), lambda text=text: _held(text))  # type: ignore[misc]
            yield from (Unread(f"{entry['to']}!{key}", why) for key, why in missing)
        yield self._zip.artifact()


def _direct() -> list[dict[str, Any]]:
    """The entries of the registry that are read here."""
    return [one for one in manifest()["entries"].values() if one["kind"] == "registry" and one.get("hive") != "user"]


@contextmanager
def _held(data: Data) -> Iterator[Data]:
    yield data


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
        if kind == _EXPAND:
            value = registry.ExpandEnvironmentStrings(value)
        return str(value) if kind in (_SZ, _EXPAND) and value else None
    return None


def _opened(hive: Any, key: str) -> Any:
    registry = _winreg()
    return registry.OpenKey(hive, key, 0, registry.KEY_READ | registry.KEY_WOW64_64KEY)


# --- the registry -------------------------------------------------------------------------------------------------


def exported(keys: list[dict[str, Any]]) -> tuple[bytes, list[tuple[str, str]]]:
    """Keys of the machine as a .reg file; and the keys that could not be read, or not wholly, with why.

    A key that is not there is ``[-key]``, which is evidence.
    """
    lines = ["Windows Registry Editor Version 5.00", ""]
    missing: list[tuple[str, str]] = []
    waiting = [(one["key"], one, 0) for one in reversed(keys)]
    while waiting:
        key, one, depth = waiting.pop()
        try:
            values, names = _key(key)
        except FileNotFoundError:
            lines += [f"[-{_HIVE}\\{key}]", ""]
            continue
        except OSError:
            missing.append((key, "cannot-be-opened"))
            continue
        wanted = {name.lower() for name in one["values"]} if one.get("values") else None
        kept = [value for value in values if wanted is None or value[0].lower() in wanted]
        lines += [f"[{_HIVE}\\{key}]", *(reg_line(*value) for value in kept), ""]
        deeper = names if one.get("deep") else []
        cut = deeper and (depth >= DEEPEST or len(lines) > MOST_VALUES)
        if cut or MOST_VALUES in (len(values), len(deeper)):
            missing.append((key, "registry-cut"))
        if cut:
            continue
        waiting += [(rf"{key}\{name}", one, depth + 1) for name in reversed(deeper)]
    return ("\r\n".join(lines) + "\r\n").encode("utf-8", "replace"), missing


def _key(key: str) -> tuple[list[tuple[str, Any, int]], list[str]]:
    """The values of a key, and the names of those below it; what is deleted meanwhile is not there. Raises OSError."""
    registry = _winreg()
    with _opened(registry.HKEY_LOCAL_MACHINE, key) as handle:
        return (
            list(_numbered(lambda at: registry.EnumValue(handle, at))),
            list(_numbered(lambda at: registry.EnumKey(handle, at))),
        )


def _numbered(get: Callable[[int], Any]) -> Iterator[Any]:
    for at in range(MOST_VALUES):
        try:
            yield get(at)
        except OSError:  # there are no more
            return


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
def _collected() -> Iterator[Callable[[int], bytes]]:
    """The zip that the collector writes, without what was read directly. Raises RefusedError."""
    root = Path(os.environ.get("SYSTEMROOT", r"C:\Windows"))
    shell = root / r"System32\WindowsPowerShell\v1.0\powershell.exe"
    if not shell.is_file():
        raise RefusedError("no-powershell")
    entries = manifest()["entries"]
    direct = _direct()
    done = [id for id, one in entries.items() if one in direct or one.get("folder") == "{logs}"]
    with tempfile.TemporaryDirectory(prefix="ccmdoctor-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        program, zipped, answer = folder / "Collect-CcmEvidence.ps1", folder / "evidence.zip", folder / "answer.txt"
        program.write_text(script(), encoding="ascii", newline="\r\n")
        options = ["-NoProfile", "-NonInteractive", "-ExecutionPolicy", "Bypass", "-File", str(program)]
        with answer.open("w+b") as said:
            run([str(shell), *options, "-Output", str(zipped), "-Skip", ",".join(done)], said, longest())
            said.seek(0)
            lines = said.read().decode("utf-8", "replace").split("\n")
        size_of(next((line for line in reversed(lines) if line.startswith("{")), ""))
        with zipped.open("rb") as file:
            yield file.read


def run(command: list[str], said: IO[bytes], seconds: float) -> None:
    """A program with its output in a file: a pipe would be waited for as long as what the program started holds it.

    Raises RefusedError when it cannot be started or does not end in time.
    """
    about = {name: value for name, value in os.environ.items() if name.upper() not in _SECRETS}
    try:
        subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.DEVNULL, env=about, timeout=seconds,
            check=False, creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )  # fmt: skip
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
