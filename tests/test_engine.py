"""The engine fails forward: a crash is a trouble, never a finding, and stops nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from ccmdoctor.evidence.base import Bundle, Target
from ccmdoctor.evidence.scan import ScanHistory
from ccmdoctor.model import Outcome, Verdict
from ccmdoctor.reader import read
from ccmdoctor.reasoning import engine
from ccmdoctor.reasoning.diagnosis import conclude
from ccmdoctor.rules.catalogue import rule_by_id
from ccmdoctor.sources import open_source

FAILED = '<![LOG[Scan failed with error = 0x80244022.]LOG]!><time="10:02:03.412-540" date="03-25-2025" component="WUAHandler" context="" type="3" thread="1" file="x.cpp:1">\r\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "WUAHandler.log").write_text(FAILED, encoding="utf-8")
    return tmp_path


def test_a_rule_that_crashes_is_a_trouble(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("on purpose")

    rule = rule_by_id("sup-timeout")
    assert rule is not None
    broken.rule = rule.facts  # type: ignore[attr-defined]
    _ = rule.inputs
    monkeypatch.setitem(rule.__dict__, "judge", broken)
    found = conclude(read(open_source([str(folder)])))
    assert [(trouble.where, trouble.what) for trouble in found.troubles] == [
        ("rule sup-timeout", "ZeroDivisionError: on purpose")
    ]
    assert found.causes[0].rule.id == "sup-503-wsuspool"
    assert "sup-timeout" not in {one.rule.id for one in found.causes + found.excluded}


def test_evidence_that_crashes_is_a_trouble_and_makes_its_rules_unknown(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: Bundle) -> ScanHistory:
        raise ValueError("on purpose")

    monkeypatch.setattr(ScanHistory, "read", broken)
    found = engine.judge(Bundle(read(open_source([str(folder)])), Target(), None))
    assert any("ScanHistory" in trouble.where for trouble in found.troubles)
    verdicts = {result.rule.id: result.finding.verdict for result in found.results}
    assert verdicts["wsus-scan-generic-error"] is Verdict.UNKNOWN


def test_a_rule_is_no_surer_than_its_proof_allows(folder: Path) -> None:
    found = engine.judge(Bundle(read(open_source([str(folder)])), Target(), None))
    assert (
        next(one.finding.verdict for one in found.results if one.rule.id == "wsus-not-maintained") is Verdict.POSSIBLE
    )


def test_only_possible_causes_are_not_enough(tmp_path: Path) -> None:
    (tmp_path / "WindowsUpdatePolicy.reg").write_bytes(
        'Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft\\Windows\\WindowsUpdate]\r\n"DeferQualityUpdatesPeriodInDays"=dword:00000007\r\n"WUServer"="http://sup.contoso.com:8530"\r\n'.encode(
            "utf-16"
        )
    )
    found = conclude(read(open_source([str(tmp_path)])))
    assert found.outcome is Outcome.INSUFFICIENT
    assert {one.finding.verdict for one in found.causes} == {Verdict.POSSIBLE}
    assert found.questions


def test_what_makes_a_cause_certain_is_asked_first(folder: Path) -> None:
    found = conclude(read(open_source([str(folder)])))
    assert found.questions[0] == ("client-asmx", ("sup-503-wsuspool",))
