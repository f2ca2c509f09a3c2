"""Installations and servicing: the newest outcome of each update decides, and a session cancels only its own package."""

from __future__ import annotations

from pathlib import Path

from ccmdoctor.evidence.base import Bundle, Target
from ccmdoctor.evidence.install import InstallHistory
from ccmdoctor.evidence.servicing import Servicing
from ccmdoctor.reader import read
from ccmdoctor.sources import open_source

ONE, TWO = "3cbcf577-5139-49b8-afe8-620af5c52f95", "ada7cf51-66b0-4a00-b37b-68d569d6ff8b"
ROLLUP = "Package_for_RollupFix~31bf3856ad364e35~amd64~~20348.3081.1.1"


def bundle(folder: Path, update: str | None = None, **logs: str) -> Bundle:
    for name, text in logs.items():
        (folder / f"{name}.log").write_text(text, encoding="utf-8")
    return Bundle(read(open_source([str(folder)])), Target(update), None)


def installs(folder: Path, update: str | None = None, **logs: str) -> InstallHistory:
    found = InstallHistory.read(bundle(folder, update, **logs))
    assert found is not None
    return found


def servicing(folder: Path, text: str) -> Servicing:
    found = Servicing.read(bundle(folder, CBS=text))
    assert found is not None
    return found


def finished(update: str, code: str) -> str:
    return f"Update 1 ({update}) finished installing ({code}), Reboot Required? No\n"


def test_success_of_another_update_cancels_nothing(tmp_path: Path) -> None:
    history = installs(tmp_path, WUAHandler=finished(ONE, "0x80070643") + finished(TWO, "0x00000000"))
    assert [one.subject for one in history.failures] == [ONE]


def test_the_code_of_an_update_beats_the_code_of_the_job(tmp_path: Path) -> None:
    job = "Installation job encountered some failures. Job Result = 0x80240022.\n"
    history = installs(tmp_path, WUAHandler=finished(ONE, "0x80070643") + job)
    assert [str(one.error) for one in history.failures] == ["0x80070643"]


def test_only_the_update_that_was_asked_for(tmp_path: Path) -> None:
    history = installs(tmp_path, TWO, WUAHandler=finished(TWO, "0x80070005") + finished(ONE, "0x80070643"))
    assert [one.subject for one in history.failures] == [TWO]


def test_the_title_of_the_update_names_it(tmp_path: Path) -> None:
    status = f"Queried Update ({ONE}): Status=Missing, Title=2025-03 Cumulative Update (KB5053598)\n"
    history = installs(tmp_path, WUAHandler=finished(ONE, "0x80070005"), UpdatesStore=status)
    assert history.latest and history.latest.name == "2025-03 Cumulative Update (KB5053598)"


def test_a_session_cancels_the_faults_of_its_own_package_only(tmp_path: Path) -> None:
    fault = "Failed installing driver updates [HRESULT = 0x80070003 - ERROR_PATH_NOT_FOUND]\n"
    report = f"WER: Generating failure report for package: {ROLLUP}, status: 0x80070003, failure source: DOQ, start\n"
    good = "Exec: Processing complete.  Session: 1_2, Package: {} [HRESULT = 0x00000000 - S_OK]\n"
    other = good.format("Package_for_KB5012170~31bf3856ad364e35~amd64~~20348.1.1.1")
    assert servicing(tmp_path, fault + report + other).fault("driver")
    assert servicing(tmp_path, fault + report + good.format(ROLLUP)).fault("driver") is None


def test_a_feature_that_fails_is_no_update(tmp_path: Path) -> None:
    text = (
        "Failed to execute execution chain. [HRESULT = 0x800f081f - CBS_E_SOURCE_MISSING]\n"
        "WER: Generating failure report for package: Microsoft-Windows-NetFx3-OnDemand-Package~31bf3856ad364e35~amd64~~"
        "10.0.1, status: 0x800f081f, failure source: Resolve, start state: Staged, target state: Installed\n"
    )
    assert Servicing.read(bundle(tmp_path, CBS=text)) is None
