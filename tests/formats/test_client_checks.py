"""Short checks of a client as people run and paste them."""

from __future__ import annotations

import pytest

from ccmdoctor.formats import client_checks

PROSE = """The vendor says: WMI repository is consistent is what you want to see, and CcmStore.sdf should be there.
sc query ccmexec works here. 10:00:00, +412.0713254s was measured last week.
"""


@pytest.mark.parametrize(
    ("line", "consistent"),
    [
        ("WMI repository is consistent", True),
        ("WMI repository is not consistent", False),
        ("WMI repository is inconsistent", False),
        ("WMI リポジトリは一貫しています", True),
        ("WMI リポジトリは一貫していません", False),
    ],
)
def test_the_repository(line: str, consistent: bool) -> None:
    (state,) = client_checks.read(f"C:\\>winmgmt /verifyrepository\r\n{line}\r\n", "w.txt")
    assert state.kind == "wmi-repository" and state.values["consistent"] is consistent and state.place.line == 2


@pytest.mark.parametrize(
    ("row", "seconds"),
    [
        ("10:00:00, +412.0713254s", 412.0713254),
        ("10:00:00, -00.0023456s", -0.0023456),
        ("10:00:00 d:+00.0156250s o:+03.5000000s  [   *   ]", 3.5),
        ("10:00:00, d:+00.0156250s o:+03.5000000s  [   *   ]", 3.5),
        ("10:00:00, error: 0x800705B4", None),
    ],
)
def test_the_clock(row: str, seconds: float | None) -> None:
    found = client_checks.read(f"C:\\>w32tm /stripchart /computer:dc01.contoso.com /samples:1\n{row}\n", "c.txt")
    assert [(one.name, one.values["seconds"]) for one in found] == (
        [] if seconds is None else [("dc01.contoso.com", seconds)]
    )


def test_the_widest_offset_counts() -> None:
    text = "w32tm /stripchart /computer:dc01 /samples:2\n10:00:00, +01.0000000s\n10:00:02, -09.0000000s\n"
    assert client_checks.read(text, "c.txt")[0].values["seconds"] == -9.0


@pytest.mark.parametrize(
    "text",
    [
        "C:\\>sc query ccmexec\n[SC] EnumQueryServicesStatus:OpenService FAILED 1060:\n",
        "sc.exe qc CcmExec\n[SC] OpenService FAILED 1060:\n",
        "    + CategoryInfo          : ObjectNotFound: (CcmExec:String) [Get-Service], ServiceCommandException\n",
    ],
)
def test_a_missing_service(text: str) -> None:
    assert [(one.kind, one.name) for one in client_checks.read(text, "s.txt")] == [("service-missing", "ccmexec")]


def test_a_missing_service_needs_its_name() -> None:
    assert client_checks.read("[SC] OpenService FAILED 1060:\n", "s.txt") == []


def test_the_databases() -> None:
    text = "2025/03/25  10:02        17,301,504 CcmStore.sdf\n2025/03/25  10:05            24,112 CcmSQLCE.log\n"
    (state,) = client_checks.read(text, "d.txt")
    assert state.values == {"names": ["ccmstore.sdf"], "count": 1, "log": True}


def test_the_identifier() -> None:
    (state,) = client_checks.read(
        "SMS Unique Identifier=GUID:11112222-bbbb-3333-cccc-4444dddd5555\n", "PC01/SMSCFG.INI"
    )
    assert state.values["clientid"] == "GUID:11112222-BBBB-3333-CCCC-4444DDDD5555"


def test_prose_is_no_answer() -> None:
    assert client_checks.read(PROSE, "mail.txt") == []


def test_a_missing_service_in_another_language() -> None:
    (state,) = client_checks.read(
        "C:\\>sc query ccmexec\n[SC] EnumQueryServicesStatus:OpenService FEHLER 1060:\n", "s.txt"
    )
    assert state.kind == "service-missing" and state.name == "ccmexec"


@pytest.mark.parametrize(
    "text",
    [
        "\nProvisioningMode\n----------------\ntrue\n",
        "\nProvisioningMode : true\n",
    ],
)
def test_provisioning_mode_as_a_selected_value(text: str) -> None:
    (state,) = client_checks.read(text, "p.txt")
    assert state.kind == "registry-value" and state.values["value"] == "true"
    assert state.name.endswith("\\CcmExec\\ProvisioningMode")
