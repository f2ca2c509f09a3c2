"""What the client itself says of each update: ``CCM_UpdateStatus`` and UpdatesStore.log.

Queried Update (GUID): Status=Installed, Title=2025-03 Cumulative Update for Windows 11 (KB5053598)
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from ccmdoctor.evidence.base import Bundle, Evidence, Mark, Proof, Target
from ccmdoctor.formats.clock import mof_instant
from ccmdoctor.model import Event, Stage, State


class UpdateState(msgspec.Struct, frozen=True):
    """One update: its id, title (may be unknown), and ``Missing`` or ``Installed``."""

    id: str
    title: str
    status: str
    article: str
    proof: tuple[Proof, ...]
    product: str = ""

    @property
    def installed(self) -> bool:
        """The client found it installed."""
        return self.status.lower() == "installed"

    @property
    def missing(self) -> bool:
        """The client found it applicable and not installed."""
        return self.status.lower() == "missing"


class UpdateStates(Evidence, frozen=True):
    """The client's verdict for each update it knows. ``complete``: the whole store was listed."""

    asks = "update-status"

    updates: tuple[UpdateState, ...]
    complete: bool
    target: Target
    listed: State | None = None
    scan_times: tuple[datetime, ...] = ()

    @classmethod
    def read(cls, bundle: Bundle) -> UpdateStates | None:
        """None when neither the class was listed nor UpdatesStore.log names an update."""
        rows = bundle.states("wmi", "CCM_UpdateStatus")
        empty = bundle.states("wmi-empty", "CCM_UpdateStatus")
        found: dict[str, UpdateState] = {}
        for event in bundle.events("update-status", "update-state-raised"):
            _note(found, event)
        for row in rows:
            id = _id(str(row.values.get("uniqueid", "")))
            found[id or str(row.place)] = UpdateState(
                id,
                str(row.values.get("title") or ""),
                str(row.values.get("status") or ""),
                str(row.values.get("article") or ""),
                (row,),
                str(row.values.get("productid") or ""),
            )
        if not found and not empty:
            return None
        times = tuple(at.utc for row in rows if (at := mof_instant(str(row.values.get("scantime") or ""))) and at.utc)
        return cls(
            updates=tuple(found.values()),
            complete=bool(rows or empty),
            target=bundle.target,
            listed=next(iter(rows or empty), None),
            scan_times=times,
        )

    @property
    def asked_for(self) -> UpdateState | None:
        """The update that the user asked about, when the client knows it."""
        matching = [one for one in self.updates if self.target.names(one.title, one.article, one.id)]
        return matching[-1] if matching else None

    @property
    def windows(self) -> tuple[UpdateState, ...]:
        """Updates of Windows itself, by their titles."""
        return tuple(one for one in self.updates if _is_windows(one.title))

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The first rows of the list, or the empty answer."""
        return tuple(one.proof[-1] for one in self.updates[:5]) or ((self.listed,) if self.listed else ())

    @property
    def lists_no_windows(self) -> bool:
        """The whole store was listed with titles, and none of them is an update of Windows itself."""
        return self.complete and bool(self.updates) and all(one.title for one in self.updates) and not self.windows

    def marks(self) -> Iterable[Mark]:
        """An update that has a state was evaluated."""
        events = [one.proof[-1] for one in self.updates if isinstance(one.proof[-1], Event)]
        listed = [one.proof[-1] for one in self.updates if not isinstance(one.proof[-1], Event)]
        if events or listed:
            yield Mark(Stage.EVALUATION, "update-status", (events or listed)[-1], None, False)


def _note(found: dict[str, UpdateState], event: Event) -> None:
    id = _id(event.fields["update"])
    before = found.get(id)
    title = event.fields.get("title") or (before.title if before else "")
    status = event.fields["status"].strip(".,")
    found[id] = UpdateState(id, title, status, "", (event,))


def _id(text: str) -> str:
    return text.strip("(){} ").lower().rsplit("sum_", 1)[-1]


# Titles carry the product in Microsoft's catalogue; drivers, Office, .NET, Defender and servicing tools are not Windows.
_WINDOWS = ("windows 10", "windows 11", "windows server", "microsoft server operating system", "windows 8.1")
_NOT_WINDOWS = (
    "defender",
    "malicious software",
    "悪意のある",
    ".net framework",
    "security platform",
    "security intelligence",
)


def _is_windows(title: str) -> bool:
    lowered = title.lower()
    return any(name in lowered for name in _WINDOWS) and not any(name in lowered for name in _NOT_WINDOWS)
