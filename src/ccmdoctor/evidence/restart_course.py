"""The lines about restarts in their order: what waited for one, what got through, when the computer was restarted.

0x00240005 and "Reboot Required? Yes" are successes: the update is in. A later success of the same update, or a
restart, ends the waiting.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from ccmdoctor.evidence.base import Bundle, Proof, code_of, newest, ordered
from ccmdoctor.evidence.enforcement import assignment_id, download_fails, mp_fails, told_by_console, update_of, yes
from ccmdoctor.evidence.install import InstallHistory
from ccmdoctor.evidence.scan import ScanHistory
from ccmdoctor.evidence.windows import LocalClock
from ccmdoctor.formats.clock import mof_instant
from ccmdoctor.knowledge import codes
from ccmdoctor.model import Event, HResult, State

_AWAITING = (
    "update-pends",
    "update-waits",
    "event-install-pending",
    "install-wants-restart",
    "update-executed",
    "update-reboot-state",
    "assignment-enforced",
    "update-enforced",
    "restart-notified",
    "restart-awaited",
    "restart-scheduled",
)
UNNAMED = (
    "restart-notified",
    "restart-awaited",
    "restart-scheduled",
    "console-waits-for-restart",
    "system-restart-required",
)
_OF_WINDOWS = ("system-install-succeeded", "restart-initiated")  # in its event log, after a restart that was required
# the numbers of the states of an update (topic 402) that is in: it waits for a restart, and is through
_RESTART_STATE, _SUCCESS_STATE = "9", "10"
_DONE = (
    "update-installs",
    "update-finished-after-restart",
    "event-install-succeeded",
    "assignment-enforced",
    "assignment-compliance",
    "update-enforced",
)
_STORE = ("update-status", "update-state-raised")
RESTARTED = ("checked-after-restart", "restart-begun", "user-restarts")
_UPDATES_AGENT = "updatesdeploymentagent"
BLOCKS = "pending-restart-blocks"
Told = tuple[Event, str]  # a line and what it is about: the id of an update or of a deployment, or nothing


class Awaiting(msgspec.Struct, frozen=True):
    """An update (or a deployment, or neither is named) that is installed and waits for a restart."""

    id: str
    name: str | None
    events: tuple[Event, ...]

    @property
    def since(self) -> datetime | None:
        """Since when (UTC)."""
        return next((one.utc for one in self.events if one.utc), None)

    @property
    def label(self) -> str | None:
        """The update, as well as it is known."""
        return self.name or self.id or None

    @property
    def proof(self) -> tuple[Proof, ...]:
        """Its first and its newest lines."""
        return tuple(dict.fromkeys((self.events[0], *self.events[-2:])))


def _restart_of(event: Event) -> str:
    """Which restart a line of success asks for: soft, hard or none."""
    state = event.fields.get("state", "").lower().replace("_", "")
    if event.id == "update-waits":
        return "soft" if state == "reboot" else ""
    if event.id in ("update-pends", "update-executed", "update-reboot-state"):
        return next((kind for kind in ("soft", "hard") if f"{kind}reboot" in state), "")
    return "soft"


def awaits(event: Event, kind: str = "soft") -> str | None:
    """What waits for this kind of restart by this line: an id, nothing (not named), or None when it says otherwise."""
    if event.id in UNNAMED:
        by_others = event.id == "restart-scheduled" and _UPDATES_AGENT not in event.fields["agent"].lower()
        return None if by_others or kind != "soft" else ""
    if event.id == "update-enforced":
        return update_of(event) if kind == "soft" and event.fields["number"] == _RESTART_STATE else None
    if _restart_of(event) != kind:
        return None
    if event.id == "assignment-enforced":
        return assignment_id(event) if event.fields["state"].upper() == "PENDING_REBOOT" else None
    code = HResult.parse(event.fields.get("error", "0"))
    return None if code is not None and not code.ok else update_of(event)


def _done(event: Event) -> str | None:
    """What is surely through by this line: an id, or None."""
    state = event.fields.get("state", "").upper()
    if event.id == "assignment-enforced":
        return assignment_id(event) if state == "SUCCESS" else None
    if event.id == "assignment-compliance":
        return assignment_id(event) if yes(event.fields["compliant"]) else None
    if event.id == "update-installs" and state != "COMPLETE":
        return None
    if event.id == "update-enforced" and event.fields["number"] != _SUCCESS_STATE:
        return None
    if event.id in _STORE and event.fields.get("status", "").strip(".,").lower() != "installed":
        return None
    code = HResult.parse(event.fields.get("error", "")) if event.id == "update-finished-after-restart" else None
    return None if code is not None and not code.ok else update_of(event)


def _coded(bundle: Bundle) -> list[Told]:
    """Errors whose code says that the update is installed already and waits for a restart."""
    found = []
    for event in bundle.events("update-state-error", "install-finished", "install-result"):
        code = code_of(event)
        if code is not None and "restart-pending" in codes.points_to(code):
            found.append((event, update_of(event)))
    return found


def _in_order(told: list[Told]) -> list[Told]:
    order = {event: index for index, event in enumerate(ordered(event for event, _ in told))}
    return sorted(told, key=lambda one: order[one[0]])


def _boot(bundle: Bundle) -> tuple[State, datetime] | None:
    system = newest(bundle.states("wmi", "Win32_OperatingSystem"))
    at = mof_instant(str(system.values.get("lastbootuptime") or "")) if system else None
    return (system, at.utc) if system and at and at.utc else None


class RestartCourse(msgspec.Struct, frozen=True):
    """The lines about restarts in their order: what waited, what got through, and when the computer was restarted."""

    soft: list[Told]
    hard: list[Told]
    done: list[Told]
    restarts: list[Event]  # the newest of each log
    boot: tuple[State, datetime] | None
    clock: LocalClock
    titles: dict[str, str | None]  # of updates
    deployments: dict[str, set[str]]  # by update
    groups: set[str]  # deployments that waited

    @classmethod
    def of(cls, bundle: Bundle) -> RestartCourse:
        """Without a line about a restart it is empty."""
        lines = bundle.events(*_AWAITING)
        soft: list[Told] = [(event, about) for event in lines if (about := awaits(event)) is not None]
        soft += [(event, "") for event in told_by_console(bundle, "console-waits-for-restart")]
        ended = newest(ordered(bundle.events(*_OF_WINDOWS)))
        required = bundle.events("system-restart-required")
        soft += [(event, "") for event in required if not (ended and ended.after(event) is True)]
        soft = _in_order([*soft, *_coded(bundle)])
        titles: dict[str, str | None] = {}
        deployments: dict[str, set[str]] = {}
        for one in bundle.events("update-targeted"):
            id = update_of(one)
            titles[id] = one.fields.get("title")
            deployments.setdefault(id, set()).add(assignment_id(one))
        ends = bundle.events(*_DONE, *_STORE)
        return cls(
            soft=soft,
            hard=[(event, about) for event in lines if (about := awaits(event, "hard")) is not None],
            done=[(event, about) for event in ends if (about := _done(event)) is not None],
            restarts=list({event.log: event for event in bundle.events(*RESTARTED)}.values()),
            boot=_boot(bundle),
            clock=bundle.once(LocalClock.of),
            titles=titles,
            deployments=deployments,
            groups={assignment_id(event) for event, _ in soft if event.id == "assignment-enforced"},
        )

    def standing(self, told: list[Told]) -> list[Told]:
        """What still waits. A deployment, and a notice that names nothing, waits no longer than its updates."""
        last = self._newest_end()
        ended = {about: event for event, about in self.done}
        deployments = {about: event for about, event in ended.items() if event.id.startswith("assignment-")}
        kept = [
            one
            for one in told
            if not self.restarted_after(one[0])
            and not _since(one[0], ended.get(one[1]))
            and not _since(one[0], ended.get(""))
            and (self._is_group(one) or not self._is_deployed(one, deployments))
        ]
        updates_wait = any(not self._is_group(one) for one in kept)
        return [one for one in kept if updates_wait or not self._is_group(one) or not _since(one[0], last)]

    def _newest_end(self) -> Event | None:
        return newest(ordered(event for event, _ in self.done))

    def _is_group(self, one: Told) -> bool:
        return not one[1] or one[0].id == "assignment-enforced"

    def _is_deployed(self, one: Told, deployments: dict[str, Event]) -> bool:
        """Whether a deployment of the update succeeded after that; any one that waited, where its own is not known."""
        mine = self.deployments.get(one[1]) or self.groups or deployments
        return any(_since(one[0], deployments.get(group)) for group in mine)

    def restarted_after(self, event: Event) -> bool:
        """Whether the computer was restarted after this line, or in a log that cannot tell."""
        if self.boot and event.utc and self.boot[1] > event.utc:
            return True
        return any(self.follows(one, event) is not False for one in self.restarts)

    def at(self, event: Event) -> datetime | None:
        """The instant of an event (UTC); the notification logs state no zone, so theirs is taken from other logs."""
        when = event.record.when
        return event.utc or (self.clock.moment(when.local).exact if when else None)

    def follows(self, one: Event, other: Event) -> bool | None:
        """Whether one event comes after the other; None when nothing orders the two."""
        mine, theirs = self.at(one), self.at(other)
        return mine > theirs if mine and theirs and mine != theirs else one.after(other)

    def episodes(self, standing: list[Told]) -> tuple[Awaiting, ...]:
        """One for each update, the oldest first; what names no update belongs to all of them."""
        found: dict[str, list[Event]] = {}
        for event, about in standing:
            found.setdefault(about, []).append(event)
        shared = [event for event, about in standing if self._is_group((event, about))]
        updates = [about for about in found if not any(self._is_group((event, about)) for event in found[about])]
        if not updates:
            group = next((about for about in reversed(found) if about), "")
            return (Awaiting(group, None, tuple(shared)),) if shared else ()
        order = {event: index for index, (event, _) in enumerate(standing)}
        return tuple(
            Awaiting(one, self.titles.get(one), (*found[one], *shared[-1:]))
            for one in sorted(updates, key=lambda one: order[found[one][-1]])
        )


def _since(event: Event, end: Event | None) -> bool:
    return end is not None and end.after(event) is not False


def troubles(bundle: Bundle, waiting: Iterable[str] = ()) -> tuple[str, ...]:
    """What else is wrong, which neither a restart nor the wait for one explains."""
    found = []
    installs, scans = bundle.evidence(InstallHistory), bundle.evidence(ScanHistory)
    known = set(waiting)
    failed = [one for one in installs.failures if one.subject not in known] if installs else []
    if any(not one.points_to(BLOCKS) for one in failed):
        found.append("another-update-failed")
    if scans is not None and scans.attempts and not scans.latest.succeeded:
        found.append("scan-fails-otherwise")
    if download_fails(bundle):
        found.append("download-fails-first")
    if mp_fails(bundle):
        found.append("mp-fails-first")
    return tuple(found)
