"""What the client itself says of each update: ``CCM_UpdateStatus`` and UpdatesStore.log.

Queried Update (GUID): Status=Installed, Title=2025-03 Cumulative Update for Windows 11 (KB5053598)
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import datetime

import msgspec

from ccmdoctor.evidence.base import Bundle, Evidence, Mark, Proof, Target, plain_id
from ccmdoctor.evidence.scan import Scan, ScanHistory
from ccmdoctor.formats.clock import mof_instant
from ccmdoctor.knowledge.tables import table
from ccmdoctor.model import Event, Stage, State

KB = re.compile(r"KB\d{6,8}(?!\d)", re.IGNORECASE)


class UpdateState(msgspec.Struct, frozen=True):
    """One update: its id, title (may be unknown), and ``Missing`` or ``Installed``."""

    id: str
    title: str
    status: str
    article: str
    proof: tuple[Proof, ...]

    @property
    def installed(self) -> bool:
        """The client found it installed."""
        return self.status.lower() == "installed"

    @property
    def missing(self) -> bool:
        """The client found it applicable and not installed."""
        return self.status.lower() == "missing"

    @property
    def of_windows(self) -> bool:
        """An update of Windows itself, by its title."""
        return _kind(self.title) == "windows"

    @property
    def of_another_product(self) -> bool:
        """Surely none of the Windows family: its title is whole and names something else."""
        return bool(self.title) and not self.title_is_cut and _kind(self.title) == "other"

    @property
    def title_is_cut(self) -> bool:
        """A narrow console left the end of the title out."""
        return self.title.rstrip().endswith(("...", "…"))

    def is_named_by(self, target: Target) -> bool:
        """Whether the user's KB number, title or id is this update's."""
        if target.article:
            return target.names(self.title, self.article)
        return target.names(self.title) or (bool(self.id) and self.id == plain_id(target.update or ""))


class UpdateStates(Evidence, frozen=True):
    """The client's verdict for each update it knows. ``complete``: the class was listed, not only logged."""

    asks = "update-status"

    updates: tuple[UpdateState, ...]
    complete: bool
    target: Target
    listed: State | None = None
    last_scan: datetime | None = None
    now: datetime | None = None

    @classmethod
    def read(cls, bundle: Bundle) -> UpdateStates | None:
        """None when neither the class was listed nor UpdatesStore.log names an update."""
        rows = bundle.states("wmi", "CCM_UpdateStatus")
        empty = bundle.states("wmi-empty", "CCM_UpdateStatus")
        known = {plain_id(event.fields["update"]): event.fields for event in bundle.events("update-targeted")}
        found: dict[str, UpdateState] = {}
        for event in bundle.events("update-status", "update-state-raised"):
            _note(found, event, known.get(plain_id(event.fields["update"]), {}))
        for row in rows:
            id = plain_id(str(row.values.get("uniqueid") or ""))
            found[id or str(row.place)] = UpdateState(
                id,
                str(row.values.get("title") or ""),
                str(row.values.get("status") or ""),
                str(row.values.get("article") or ""),
                (row,),
            )
        if not found and not empty:
            return None
        times = [at.utc for row in rows if (at := mof_instant(str(row.values.get("scantime") or ""))) and at.utc]
        return cls(
            updates=tuple(found.values()),
            complete=bool(rows or empty),
            target=bundle.target,
            listed=next(iter(rows or empty), None),
            last_scan=max(times, default=None),
            now=bundle.now,
        )

    @property
    def asked_for(self) -> UpdateState | None:
        """The update that the user asked about, when the client knows it; of several the one that is missing."""
        matching = [one for one in self.updates if one.is_named_by(self.target)]
        return next((one for one in reversed(matching) if one.missing), matching[-1] if matching else None)

    @property
    def would_show_asked(self) -> bool:
        """The list is one in which the update that was asked for could be recognised if it stood there."""
        by_id = not self.target.article and all(one.id for one in self.updates)
        return self.complete and all(
            by_id or one.article or (one.title and not one.title_is_cut) for one in self.updates
        )

    @property
    def shows_only_missing(self) -> bool:
        """No update of the list is installed: it may have been filtered."""
        return bool(self.updates) and all(one.missing for one in self.updates)

    @property
    def windows(self) -> tuple[UpdateState, ...]:
        """Updates of Windows itself, by their titles."""
        return tuple(one for one in self.updates if one.of_windows)

    @property
    def offers_windows(self) -> bool:
        """An update of Windows is applicable and came through a scan of the update point."""
        return any(one.missing for one in self.windows)

    @property
    def lists_no_windows(self) -> bool:
        """The whole store was listed, with installed updates, and every one of them is of another product."""
        return (
            self.complete
            and any(one.installed for one in self.updates)
            and all(one.of_another_product for one in self.updates)
        )

    @property
    def is_overdue(self) -> bool | None:
        """Whether the scan behind the list is older than the longest normal pause; None when its time is not known."""
        if self.last_scan is None:
            return None
        return ScanHistory(attempts=(Scan((), None, None, self.last_scan),), now=self.now).is_overdue

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The first rows of the list, or the empty answer."""
        return tuple(one.proof[-1] for one in self.updates[:5]) or ((self.listed,) if self.listed else ())

    def marks(self) -> Iterable[Mark]:
        """An update that has a state was evaluated; with an update asked for, the ladder follows that one alone."""
        if self.target.update:
            update = self.asked_for
            if update:
                yield Mark(Stage.EVALUATION, "update-status", update.proof[-1], None, False)
            if update and update.installed:
                yield Mark(Stage.INSTALL, "update-status", update.proof[-1], None, False)
            return
        events = [one.proof[-1] for one in self.updates if isinstance(one.proof[-1], Event)]
        listed = [one.proof[-1] for one in self.updates if not isinstance(one.proof[-1], Event)]
        if events or listed:
            yield Mark(Stage.EVALUATION, "update-status", (events or listed)[-1], None, False)


def installed_now(bundle: Bundle) -> frozenset[str]:
    """Ids, and numbers of articles (``KB1234567``, upper case), of which the listed class has nothing but installed.

    The class is asked when the evidence is collected, so it knows of what came after the logs.
    """
    states: dict[str, set[bool]] = {}
    for row in bundle.states("wmi", "CCM_UpdateStatus"):
        title, article = str(row.values.get("title") or ""), str(row.values.get("article") or "")
        names = {plain_id(str(row.values.get("uniqueid") or "")), *(kb.upper() for kb in KB.findall(title))}
        if article.isdecimal():
            names.add(f"KB{article}")
        for name in names - {""}:
            states.setdefault(name, set()).add(str(row.values.get("status") or "").lower() == "installed")
    return frozenset(name for name, installed in states.items() if installed == {True})


def _note(found: dict[str, UpdateState], event: Event, targeted: dict[str, str]) -> None:
    """The newest state of an update; a line without a title keeps what is known, also from the deployment's list."""
    id = plain_id(event.fields["update"])
    before = found.get(id)
    title = event.fields.get("title") or (before.title if before else "") or targeted.get("title", "")
    status = event.fields["status"].strip(".,")
    found[id] = UpdateState(id, title, status, targeted.get("article", ""), (event,))


def plain_text(text: str) -> str:
    """A title as it is compared: width, case and blanks do not count."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _kind(title: str) -> str:
    """``windows``, ``family`` (of the Windows family, not Windows itself) or ``other``, by the words of a title."""
    words = table("windows_update")["titles"]
    text = plain_text(title)
    if any(word in text for word in words["other"]):
        return "other"
    if any(word in text for word in words["family"]):
        return "family"
    return "windows" if any(word in text for word in words["windows"]) else "other"


def is_feature_update(title: str) -> bool:
    """Whether a title, or what a user asks for, says that it is a feature update."""
    text = plain_text(title)
    return any(word in text for word in table("windows_update")["titles"]["feature"])
