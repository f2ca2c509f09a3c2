"""Logs over SMB from a real Samba: what is locked, refused, missing or rolls over is named, and the rest is read."""

from __future__ import annotations

import gc
import os
import shutil
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ccmdoctor import cli
from ccmdoctor.model import InputError
from ccmdoctor.reader import Reading, read
from ccmdoctor.sources import open_source, remote
from ccmdoctor.sources.artifact import Artifact, RefusedError, Unread
from ccmdoctor.sources.smb import Pipelined, is_link
from sources.samba import PASSWORD, Samba

smbclient = pytest.importorskip("smbclient")
DEMO = Path(__file__).parent.parent.parent / "src/ccmdoctor/demo"


def line(text: str, minute: int = 0) -> str:
    when = f'time="10:{minute:02}:03.101-540" date="03-25-2025"'
    return f'<![LOG[{text}]LOG]!><{when} component="WUAHandler" context="" type="1" thread="9596" file="x.cpp:1">\n'


def notes(reading: Reading) -> dict[str, str | None]:
    return {item.artifact: item.note for item in reading.coverage}


def told(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(cli.main, [*arguments, "--lang", "en"])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout + done.stderr


def as_agent(samba: Samba) -> dict[str, Any]:
    """Options for the writer of the logs: a connection of its own."""
    return {"username": samba.user, "password": PASSWORD, "port": samba.port, "connection_cache": {}}


def demo_logs(samba: Samba) -> None:
    shutil.copytree(DEMO / "Logs", samba.logs, dirs_exist_ok=True)


def test_a_folder_gives_what_the_same_folder_on_disk_gives(logged_on: Samba) -> None:
    demo_logs(logged_on)
    remote = read(open_source([logged_on.at("C$/Windows/CCM/Logs")]))
    local = read(open_source([str(logged_on.logs)]))
    assert remote.coverage == local.coverage and len(remote.coverage) > 3
    assert {key: [event.record for event in kept] for key, kept in remote.events.items()} == {
        key: [event.record for event in kept] for key, kept in local.events.items()
    }


@pytest.mark.skipif(sys.platform == "win32", reason="Windows opens UNC paths itself, at port 445")
def test_an_unc_path_is_a_share() -> None:
    source = open_source(["\\\\pc0123.contoso.com\\C$\\Windows\\CCM\\Logs"])[0]
    assert source.address == "smb://pc0123.contoso.com/C$/Windows/CCM/Logs"


@pytest.mark.parametrize(
    ("attributes", "tag", "link"),
    [
        (0x400, 0xA000000C, True),  # a symbolic link
        (0x410, 0xA0000003, True),  # a junction
        (0x620, 0x80000013, False),  # deduplicated, as on file servers
        (0x420, 0x80000017, False),  # compressed by Windows itself
        (0x20, 0xA000000C, False),  # no reparse point: the size of extended attributes
    ],
)
def test_what_stands_for_another_file_is_a_link_and_a_deduplicated_file_is_none(
    attributes: int, tag: int, link: bool
) -> None:
    now = datetime.now(UTC)
    listed = smbclient._os.SMBDirEntryInformation(now, now, now, now, 1, 1, attributes, tag, 7, "WUAHandler.log")
    assert is_link(listed) is link


def test_a_host_alone_gives_the_logs_and_the_files_that_the_collector_takes(logged_on: Samba) -> None:
    demo_logs(logged_on)
    windows = logged_on.folder / "drive/Windows"
    policy = windows / "System32/GroupPolicy/Machine"
    policy.mkdir(parents=True, exist_ok=True)
    (policy / "Registry.pol").write_bytes(b"PReg\x01\x00\x00\x00")
    (windows / "SoftwareDistribution").mkdir(exist_ok=True)
    (windows / "SoftwareDistribution/ReportingEvents.log").write_text("x", encoding="utf-8")
    (windows / "SoftwareDistribution/DataStore.edb").write_bytes(b"x")
    found = [one.name for one in open_source([f"smb://127.0.0.1:{logged_on.port}"])[0].artifacts()]
    assert "CCM/Logs/WUAHandler.log" in found
    assert found[-2:] == ["Logs/ReportingEvents.log", "policy/Machine/Registry.pol"]
    assert not any("edb" in name for name in found)


def test_a_single_file_is_read(logged_on: Samba) -> None:
    demo_logs(logged_on)
    source = open_source([logged_on.at("ADMIN$/CCM/Logs/WUAHandler.log")])[0]
    assert [one.name for one in source.artifacts()] == ["WUAHandler.log"]


def test_a_locked_file_is_named_and_the_others_are_read(logged_on: Samba) -> None:
    demo_logs(logged_on)
    path = r"\\127.0.0.1\Agent$\Windows\CCM\Logs\ScanAgent.log"
    with smbclient.open_file(path, mode="ab", **as_agent(logged_on)):  # shared with nobody
        reading = read(open_source([logged_on.at("C$/Windows/CCM/Logs")]))
    assert notes(reading).pop("ScanAgent.log") == "remote-locked"
    assert "scan-completed" in reading.events or "scan-failed" in reading.events


def test_a_file_without_permission_is_named(logged_on: Samba) -> None:
    demo_logs(logged_on)
    (logged_on.logs / "WUAHandler.log").chmod(0o600)
    reading = read(open_source([logged_on.at("C$/Windows/CCM/Logs")]))
    assert notes(reading)["WUAHandler.log"] == "remote-access-denied"


def test_a_log_that_rolls_while_others_are_read_is_read_whole(logged_on: Samba) -> None:
    log, old = logged_on.logs / "WUAHandler.log", logged_on.logs / "WUAHandler.lo_"
    old.write_text(line("Scan failed with error = 0x80072ee2.", 1), encoding="utf-8")
    log.write_text(line("Scan failed with error = 0x80244022.", 2), encoding="utf-8")
    texts = []
    for one in open_source([logged_on.at("C$/Windows/CCM/Logs")])[0].artifacts():
        assert isinstance(one, Artifact)
        with one.open() as data:
            texts.append((one.name, one.note, bytes(data).decode()))
        if len(texts) == 1:
            assert one.name == "WUAHandler.lo_"
            log.replace(old)
            log.write_text(line("Successfully completed scan.", 3), encoding="utf-8")
    assert [(name, note) for name, note, _ in texts] == [
        ("WUAHandler.lo_", None),
        ("WUAHandler.log", None),
        ("rolled-over/WUAHandler.lo_", "rolled-over"),
        ("rolled-over/WUAHandler.log", "rolled-over"),
    ]
    everything = "".join(text for *_, text in texts)
    assert all(word in everything for word in ("0x80072ee2", "0x80244022", "Successfully"))


def test_what_rolls_is_read_again_also_where_a_folder_is_closed(logged_on: Samba) -> None:
    log = logged_on.logs / "WUAHandler.log"
    log.write_text(line("Scan failed with error = 0x80244022.", 2), encoding="utf-8")
    closed = logged_on.logs / "closed"
    closed.mkdir(mode=0o700)
    try:
        found: list[Artifact | Unread] = []
        for one in open_source([logged_on.at("C$/Windows/CCM/Logs")])[0].artifacts():
            if not found:
                log.replace(logged_on.logs / "WUAHandler.lo_")
            found.append(one)
    finally:
        closed.rmdir()
    assert [one for one in found if isinstance(one, Unread)] == [Unread("closed", "remote-access-denied")]
    assert [one.name for one in found if isinstance(one, Artifact)] == ["WUAHandler.log", "rolled-over/WUAHandler.lo_"]


def test_a_log_that_grew_since_it_was_listed_is_read_whole(logged_on: Samba, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccmdoctor.sources.remote.SMALL", 1 << 20)
    for name in ("A.log", "B.log"):
        (logged_on.logs / name).write_bytes(b"x" * 1000)
    found = list(open_source([logged_on.at("C$/Windows/CCM/Logs")])[0].artifacts())
    (logged_on.logs / "B.log").write_bytes(b"y" * (5 << 20))
    sizes = []
    for one in found:
        with one.open() as data:  # type: ignore[union-attr]
            sizes.append(len(data))
    assert sizes == [1000, 5 << 20]


def test_what_is_too_large_is_named(logged_on: Samba, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccmdoctor.sources.remote.LARGEST", 9 << 20)
    (logged_on.logs / "Large.log").write_bytes(b"x" * (10 << 20))
    (logged_on.logs / "WUAHandler.log").write_text(line("Scan failed with error = 0x80244022."), encoding="utf-8")
    found = notes(read(open_source([logged_on.at("C$/Windows/CCM/Logs")])))
    assert found == {"Large.log": "file-too-large", "WUAHandler.log": None}


def test_a_whole_client_is_read_over_few_connections(logged_on: Samba) -> None:
    demo_logs(logged_on)
    source = open_source([f"smb://127.0.0.1:{logged_on.port}"])[0]
    assert len(read([source]).coverage) > 5
    assert len(source._open) <= 1 + remote.WORKERS  # type: ignore[attr-defined]


def test_the_agent_can_roll_its_log_while_we_read(logged_on: Samba) -> None:
    body = line("x" * 200) * 30_000  # 9 MB: many requests
    (logged_on.logs / "CAS.log").write_text(body, encoding="utf-8")
    agent, options = r"\\127.0.0.1\Agent$\Windows\CCM\Logs", as_agent(logged_on)
    done = threading.Event()
    rolled: list[str] = []

    def roll() -> None:
        names = ["CAS.log", "CAS.lo_"]
        while not done.is_set():
            smbclient.rename(rf"{agent}\{names[0]}", rf"{agent}\{names[1]}", **options)
            names.reverse()
            rolled.append(names[0])

    with ThreadPoolExecutor(1) as pool:
        rolling = pool.submit(roll)
        reasons = set()
        while len(rolled) < 20 and not rolling.done():
            for one in open_source([logged_on.at("C$/Windows/CCM/Logs")])[0].artifacts():
                try:
                    with one.open() as data:  # type: ignore[union-attr]
                        assert bytes(data) == body.encode()
                except RefusedError as refusal:
                    reasons.add(refusal.why)
        done.set()
        rolling.result()  # raises when we kept the agent from renaming
    assert reasons <= {"remote-not-found"}  # renamed between the listing and the opening; seen again under its new name


def test_a_log_that_is_cut_while_it_is_read_ends_there(logged_on: Samba) -> None:
    log = logged_on.logs / "CAS.log"
    log.write_bytes(b"x" * (16 << 20))
    options = as_agent(logged_on)
    path = r"\\127.0.0.1\Agent$\Windows\CCM\Logs\CAS.log"
    with smbclient.open_file(path, mode="rb", buffering=0, share_access="rwd", **options) as file:
        reader = Pipelined(file.fd)
        pieces = [reader.read(1)]
        os.truncate(log, 7_000_000)
        pieces += iter(lambda: reader.read(1), b"")
    assert 7_000_000 <= sum(map(len, pieces)) < 16 << 20


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("D$/Windows", "no share of this name"),
        ("C$/Windows/CCM/Nothing", "it is not there"),
        ("Closed$", "access is denied"),
    ],
)
def test_what_cannot_be_had_at_all_ends_with_the_reason(logged_on: Samba, path: str, why: str) -> None:
    code, said = told("diagnose", logged_on.at(path))
    assert code == 2 and why in said and logged_on.at(path) in said
    assert PASSWORD not in said


def test_another_source_is_still_read(logged_on: Samba) -> None:
    code, said = told("diagnose", logged_on.at("D$"), str(DEMO), "--format", "json")
    assert code == 1 and "remote-no-share" in said


def test_a_wrong_password_ends_with_the_way_out(samba: Samba, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CCMDOCTOR_USER", samba.user)
    monkeypatch.setenv("CCMDOCTOR_PASSWORD", "not-this-one")
    code, said = told("diagnose", samba.at("C$"))
    assert code == 2 and "refuses the name or the password" in said and "CCMDOCTOR_PASSWORD" in said
    assert "not-this-one" not in said


def test_no_password_ends_with_the_way_out(samba: Samba, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CCMDOCTOR_USER", raising=False)
    monkeypatch.delenv("CCMDOCTOR_PASSWORD", raising=False)
    code, said = told("diagnose", samba.at("C$"))
    assert code == 2 and "CCMDOCTOR_USER" in said


def test_a_closed_port_ends_with_the_way_out(logged_on: Samba) -> None:
    code, said = told("diagnose", "smb://127.0.0.1:1/C$")
    assert code == 2 and "does not answer" in said


def test_a_host_that_takes_the_call_and_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ccmdoctor.sources.smb.SECONDS", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        code, said = told("diagnose", f"smb://pc0123@127.0.0.1:{silent.getsockname()[1]}/C$")
    assert code == 2 and "connection broke" in said


def test_a_connection_that_breaks_costs_only_what_was_not_read(logged_on: Samba) -> None:
    for number in range(12):
        (logged_on.logs / f"Log{number:02}.log").write_text(line("x") * 200_000, encoding="utf-8")
    source = open_source([logged_on.at("C$/Windows/CCM/Logs")])[0]
    found = source.artifacts()
    first = next(found)
    assert isinstance(first, Artifact)
    with first.open() as data:
        assert len(data) > 8 << 20
    source._local.options["connection_cache"].popitem()[1].transport.close()  # type: ignore[attr-defined]
    rest = list(found)
    assert len(rest) >= 11 and all(isinstance(one, Artifact | Unread) for one in rest)


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    for address in ("smb://user:s3cret@pc0123/C$", "smb://user:s3/cret@pc0123/C$", "smb://CONTOSO;user:s3cret@pc0123"):
        code, said = told("diagnose", address)
        assert code == 2 and "CCMDOCTOR_PASSWORD" in said
        assert "s3" not in said and "cret" not in said


@pytest.mark.parametrize("address", ["smb://", "smb://pc0123/../x", "\\\\", "smb://pc0123:99999/C$"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(InputError):
        open_source([address])


def test_connections_end_with_their_source(logged_on: Samba) -> None:
    demo_logs(logged_on)
    source = open_source([logged_on.at("C$/Windows/CCM/Logs")])[0]
    assert read([source]).coverage
    connections = list(source._open)  # type: ignore[attr-defined]
    assert connections and all(one.transport.connected for one in connections)
    del source
    gc.collect()
    assert not any(one.transport.connected for one in connections)
