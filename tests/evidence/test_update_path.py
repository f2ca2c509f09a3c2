"""The way of one update: each step is told by a line of that update, and by no other's."""

from __future__ import annotations

from pathlib import Path

import pytest

import ccmdoctor
from ccmdoctor.evidence.base import Bundle, Target
from ccmdoctor.evidence.update_path import UpdatePath
from ccmdoctor.reader import read
from ccmdoctor.sources import open_source

ID, OTHER = "22223333-cccc-4444-dddd-5555eeee6666", "99998888-cccc-4444-dddd-5555eeee6666"
TITLE = "2025-03 Cumulative Update for Windows 11 (KB5053598)"
SITE = "Site_11112222-BBBB-3333-CCCC-4444DDDD5555/SUM_"
DEPLOYMENT = "{09985588-0EFF-47E1-9F9D-3846EFCE8C2B}"
MISSING = f"Queried Update ({ID}): Status=Missing, Title={TITLE}\n"
TARGETED = (
    f"Update ({SITE}{ID.upper()}) Name ({TITLE}) ArticleID (5053598) added to the targeted list of deployment"
    f" ({DEPLOYMENT})\n"
)


def way(folder: Path, update: str = "KB5053598", **logs: str) -> dict[str, str]:
    for name, text in logs.items():
        (folder / f"{name}.log").write_text(text, encoding="utf-8")
    found = UpdatePath.read(Bundle(read(open_source([str(folder)])), Target(update), None))
    assert found is not None
    return {str(one.step): str(one.state) for one in found.steps}


def progress(state: str, update: str = ID) -> str:
    return f"Update ({SITE}{update.upper()}) Progress: Status = {state}, PercentComplete = 0, Result = 0x0\n"


def test_nobody_asked(tmp_path: Path) -> None:
    (tmp_path / "UpdatesStore.log").write_text(MISSING)
    assert UpdatePath.read(Bundle(read(open_source([str(tmp_path)])), Target(), None)) is None


def test_the_whole_way_to_the_restart(tmp_path: Path) -> None:
    raised = f"Successfully raised state message for update ({ID}) with state (Missing).\n"
    found = way(
        tmp_path,
        UpdatesStore=MISSING + raised,
        UpdatesDeployment=TARGETED + progress("ciStatePendingSoftReboot"),
        UpdatesHandler=f"Contents downloaded successfully for update ({ID}).\n",
        WUAHandler=f"Update 1 ({ID}) finished installing (0x00000000), Reboot Required? Yes\n",
    )
    assert list(found) == ["offered", "missing", "targeted", "downloaded", "window", "installed", "restart", "reported"]
    assert {step for step, state in found.items() if state != "done"} == {"restart"}
    assert found["restart"] == "waiting"


@pytest.mark.parametrize("asked", ["KB5053598", "5053598", ID, "cumulative update for windows 11"])
def test_by_number_title_or_id(tmp_path: Path, asked: str) -> None:
    found = way(tmp_path, asked, UpdatesStore=MISSING, UpdatesDeployment=TARGETED)
    assert (found["offered"], found["targeted"]) == ("done", "done")


def test_lines_of_another_update_tell_nothing(tmp_path: Path) -> None:
    found = way(
        tmp_path,
        UpdatesStore=f"Queried Update ({OTHER}): Status=Installed, Title=2025-02 Other update (KB5051987)\n",
        UpdatesDeployment=progress("ciStatePendingSoftReboot", OTHER),
        UpdatesHandler=f"Contents downloaded successfully for update ({OTHER}).\n",
        WUAHandler=f"Update 1 ({OTHER}) finished installing (0x80070643), Reboot Required? No\n",
    )
    assert set(found.values()) == {"unknown"}


def test_installed_already(tmp_path: Path) -> None:
    found = way(tmp_path, UpdatesStore=MISSING.replace("Missing", "Installed"))
    assert (found["missing"], found["installed"]) == ("no", "done")


def test_the_newest_install_decides(tmp_path: Path) -> None:
    bad = f"Update 1 ({ID}) finished installing (0x80070643), Reboot Required? No\n"
    good = f"Update 1 ({ID}) finished installing (0x00000000), Reboot Required? No\n"
    assert way(tmp_path, UpdatesStore=MISSING, WUAHandler=good + bad)["installed"] == "failed"
    assert way(tmp_path, UpdatesStore=MISSING, WUAHandler=bad + good)["installed"] == "done"


def test_the_newest_download_decides(tmp_path: Path) -> None:
    bad = f"CDeploymentJob -- Failed to download update ({ID}). Error = 0x87d00669\n"
    good = f"Contents downloaded successfully for update ({ID}).\n"
    assert way(tmp_path, UpdatesStore=MISSING, UpdatesHandler=good + bad)["downloaded"] == "failed"
    assert way(tmp_path, UpdatesStore=MISSING, UpdatesHandler=bad + good)["downloaded"] == "done"


def test_waits_for_a_window(tmp_path: Path) -> None:
    found = way(tmp_path, UpdatesStore=MISSING, UpdatesDeployment=TARGETED + progress("ciStateWaitServiceWindow"))
    assert (found["window"], found["installed"], found["restart"]) == ("waiting", "unknown", "unknown")


def test_not_offered_needs_a_whole_list(tmp_path: Path) -> None:
    rows = f"Article  : 5051987\nStatus   : Installed\nTitle    : Other (KB5051987)\nUniqueId : {OTHER}\n"
    header = (
        "PS C:\\> Get-CimInstance -Namespace root\\ccm\\SoftwareUpdates\\UpdatesStore -ClassName CCM_UpdateStatus\n\n"
    )
    (tmp_path / "updates.txt").write_text(header + rows, encoding="utf-8")
    assert way(tmp_path)["offered"] == "no"


@pytest.mark.parametrize("medium", ["text", "markdown", "html"])
@pytest.mark.parametrize(
    ("language", "words"), [("en", "installed, and waits for a restart"), ("ja", "再起動を待っています")]
)
def test_told_in_every_medium(tmp_path: Path, medium: str, language: str, words: str) -> None:
    (tmp_path / "UpdatesDeployment.log").write_text(TARGETED + progress("ciStatePendingSoftReboot"))
    diagnosis = ccmdoctor.diagnose(ccmdoctor.open_source([str(tmp_path)]), update="KB5053598", language=language)
    assert words in ccmdoctor.render(diagnosis, medium).replace("\n", "")
