"""A real Samba on loopback that stands for the administrative shares of a client."""

from __future__ import annotations

import getpass
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from probe import lab

PASSWORD = "P@ssw0rd1"
SHARES = {"C$": "drive", "ADMIN$": "drive/Windows", "Closed$": "drive", "Docs": "docs"}


class Samba(NamedTuple):
    """``folder`` holds ``drive`` (C$, with ADMIN$ in it) and ``docs``; ``user`` may log on with PASSWORD."""

    folder: Path
    port: int
    user: str

    @property
    def logs(self) -> Path:
        return self.folder / "drive/Windows/CCM/Logs"

    def at(self, path: str) -> str:
        return f"smb://127.0.0.1:{self.port}/{path}"


@contextmanager
def running() -> Iterator[Samba]:
    """The server until the block ends. Files that others may not read are closed to the user too: all is done as ``nobody``."""
    server, passwords = lab.program("smbd"), lab.program("smbpasswd")
    if sys.platform == "win32" or os.getuid() != 0:
        pytest.skip("smbd must be started by root")
    with tempfile.TemporaryDirectory(prefix="samba-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "drive/Windows/CCM/Logs").mkdir(parents=True)
        (folder / "docs").mkdir()
        port, user = lab.free_port(), getpass.getuser()
        state = {
            f"{one} directory" if one != "private" else "private dir": folder / f"state/{one}"
            for one in ("lock", "state", "cache", "pid", "private")
        }
        lines = [
            "[global]", "workgroup = CONTOSO", "netbios name = PC0123", "server role = standalone server",
            f"smb ports = {port}", "interfaces = 127.0.0.1/8", "bind interfaces only = yes", "disable netbios = yes",
            *(f"{key} = {path}" for key, path in state.items()), f"ncalrpc dir = {folder}/state/ncalrpc",
            f"log file = {folder}/state/log", "load printers = no", "server min protocol = SMB2_10",
            "map to guest = never", "force user = nobody",
        ]  # fmt: skip
        for share, below in SHARES.items():
            allowed = "nobody" if share == "Closed$" else user
            lines += [f"[{share}]", f"path = {folder / below}", "read only = yes", f"valid users = {allowed}"]
        # the test itself may write here as the client's agent does
        lines += [
            "[Agent$]",
            f"path = {folder / 'drive'}",
            "read only = no",
            f"valid users = {user}",
            "force user = root",
        ]
        for path in state.values():
            path.mkdir(parents=True)
        settings = folder / "state/smb.conf"
        settings.write_text("\n".join(lines) + "\n", encoding="utf-8")
        subprocess.run(
            [passwords, "-c", str(settings), "-a", "-s", user],
            input=f"{PASSWORD}\n{PASSWORD}\n", text=True, check=True, capture_output=True,
        )  # fmt: skip
        with lab.running([server, "-F", "-s", str(settings)], port):
            yield Samba(folder, port, user)
