"""Names and passwords: environment, keyring, a person at a terminal; and that no output holds a password."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from ccmdoctor import cli
from ccmdoctor.reader import read
from ccmdoctor.sources import address, open_source
from ccmdoctor.sources.address import Credentials
from sources.samba import PASSWORD, Samba

pytest.importorskip("smbclient")
keyring = pytest.importorskip("keyring")
WRONG = "not-this-one"
SOURCE = Path(__file__).parent.parent.parent / "src"


class Ring(keyring.backend.KeyringBackend):  # type: ignore[misc, name-defined]
    """A keyring that lives in a dictionary, or one that cannot be opened."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[tuple[str, str], str] = {}
        self.closed = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.closed:
            raise keyring.errors.KeyringLocked
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[service, username]


@pytest.fixture
def ring() -> Iterator[Ring]:
    before, ring = keyring.get_keyring(), Ring()
    keyring.set_keyring(ring)
    yield ring
    keyring.set_keyring(before)


@pytest.fixture
def named(logged_on: Samba, monkeypatch: pytest.MonkeyPatch) -> Samba:
    """The name in the environment, the password not."""
    monkeypatch.delenv("CCMDOCTOR_PASSWORD")
    (logged_on.logs / "WUAHandler.log").write_text("Scan failed with error = 0x80244022.\n", encoding="utf-8")
    return logged_on


