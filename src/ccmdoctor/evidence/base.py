"""What every kind of evidence shares: how it is read, what it asks for when it is missing, what it says of a stage.

An evidence class turns events and states into *episodes*, the things an engineer would note down. A rule names the
classes it needs as the types of its parameters; the engine reads each class once for a bundle.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, ClassVar, NamedTuple, Protocol, TypeVar, cast

import msgspec

from ccmdoctor.model import Event, HResult, Quote, Stage, State
from ccmdoctor.reader import Reading

Proof = Event | State
E = TypeVar("E", bound="Evidence")
T = TypeVar("T")


class Episode(Protocol):
    """Anything that can be quoted: it carries the events and states that prove it."""

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The records behind it, oldest first."""
        ...


class Mark(NamedTuple):
    """What one piece of evidence says of a stage: its newest success and its newest failure, either may be None.

    ``failing`` is true when the newest attempt failed. ``subject`` keeps things apart that do not cancel each other.
    """

    stage: Stage
    subject: str
    good: Proof | None
    bad: Proof | None
    failing: bool


class Target(NamedTuple):
    """What the user asked about: an update (KB number, title or id), or None."""

    update: str | None = None

    @property
    def article(self) -> str | None:
        """The digits of a KB number, when the update was given as one."""
        digits = (self.update or "").strip().upper().removeprefix("KB")
        return digits if digits.isdecimal() else None

    def names(self, *texts: object) -> bool:
        """Whether one of the texts (title, article, id) is about the update that was asked for."""
        wanted = (self.update or "").strip().lower()
        if not wanted:
            return False
        haystack = " ".join(str(text) for text in texts if text).lower()
        if self.article is None:
            return wanted in haystack
        # a number of its own: not a piece of a GUID or of a longer number
        return re.search(rf"(?:(?<=kb)|(?<![0-9a-z])){self.article}(?![0-9a-z])", haystack) is not None


class Bundle:
    """A reading made ready for questions."""

    def __init__(self, reading: Reading, target: Target, now: datetime | None) -> None:
        self.reading = reading
        self.target = target
        self.now = now
        self._known: dict[Callable[[Bundle], Any], Any] = {}

    def evidence(self, kind: type[E]) -> E | None:
        """One kind of evidence of this bundle, read when it is first asked for; much of it builds on other kinds."""
        return self.once(kind.read)

    def once(self, of: Callable[[Bundle], T]) -> T:
        """What ``of`` makes of this bundle, made when it is first asked for: several kinds of evidence build on it."""
        if of not in self._known:
            self._known[of] = of(self)
        return cast("T", self._known[of])

    def events(self, *ids: str) -> list[Event]:
        """All events of these messages in written order; events of different logs are ordered by time where known."""
        found = [event for id in ids for event in self.reading.events.get(id, ())]
        return ordered(found)

    def states(self, kind: str, *names: str) -> list[State]:
        """All states of a kind, or of a kind with one of these names (case does not count)."""
        wanted = {name.lower() for name in names}
        return [
            state
            for state in self.reading.states
            if state.kind == kind and (not wanted or state.name.lower() in wanted)
        ]

    def registry(self, key: str, name: str) -> State | None:
        """One registry value below HKLM, as a state to quote; None when the evidence does not hold it."""
        wanted = f"hklm\\{key}\\{name}".lower()
        return next(
            (state for state in self.reading.states if state.kind == "registry-value" and state.name.lower() == wanted),
            None,
        )

    def has_registry_key(self, *keys: str) -> bool:
        """Whether one of these keys below HKLM was exported, whatever stands in it."""
        wanted = {f"hklm\\{key}".lower() for key in keys}
        return any(state.kind == "registry" and state.name.lower() in wanted for state in self.reading.states)

    def log_was_read(self, *names: str) -> bool:
        """Whether any artifact of these logs was read, matches or not."""
        from ccmdoctor.knowledge.logs import by_file

        wanted = {name.lower() for name in names}
        return any(
            item.state in ("read", "partly") and by_file(item.artifact).log.lower() in wanted
            for item in self.reading.coverage
        )


def ordered(events: Iterable[Event]) -> list[Event]:
    """Events in the best order known: by log and place, merged over logs by their instants."""
    listed = sorted(events, key=attrgetter("order"))
    if len({event.log for event in listed}) < 2 or any(event.utc is None for event in listed):
        return listed
    return sorted(listed, key=lambda event: event.utc or datetime.min)


def newest(found: Sequence[T]) -> T | None:
    """The last of ordered events, or of states as they were read."""
    return found[-1] if found else None


def standing(bad: Iterable[Event], good: Sequence[Event | None]) -> tuple[Event, ...]:
    """The events that no success is known to follow."""
    known = [one for one in good if one is not None]
    return tuple(one for one in bad if not any(success.after(one) is True for success in known))


def code_of(event: Event | None) -> HResult | None:
    """The error code that an event states in its field ``error``."""
    return HResult.parse(event.fields.get("error", "")) if event else None


def plain_id(text: str) -> str:
    """An id as it is compared: no braces, small letters, the update's own part of ``Site_.../SUM_...``."""
    return text.strip("(){} '").lower().rsplit("sum_", 1)[-1]


def quotes_of(proofs: Iterable[Proof]) -> tuple[Quote, ...]:
    """Quotes without repetition, in the order given."""
    return tuple(dict.fromkeys(Quote.of(proof) for proof in proofs))


class Evidence(msgspec.Struct, frozen=True):
    """Base of all evidence. ``asks`` is the entry of ``knowledge/questions.toml`` that brings it when it is missing."""

    asks: ClassVar[str] = ""

    @classmethod
    def read(cls: type[E], bundle: Bundle) -> E | None:
        """The evidence, or None when the bundle holds nothing of it."""
        raise NotImplementedError

    def marks(self) -> Iterable[Mark]:
        """What this says of the stages; nothing by default."""
        return ()
