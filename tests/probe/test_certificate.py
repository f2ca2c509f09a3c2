"""The client certificate: how its password is given, on real servers that want one. It is never on the command line."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from click.testing import CliRunner
from keyring.backend import KeyringBackend

from ccmdoctor.cli import main
from probe.ask import causes, probe, steps
from probe.lab import Web


class Store(KeyringBackend):
    """A keyring that holds one password, as a desktop's does."""

    priority = 1.0

    def __init__(self, name: str, password: str) -> None:
        super().__init__()
        self.held = {("ccmdoctor", name): password}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError


@pytest.fixture
def stored() -> Iterator[None]:
    before = keyring.get_keyring()
    keyring.set_keyring(Store("client.pfx", "pass"))
    yield
    keyring.set_keyring(before)


def test_a_pfx_without_a_password_asks_for_none(trusted: Web) -> None:
    root = f"https://127.0.0.1:{trusted.asking}"
    found = probe("--mp", root, "--sup", root, "--cert", trusted.open_pfx, code=0)
    assert causes(found) == {} and steps(found)["sync"] is None


def test_the_password_from_the_keyring(trusted: Web, stored: None) -> None:
    found = probe("--sup", f"https://127.0.0.1:{trusted.asking}", "--cert", trusted.pfx, code=0)
    assert steps(found)["sync"] is None


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("password", [None, "wr0ng-secret"])
def test_a_wrong_password_or_none(
    web: Web, language: str, password: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if password is not None:
        monkeypatch.setenv("CCMDOCTOR_PFX_PASSWORD", password)
    asked = ["probe", "--mp", "https://127.0.0.1:1", "--cert", str(web.pfx), "--lang", language]
    done = CliRunner().invoke(main, asked)
    assert done.exit_code == 2 and "client.pfx" in done.stderr and "CCMDOCTOR_PFX_PASSWORD" in done.stderr
    assert "wr0ng-secret" not in done.output and done.stdout == ""


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal is made with pty")
@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_password_from_a_prompt_is_not_shown(trusted: Web, language: str, tmp_path: Path) -> None:
    import pty

    report, root = tmp_path / "report.txt", f"https://127.0.0.1:{trusted.asking}"
    command = [
        sys.executable, "-m", "ccmdoctor", "probe", "--mp", root, "--sup", root, "--cert", str(trusted.pfx),
        "--timeout", "5", "--lang", language, "-o", str(report),
    ]  # fmt: skip
    settings = {
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PYTHONUTF8": "1",
    }
    process, terminal = pty.fork()
    if process == 0:
        os.execve(command[0], command, os.environ | settings)
    shown, asked = b"", 0
    with contextlib.suppress(OSError):  # the end of a terminal, on Linux
        while piece := os.read(terminal, 1000):
            shown += piece
            if shown.count(b"client.pfx") > asked:
                asked += 1
                os.write(terminal, b"pass\n")
    os.close(terminal)
    assert asked == 1, "one certificate for both servers is opened with one question"
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0, shown.decode()
    assert b"pass\r" not in shown and "127.0.0.1" in report.read_text(encoding="utf-8")