def told(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli.main, ["diagnose", *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout + done.stderr


@pytest.mark.parametrize("entry", ["{user}@127.0.0.1", "127.0.0.1"])
def test_the_keyring_gives_the_password(named: Samba, ring: Ring, entry: str) -> None:
    keyring.set_password(address.KEYRING, entry.format(user=named.user), PASSWORD)
    assert [one.name for one in open_source([named.at("C$/Windows/CCM/Logs")])[0].artifacts()] == ["WUAHandler.log"]


def test_the_name_of_the_address_goes_before_that_of_the_environment(
    named: Samba, ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CCMDOCTOR_USER", "nobody-else")
    ring.set_password(address.KEYRING, f"{named.user}@127.0.0.1", PASSWORD)
    ring.set_password(address.KEYRING, "127.0.0.1", WRONG)
    found = open_source([named.at("C$/Windows/CCM/Logs").replace("//", f"//{named.user}@", 1)])
    assert read(found).coverage[0].state == "read"


def test_the_environment_goes_before_the_keyring(named: Samba, ring: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    ring.set_password(address.KEYRING, f"{named.user}@127.0.0.1", WRONG)
    monkeypatch.setenv("CCMDOCTOR_PASSWORD", PASSWORD)
    assert read(open_source([named.at("C$/Windows/CCM/Logs")])).coverage[0].state == "read"


def test_a_keyring_that_cannot_be_opened_is_as_none(named: Samba, ring: Ring) -> None:
    ring.closed = True
    code, said = told(named.at("C$"), "--lang", "en")
    assert code == 2 and "CCMDOCTOR_PASSWORD" in said


def test_a_refused_password_is_not_tried_again(named: Samba, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each trial may lock the account."""
    asked = []
    monkeypatch.setenv("CCMDOCTOR_PASSWORD", WRONG)
    address.ask_with(lambda host, user: asked.append(host))  # type: ignore[arg-type, func-returns-value]
    try:
        (only,) = open_source([named.at("C$")])[0].artifacts()
    finally:
        address.ask_with(None)
    assert only.why == "remote-logon-refused" and asked == []  # type: ignore[union-attr]


def test_as_a_library_nobody_is_asked() -> None:
    program = "import ccmdoctor; from ccmdoctor.sources import address; raise SystemExit(address._ask is not None)"
    assert subprocess.run([sys.executable, "-c", program], env=os.environ | {"PYTHONPATH": str(SOURCE)}).returncode == 0


# --- a person at a terminal -----------------------------------------------------------------------------------------


class Terminal:
    """ccmdoctor on a pseudo terminal; its results go to a pipe."""

    def __init__(self, *arguments: str, **variables: str) -> None:
        import pty

        self._master, slave = pty.openpty()
        about = {name: value for name, value in os.environ.items() if not name.startswith(("CCMDOCTOR", "NTLM"))}
        about |= {"PYTHONPATH": str(SOURCE), "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"} | variables
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ccmdoctor", *arguments],
            stdin=slave, stdout=subprocess.PIPE, stderr=slave, env=about, start_new_session=True,
            preexec_fn=_own_terminal,
        )  # fmt: skip
        os.close(slave)
        self.shown = ""
        self.result = b""
        self._reader = threading.Thread(target=self._drain, daemon=True)
        self._reader.start()

    def _drain(self) -> None:
        assert self._process.stdout
        self.result = self._process.stdout.read()

    def _look(self) -> bool:
        ready, _, _ = select.select([self._master], [], [], 0.2)
        with contextlib.suppress(OSError):  # the other end was closed
            piece = os.read(self._master, 65536) if ready else b""
            self.shown += piece.decode("utf-8", "replace")
            return bool(piece)
        return False

    def wait_for(self, words: str) -> None:
        end = time.monotonic() + 60
        while words not in self.shown:
            self._look()
            assert time.monotonic() < end and (self._process.poll() is None or words in self.shown), self.shown

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def type_hidden(self, text: str) -> None:
        """Type once the echo is off: that comes just after the prompt, and drops what was typed before."""
        import termios

        end = time.monotonic() + 60
        while termios.tcgetattr(self._master)[3] & termios.ECHO:
            assert time.monotonic() < end, self.shown
            time.sleep(0.01)
        self.type(text)

    def end(self) -> tuple[int, str]:
        """The exit code and all that was shown or printed."""
        end = time.monotonic() + 60
        while self._look() or self._process.poll() is None:
            assert time.monotonic() < end, self.shown
        code = self._process.returncode
        self._reader.join(10)
        os.close(self._master)
        return code, self.shown + self.result.decode("utf-8", "replace")


def _own_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # a job in the background hands down that it is ignored


on_a_terminal = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo terminals in Python there")


@on_a_terminal
@pytest.mark.parametrize(
    ("language", "user", "password"), [("en", "User name for", "Password of"), ("ja", "ユーザー名", "パスワード")]
)
def test_what_is_missing_is_asked_for_in_the_language_of_the_user(
    named: Samba, language: str, user: str, password: str
) -> None:
    terminal = Terminal("diagnose", named.at("C$/Windows/CCM/Logs"), "--lang", language, "--format", "json")
    terminal.wait_for(user)
    terminal.type(f"{named.user}\n")
    terminal.wait_for(password)
    terminal.type_hidden(f"{PASSWORD}\n")
    code, said = terminal.end()
    assert code == 1 and '"WUAHandler.log"' in said
    assert PASSWORD not in said


@on_a_terminal
def test_who_waits_for_the_collector_is_told_why(port: int) -> None:
    """The password too is asked for, since nothing else gives one."""
    user = os.environ["CCMDOCTOR_USER"]
    terminal = Terminal("diagnose", f"winrm://127.0.0.1:{port}/collector", "--lang", "ja", CCMDOCTOR_USER=user)
    terminal.wait_for("パスワード")
    terminal.type_hidden(f"{PASSWORD}\n")
    code, said = terminal.end()
    assert said.count("収集スクリプトを実行しています") == 1
    assert code in (0, 1, 3) and PASSWORD not in said


@on_a_terminal
def test_a_name_that_is_known_is_not_asked_for(named: Samba) -> None:
    terminal = Terminal("diagnose", named.at("C$"), "--lang", "en", CCMDOCTOR_USER=named.user)
    terminal.wait_for(f"Password of {named.user} for 127.0.0.1")
    terminal.type_hidden(f"{WRONG}\n")
    code, said = terminal.end()
    assert code == 2 and "refuses the name or the password" in said
    assert WRONG not in said and "User name" not in said


@on_a_terminal
@pytest.mark.parametrize("key", ["\x03", "\x04"])
def test_who_does_not_want_to_answer_is_let_go(named: Samba, key: str) -> None:
    terminal = Terminal("diagnose", named.at("C$"), "--lang", "en", CCMDOCTOR_USER=named.user)
    terminal.wait_for("Password of")
    terminal.type_hidden(key)
    code, said = terminal.end()
    assert code == 130 and "Interrupted" in said and "Traceback" not in said and "Aborted" not in said


# --- no output holds a password ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("password", [PASSWORD, WRONG])
@pytest.mark.parametrize("medium", ["text", "json", "markdown", "html"])
def test_no_report_and_no_log_holds_the_password(
    named: Samba, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, medium: str, password: str
) -> None:
    monkeypatch.setenv("CCMDOCTOR_PASSWORD", password)
    caplog.set_level(logging.DEBUG)
    code, said = told(named.at("C$/Windows/CCM/Logs"), "--format", medium)
    assert code == (1 if password == PASSWORD else 2)
    assert password not in said and password not in caplog.text


def test_no_log_of_winrm_holds_the_password(
    port: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for password in (PASSWORD, WRONG):
        monkeypatch.setenv("CCMDOCTOR_PASSWORD", password)
        for path in ("", "/collector"):
            _, said = told(f"winrm://127.0.0.1:{port}{path}", "--format", "json")
            assert password not in said and password not in caplog.text


def test_a_traceback_does_not_show_the_password() -> None:
    shown = f"{Credentials('user', PASSWORD)!r} {Credentials('user', PASSWORD)} {[Credentials('user', PASSWORD)]}"
    assert PASSWORD not in shown and "user" in shown
