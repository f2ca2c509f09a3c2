"""The causal graph and the order in which causes are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from ccmdoctor.knowledge.tables import table
from ccmdoctor.model import Symptom
from ccmdoctor.reader import read
from ccmdoctor.reasoning.diagnosis import Conclusion, conclude
from ccmdoctor.reasoning.graph import follows_from, next_of, symptoms_of
from ccmdoctor.rules.catalogue import rule_by_id, rules
from ccmdoctor.sources import open_source

EFFECTS = table("effects")


def test_there_is_no_circle_and_no_loose_end() -> None:
    for node in [*EFFECTS, *(rule.id for rule in rules())]:
        reached = follows_from(node)
        assert node not in reached or node in EFFECTS.get(node, {}).get("looks_like", ()) or rule_by_id(node), node
        for one in (*next_of(node), *EFFECTS.get(node, {}).get("looks_like", ())):
            assert one in EFFECTS or rule_by_id(one), f"{node} leads to {one}, which does not exist"


def test_every_effect_is_explained_by_some_rule() -> None:
    explained = {effect for rule in rules() for effect in rule.facts.explains}
    reached = {one for effect in explained for one in follows_from(effect)} | explained
    symptoms = {name for name, entry in EFFECTS.items() if entry.get("symptom")}
    assert set(EFFECTS) - symptoms <= reached


def test_symptom_one_has_every_cause_of_its_article() -> None:
    assert {"sup-503-wsuspool", "mp-timeout", "sup-not-in-boundary-group", "update-installed-already"} <= {
        rule.id for rule in rules() if Symptom.NOT_SHOWN in symptoms_of(rule.id)
    }


def line(text: str, time: str) -> str:
    return f'<![LOG[{text}]LOG]!><time="{time}-540" date="03-25-2025" component="x" context="" type="1" thread="1" file="x.cpp:1">\r\n'


def _conclude(folder: Path, symptom: Symptom | None = None, **logs: list[tuple[str, str]]) -> Conclusion:
    for name, rows in logs.items():
        (folder / f"{name}.log").write_text("".join(line(*row) for row in rows), encoding="utf-8")
    return conclude(read(open_source([str(folder)])), symptom=symptom)


def test_the_first_broken_stage_comes_first(tmp_path: Path) -> None:
    found = _conclude(
        tmp_path,
        CcmMessaging=[
            (
                "[CCMHTTP] ERROR: URL=http://mp.contoso.com, Port=80, Options=1248, Code=12007, Text=ERROR_WINHTTP_NAME_NOT_RESOLVED",
                "09:00:00.000",
            )
        ],
        WUAHandler=[("Scan failed with error = 0x80244022.", "10:00:00.000")],
    )
    assert [one.rule.id for one in found.causes][:2] == ["mp-name-not-resolved", "sup-503-wsuspool"]


def test_a_consequence_is_folded_under_its_root(tmp_path: Path) -> None:
    reply = 'WSUSLocationReply : <WSUSLocationReply SchemaVersion="1.00"><Sites/></WSUSLocationReply>'
    found = _conclude(
        tmp_path,
        UpdatesDeployment=[("Software Updates feature is disabled", "09:00:00.000")],
        LocationServices=[(reply, "09:30:00.000")],
        WindowsUpdate=[("WSUS server: (null)", "09:40:00.000")],
    )
    assert found.causes[0].rule.id == "software-updates-disabled-client-setting"
    assert found.roots["wuserver-not-set"] == "software-updates-disabled-client-setting"


@pytest.mark.parametrize("symptom", list(Symptom))
def test_a_symptom_narrows_to_causes_that_lead_to_it(tmp_path: Path, symptom: Symptom) -> None:
    found = _conclude(tmp_path, symptom, WUAHandler=[("Scan failed with error = 0x80244022.", "10:00:00.000")])
    named = {one.rule.id for one in found.causes}
    assert ("sup-503-wsuspool" in named) == (symptom in (Symptom.NOT_SHOWN, Symptom.NOT_APPLIED))
