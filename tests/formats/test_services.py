"""Services as sc and PowerShell print them."""

from __future__ import annotations

import pytest

from ccmdoctor.formats import services

SC = """SERVICE_NAME: MpsSvc
        TYPE               : 20  WIN32_SHARE_PROCESS
        STATE              : 1  STOPPED
        WIN32_EXIT_CODE    : 1077  (0x435)

[SC] QueryServiceConfig SUCCESS

SERVICE_NAME: MpsSvc
        START_TYPE         : 4   DISABLED
"""
TABLE = """Status   Name               DisplayName
------   ----               -----------
Running  BITS               Background Intelligent Transfer Ser...
Stopped  MpsSvc             Windows Defender Firewall
"""
LIST = """Name      : MpsSvc
Status    : Stopped
StartType : Disabled

Name      : BITS
Status    : Running
StartType : Manual
"""
WMI = """Name   State   StartMode
----   -----   ---------
MpsSvc Stopped Disabled
"""


@pytest.mark.parametrize("text", [SC, TABLE, LIST, WMI])
def test_a_stopped_service_is_seen(text: str) -> None:
    found = [one for one in services.read(text, "s.txt") if one.name == "mpssvc"]
    assert found and any(one.values.get("state") == "stopped" for one in found)


@pytest.mark.parametrize("text", [SC, LIST, WMI])
def test_a_disabled_service_is_seen(text: str) -> None:
    assert any(one.values.get("start") == "disabled" for one in services.read(text, "s.txt") if one.name == "mpssvc")


def test_other_tables_are_no_services() -> None:
    assert services.read("Name    Value\n----    -----\nStopped 1\n", "x.txt") == []


def test_a_list_quotes_the_line_of_the_state() -> None:
    text = "Name        : ccmexec\nDisplayName : SMS Agent Host\nStatus      : Stopped\nStartType   : Automatic\n"
    found = {key: state for state in services.read(text, "s.txt") for key in state.values}
    assert found["state"].text == "ccmexec: Status      : Stopped" and found["state"].place.line == 3
    assert found["start"].text == "ccmexec: StartType   : Automatic" and found["start"].place.line == 4
