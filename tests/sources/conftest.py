"""What stands for a client on loopback: a real Samba for its shares, and a responder for its WinRM."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sources import samba as server
from sources.samba import PASSWORD, Samba

if TYPE_CHECKING:
    from sources import wsman


@pytest.fixture(scope="session")
def samba() -> Iterator[Samba]:
    with server.running() as found:
        yield found


@pytest.fixture
def logged_on(samba: Samba, monkeypatch: pytest.MonkeyPatch) -> Samba:
    """The server, with its user and password in the environment and an empty folder of logs."""
    monkeypatch.setenv("CCMDOCTOR_USER", samba.user)
    monkeypatch.setenv("CCMDOCTOR_PASSWORD", PASSWORD)
    for file in samba.logs.iterdir():
        file.unlink()
    return samba


@pytest.fixture
def wmi() -> wsman.Wmi:
    """What a client answers, with two classes in it."""
    for needed in ("pypsrp", "psrpcore"):
        pytest.importorskip(needed)
    from sources import wsman

    found = wsman.Wmi()
    found.classes["Win32_OperatingSystem"] = [
        "<c:BuildNumber>22631</c:BuildNumber><c:CountryCode>81</c:CountryCode><c:ProductType>1</c:ProductType>"
        "<c:LastBootUpTime><cim:Datetime>2025-03-24T08:00:00.5+09:00</cim:Datetime></c:LastBootUpTime>"
    ]
    found.classes["CCM_UpdateStatus"] = [
        f"<c:UniqueId>id-{number}</c:UniqueId><c:Title>2025-03 累積更新プログラム {number}</c:Title><c:Status>Missing</c:Status>"
        "<c:ExtendedStatus xsi:nil='true'/>"
        for number in range(5)
    ]
    return found


@pytest.fixture
def port(wmi: wsman.Wmi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The port at which it answers, with a name and password in the environment."""
    from sources import wsman

    if os.environ.get("CCMDOCTOR_WINE"):
        pytest.skip("the logon of Wine (SSPI) ends the process")
    users = tmp_path / "users"
    users.write_text(f"CONTOSO:labadmin:{PASSWORD}\n", encoding="utf-8")
    monkeypatch.setenv("NTLM_USER_FILE", str(users))
    monkeypatch.setenv("CCMDOCTOR_USER", "CONTOSO\\labadmin")
    monkeypatch.setenv("CCMDOCTOR_PASSWORD", PASSWORD)
    with wsman.running(wmi) as found:
        yield found
