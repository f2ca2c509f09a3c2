"""The message table: every entry is found by the automaton in its own sample, and says where it was seen."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ccmdoctor.knowledge.logs import by_component, by_file
from ccmdoctor.knowledge.messages import Message, expression, literals, messages
from ccmdoctor.knowledge.tables import table
from ccmdoctor.model import Stage
from ccmdoctor.reader import read
from ccmdoctor.sources import open_source

ALL = list(messages().values())


@pytest.fixture(params=ALL, ids=lambda message: message.id)
def message(request: pytest.FixtureRequest) -> Message:
    return request.param


def _framed(text: str, component: str) -> str:
    return f'<![LOG[{text}]LOG]!><time="10:02:03.412-540" date="03-25-2025" component="{component}" context="" type="1" thread="1" file="x.cpp:1">\r\n'


@pytest.mark.parametrize("framed", [True, False])
def test_the_sample_is_found(message: Message, framed: bool, tmp_path: Path) -> None:
    text = _framed(message.sample, message.logs[0]) if framed else message.sample + "\n"
    if "\n" in message.sample and not framed:
        pytest.skip("a message over several lines needs its frame")
    (tmp_path / f"{message.logs[0]}.log").write_text(text, encoding="utf-8")
    events = read(open_source([str(tmp_path)])).events
    assert message.id in events, sorted(events)
    assert all(value for value in events[message.id][0].fields.values())


def test_the_entry_is_complete(message: Message) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", message.id)
    assert message.stage in Stage and message.means in ("good", "bad", "info")
    assert message.source.startswith("https://")
    assert all(log in table("logs") for log in message.logs), message.logs
    assert message.texts
    assert "\n" not in "".join(message.texts)


@pytest.mark.parametrize(
    ("template", "text", "fields"),
    [
        ("Scan failed with error = {error:hr}", "Scan  failed\twith error = 80244022.", {"error": "80244022"}),
        (
            "id ({id:guid}), go",
            "ID ({A70BBF1F-4768-4A41-AB5B-9ADBBBE009D0}), go",
            {"id": "{A70BBF1F-4768-4A41-AB5B-9ADBBBE009D0}"},
        ),
        ("to {_} end {n:int}", "to x y z end -7", {"n": "-7"}),
    ],
)
def test_templates_take_their_fields(template: str, text: str, fields: dict[str, str]) -> None:
    found = re.search(expression(template), text, re.IGNORECASE | re.DOTALL)
    assert found and found.groupdict() == fields


def test_the_longest_fixed_piece_is_the_literal() -> None:
    assert literals("a {x} the longest piece {y} b") == (b"the longest piece",)
    assert literals("{x} 更新 {y}") == ("更新".encode(), "更新".encode("cp932"))


@pytest.mark.parametrize(
    ("path", "log", "older"),
    [
        ("CCM/Logs/WUAHandler.log", "WUAHandler", False),
        ("wuahandler-20250325-100203.log", "WUAHandler", True),
        ("x.zip!Logs/UpdatesDeployment.lo_", "UpdatesDeployment", True),
        ("C:\\Windows\\CCM\\Logs\\SCANAGENT.LOG", "ScanAgent", False),
        ("WUAHandler.log.1", "WUAHandler", True),
        ("WUAHandler (1).log", "WUAHandler", False),
        ("WindowsUpdate.log.txt", "WindowsUpdate", False),
        ("unheard-of.log", "unheard-of", False),
    ],
)
def test_a_log_is_known_by_its_file_name(path: str, log: str, older: bool) -> None:
    assert by_file(path) == (log, older)


def test_a_log_is_known_by_its_component() -> None:
    assert by_component("UpdatesDeploymentAgent") == "UpdatesDeployment"
    assert by_component("PolicyAgent_RequestAssignments") == "PolicyAgent"
    assert by_component("nobody") is None
