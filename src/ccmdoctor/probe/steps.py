"""The record of a probe: what was tried, what was seen, how long it took."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from ccmdoctor.model import Instant, Place, State, Zone

FILE = "probe"  # what quotes name in place of a file; their line is the number of the step
LONGEST_TEXT = 600  # characters of what is quoted of a step


class FaultError(Exception):
    """A step failed. ``seen`` is what was seen, as the protocol says it.

    ``kind`` is a fault of ``knowledge/probe.toml``, None where the status alone says it; ``status`` is the HTTP status,
    when one came; ``more`` joins the values of the server's ``web-answer``.
    """

    def __init__(self, kind: str | None, seen: str, status: int | None = None, **more: object) -> None:
        super().__init__(seen)
        self.kind = kind
        self.seen = seen
        self.status = status
        self.more = more


def now() -> Instant:
    """This moment in UTC."""
    local = datetime.now(UTC).replace(tzinfo=None)
    return Instant(local.isoformat(timespec="milliseconds") + "Z", local, 0, Zone.PROVEN)


class Steps:
    """The steps of one server so far, as states. ``states`` is shared by all servers, so that line numbers go on."""

    def __init__(self, service: str, url: str, states: list[State]) -> None:
        self.service = service
        self.url = url
        self.states = states

    @contextmanager
    def step(self, name: str) -> Iterator[Callable[[str], None]]:
        """Times a step. The block tells what it saw; a :class:`FaultError` ends the step and goes on up."""
        begun = time.monotonic()
        told: list[str] = []
        try:
            yield told.append
        except FaultError as fault:
            self._note(name, begun, fault.seen, fault.kind or "status")
            raise
        self._note(name, begun, " ".join(told), None)

    def _note(self, name: str, begun: float, seen: str, error: str | None) -> None:
        seconds = round(time.monotonic() - begun, 3)
        values: dict[str, Any] = {
            "service": self.service, "step": name, "ok": error is None, "seconds": seconds, "error": error,
            "seen": seen[:LONGEST_TEXT],
        }  # fmt: skip
        self.states.append(self._state("probe", values, f"{name} {self.url}: {seen} ({seconds:.3f} s)"))

    def answer(self, target: str, status: int | None, error: str | None, **more: object) -> None:
        """Sums the steps up as one ``web-answer``, quoted by the last of them."""
        values: dict[str, Any] = {"target": target, "status": status, "error": error, "probe": True, **more}
        last = self.states[-1]
        self.states.append(State("web-answer", self.url, values, last.place, last.text, last.when))

    def _state(self, kind: str, values: dict[str, Any], text: str) -> State:
        line = sum(1 for state in self.states if state.kind == "probe") + 1
        return State(kind, self.url, values, Place(FILE, line), text[: LONGEST_TEXT + 400], now())
