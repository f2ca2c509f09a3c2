"""Collected equals readable, tested both ways: every entry is read by the evidence it names, every evidence is collectable."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import ccmdoctor.evidence
from ccmdoctor.collect import manifest
from ccmdoctor.evidence.base import Bundle, Evidence, Target
from ccmdoctor.knowledge.logs import by_file
from ccmdoctor.knowledge.tables import table
from ccmdoctor.model import Event, State
from ccmdoctor.reader import Reading, judged_at, read
from ccmdoctor.sources import open_source
from collect import paper

QUESTIONS = table("questions")
ELSEWHERE = {"DomainPolicies"}  # evidence that asks the client, and is read from another machine as well: SYSVOL
OF_OTHERS = 3  # the effort of a question that only somebody else's machine answers


@cache
def evidence() -> dict[str, type[Evidence]]:
    """Every class of evidence by its name."""
    modules = (
        importlib.import_module(f"ccmdoctor.evidence.{one.name}")
        for one in pkgutil.iter_modules(ccmdoctor.evidence.__path__)
    )
    return {
        name: found
        for module in modules
        for name, found in inspect.getmembers(module, inspect.isclass)
        if issubclass(found, Evidence) and found.__module__ == module.__name__ and found.asks
    }


class Watched(Bundle):
    """A bundle that remembers what it gave out, and what was asked for."""

    def __init__(self, reading: Reading) -> None:
        super().__init__(reading, Target("KB5053602"), judged_at(reading, None))
        self.given: set[str] = set()  # the files of what was given out
        self.asked: set[tuple[str, str]] = set()

    def states(self, kind: str, *names: str) -> list[State]:
        found = super().states(kind, *names)
        self.given |= {state.place.file for state in found}
        self.asked |= {(kind, name.lower()) for name in names} or {(kind, "")}
        return found

    def events(self, *ids: str) -> list[Event]:
        found = super().events(*ids)
        self.given |= {event.record.place.file for event in found}
        return found

    def registry(self, key: str, name: str) -> State | None:
        self.asked.add(("registry-value", f"hklm\\{key}\\{name}".lower()))
        found = super().registry(key, name)
        self.given |= {found.place.file} if found else set()
        return found

    def has_registry_key(self, *keys: str) -> bool:
        self.asked |= {("registry", f"hklm\\{key}".lower()) for key in keys}
        return super().has_registry_key(*keys)


def lay(files: paper.Files, folder: Path) -> Path:
    for name, raw in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(raw)
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Reading:
    """The reading of everything the collector brings."""
    return read(open_source([str(lay(paper.bundle(), tmp_path_factory.mktemp("whole")))]))


@pytest.mark.parametrize("id", paper.ENTRIES)
def test_an_entry_is_read_by_the_evidence_that_it_names(id: str, tmp_path: Path) -> None:
    entry = paper.ENTRIES[id]
    own = paper.files_of(id)
    files = {name: raw for one in entry.get("with", []) for name, raw in paper.files_of(one).items()} | own
    reading = read(open_source([str(lay(files, tmp_path))]))
    assert reading.troubles == []
    for name in entry["read_by"]:
        bundle = Watched(reading)
        assert evidence()[name].read(bundle) is not None, name
        assert bundle.given & set(own), f"{name} takes nothing of it"
    assert [one.artifact for one in reading.coverage if one.state not in ("read", "partly")] == []


@pytest.mark.parametrize("id", [id for id, entry in paper.ENTRIES.items() if entry["kind"] == "logs"])
def test_every_log_of_an_entry_has_lines_that_are_known(id: str, tmp_path: Path) -> None:
    entry = paper.ENTRIES[id]
    reading = read(open_source([str(lay(paper.files_of(id), tmp_path))]))
    for name in entry["names"]:
        file = f"{entry['to']}/{'MSI1a2b' if name == 'MSI' else name}.log"
        here = [event.id for events in reading.events.values() for event in events if event.record.place.file == file]
        assert here, name


def test_every_known_log_of_a_client_is_collected() -> None:
    collected = {
        by_file(f"{name}.log").log
        for entry in paper.ENTRIES.values()
        for name in entry.get("names", [])
        if entry["kind"] == "logs"
    }
    others = {by_file(Path(entry["to"]).name).log for entry in paper.ENTRIES.values()}
    stages = table("logs")
    known = {log for log in _logs_of_messages() if stages.get(log, {}).get("stage") not in ("server", None)}
    assert known - collected - others == set()


def _logs_of_messages() -> Iterator[str]:
    from ccmdoctor.knowledge.messages import messages

    for message in messages().values():
        yield from message.logs


def test_every_question_about_the_client_is_answered_or_left_out_for_a_reason() -> None:
    answered = {question for entry in paper.ENTRIES.values() for question in entry["answers"]}
    left = manifest()["not_collected"]
    asked = {id for id, question in QUESTIONS.items() if question["effort"] < OF_OTHERS}
    assert answered <= set(QUESTIONS) and set(left) <= set(QUESTIONS)
    assert not answered & set(left)
    assert asked - answered - set(left) == set()
    assert all(reason.endswith(".") for reason in left.values())


def test_every_evidence_of_the_client_is_collectable(whole: Reading) -> None:
    bundle = Watched(whole)
    missing = {name for name, kind in evidence().items() if kind.read(bundle) is None} - ELSEWHERE
    assert {
        evidence()[name].asks for name in missing if QUESTIONS[evidence()[name].asks]["effort"] < OF_OTHERS
    } == set()


def test_every_state_that_evidence_asks_for_is_collected(whole: Reading) -> None:
    """Classes, keys and values that evidence of the client asks for by name stand in the manifest."""
    bundle = Watched(whole)
    for kind in evidence().values():
        if QUESTIONS[kind.asks]["effort"] < OF_OTHERS:
            kind.read(bundle)
    classes = {
        entry.get("class", "Microsoft.Update.ServiceManager").lower()
        for entry in paper.ENTRIES.values()
        if entry["kind"] in ("wmi", "wmi-method", "update-services")
    }
    asked = {name for kind, name in bundle.asked if kind in ("wmi", "wmi-empty") and name}
    assert {name for name in asked if name not in ("sms_softwareupdate", "sms_updatecategoryinstance")} <= classes
    wanted = [
        (kind, name)
        for kind, name in bundle.asked
        if kind in ("registry", "registry-value") and name.startswith("hklm\\")
    ]
    assert wanted and [name for kind, name in wanted if not _is_collected(kind, name)] == []


def _is_collected(kind: str, name: str) -> bool:
    for entry in paper.ENTRIES.values():
        for one in entry["keys"] if entry["kind"] == "registry" else ():
            key = f"hklm\\{one['key']}".lower()
            if kind == "registry" and (name == key or (one.get("deep") and name.startswith(key + "\\"))):
                return True
            parent, _, value = name.rpartition("\\")
            inside = parent == key or (one.get("deep") and parent.startswith(key + "\\"))
            if (
                kind == "registry-value"
                and inside
                and (not one.get("values") or value in [each.lower() for each in one["values"]])
            ):
                return True
    return False


def test_properties_that_the_samples_need_are_asked_for() -> None:
    for id, rows in paper.INSTANCES.items():
        wanted = paper.ENTRIES[id].get("properties")
        for row in rows:
            for name in row:
                assert wanted is None or name in wanted or name in ("Computer",), (id, name)


def test_entries_are_complete() -> None:
    known = set(manifest()["privacy"])
    places: dict[str, str] = {}
    for id, entry in paper.ENTRIES.items():
        assert entry["privacy"] in known and entry["why"] and re.match(r"https://", entry["source"]), id
        assert entry["read_by"], id
        if entry["kind"] != "logs":
            assert places.setdefault(entry["to"], id) == id
        assert not entry["to"].startswith(("/", "raw/")) and ".." not in entry["to"] and "\\" not in entry["to"]
        for name in entry.get("with", []):
            assert name in paper.ENTRIES
