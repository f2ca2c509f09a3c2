"""Restarts: which updates wait for one, who asked for it, whether it may happen and whether it happened.

Update (Site_GUID/SUM_GUID) Progress: Status = ciStatePendingSoftReboot, PercentComplete = 0, Result = 0x0
201 [AGENT_INSTALLING_PENDING]  101  {GUID}  200  240005  CcmExec  Success
Entered ScheduleRebootImpl - requested from 'UpdatesDeploymentAgent'. set Rebootby = 1589774990.
RebootPending       : True

0x00240005 and "Reboot Required? Yes" are successes: the update is in. A later success of the same update, or a
restart, ends the waiting.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from ccmdoctor.evidence.base import Bundle, Evidence, Mark, Proof, Target, newest, ordered
from ccmdoctor.evidence.enforcement import Progress, UpdateProgress, assignment_id, update_id, yes
from ccmdoctor.evidence.install import Failure, InstallHistory
from ccmdoctor.evidence.policy import newest_state
from ccmdoctor.evidence.scan import ScanHistory
from ccmdoctor.evidence.windows import LocalClock, MaintenanceWindows
from ccmdoctor.formats.clock import mof_instant
from ccmdoctor.knowledge import codes
from ccmdoctor.model import Event, HResult, Stage, State

_WINDOWS_KEYS = (
    r"SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired",
    r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending",
)
_AWAITING = (
    "update-pends",
    "event-install-pending",
    "install-wants-restart",
    "update-executed",
    "update-reboot-state",
    "assignment-enforced",
    "restart-notified",
    "restart-awaited",
)
_DONE = ("update-installs", "event-install-succeeded", "assignment-enforced", "assignment-compliance")
_STORE = ("update-status", "update-state-raised")
_STARTED = ("checked-after-restart",)
_RECENT = timedelta(days=1)
_LONG_START = timedelta(hours=1)  # nobody's computer takes that long to come up by itself


class Awaiting(msgspec.Struct, frozen=True):
    """An update (or a deployment, or neither is named) that is installed and waits for a restart."""

    id: str
    name: str | None
    events: tuple[Event, ...]

    @property
    def since(self) -> datetime | None:
        """Since when (UTC)."""
        return next((one.utc for one in self.events if one.utc), None)


def _awaits(event: Event) -> str | None:
    """What waits for a soft restart by this line: an id, nothing (not named), or None when the line says otherwise."""
    state = event.fields.get("state", "").upper().replace("_", "")
    code = HResult.parse(event.fields.get("error", "0"))
    if event.id == "assignment-enforced":
        return assignment_id(event) if state == "PENDINGREBOOT" else None
    if event.id in ("restart-notified", "restart-awaited"):
        return ""
    if event.id in ("update-pends", "update-executed", "update-reboot-state") and "SOFTREBOOT" not in state:
        return None
    if code is not None and not code.ok:
        return None
    return update_id(event.fields["update"])


def _done(event: Event) -> str | None:
    """What is surely through by this line: an id, or None."""
    state = event.fields.get("state", "").upper()
    if event.id == "assignment-enforced":
        return assignment_id(event) if state == "SUCCESS" else None
    if event.id == "assignment-compliance":
        return assignment_id(event) if yes(event.fields["compliant"]) else None
    if event.id == "update-installs" and state != "COMPLETE":
        return None
    if event.id in _STORE and event.fields.get("status", "").strip(".,").lower() != "installed":
        return None
    return update_id(event.fields["update"])


def _boot(bundle: Bundle) -> tuple[State, datetime] | None:
    system = newest_state(bundle.states("wmi", "Win32_OperatingSystem"))
    at = mof_instant(str(system.values.get("lastbootuptime") or "")) if system else None
    return (system, at.utc) if system and at and at.utc else None


class PendingRestarts(Evidence, frozen=True):
    """Updates that are installed and wait for a restart."""

    asks = "restart-state"

    waiting: tuple[Awaiting, ...]
    restarted: Proof | None
    shown: Progress | None  # Software Center shows it so
    hard: Progress | None
    verdict: State | None
    keys: tuple[State, ...]
    failed: Failure | None
    scans_fail: bool
    ended: Proof | None
    target: Target

    @classmethod
    def read(cls, bundle: Bundle) -> PendingRestarts | None:
        """None when nothing tells of a restart or of the end of an installation."""
        told = [(event, subject) for event in bundle.events(*_AWAITING) if (subject := _awaits(event)) is not None]
        done = [(event, subject) for event in bundle.events(*_DONE, *_STORE) if (subject := _done(event)) is not None]
        restarts = bundle.events(*_STARTED)
        boot = _boot(bundle)
        progress = UpdateProgress.read(bundle)
        shown = progress.held("pending-soft-reboot") if progress and progress.listed else None
        hard = progress.held("pending-hard-reboot") if progress else None
        verdict = newest_state(
            [row for row in bundle.states("wmi", "CCM_ClientUtilities") if row.values.get("rebootpending") is not None]
        )
        keys = tuple(_windows_keys(bundle))
        if not (told or done or restarts or shown or hard or verdict or keys):
            return None
        standing = [
            (event, subject) for event, subject in told if not _is_over(event, subject, told, done, restarts, boot)
        ]
        installs, scans = InstallHistory.read(bundle), ScanHistory.read(bundle)
        return cls(
            waiting=_episodes(bundle, standing),
            restarted=newest(restarts) or (boot[0] if boot and told and not standing else None),
            shown=shown,
            hard=hard,
            verdict=verdict,
            keys=keys,
            failed=_other_failure(installs, {subject for _, subject in standing}),
            scans_fail=scans is not None and bool(scans.attempts) and not scans.latest.succeeded,
            ended=newest(ordered(event for event, _ in done)),
            target=bundle.target,
        )

    @property
    def named(self) -> Awaiting | None:
        """The update that waits: the one that was asked for, else the newest."""
        if self.target.update:
            wanted = [one for one in self.waiting if self.target.names(one.name, one.id)]
            unnamed = [one for one in self.waiting if not one.name]
            return (wanted or unnamed or [None])[-1]
        with_name = [one for one in self.waiting if one.name] or [one for one in self.waiting if one.id]
        return (with_name or list(self.waiting) or [None])[-1]

    @property
    def awaits(self) -> bool:
        """An update waits for a restart."""
        return (self.named is not None or self.shown is not None) and not self.denied

    @property
    def denied(self) -> bool:
        """The client itself says that no restart is pending."""
        return self.verdict is not None and yes(self.verdict.values.get("rebootpending")) is False

    @property
    def said(self) -> bool:
        """The client itself says that a restart is pending."""
        return self.verdict is not None and yes(self.verdict.values.get("rebootpending")) is True

    @property
    def is_hard(self) -> bool:
        """A restart without which nothing else may be installed."""
        return self.hard is not None or (
            self.verdict is not None and yes(self.verdict.values.get("ishardrebootpending")) is True
        )

    @property
    def update(self) -> str | None:
        """The update that waits."""
        if self.shown:
            return self.shown.label
        return (self.named.name or self.named.id or None) if self.named else None

    @property
    def since(self) -> datetime | None:
        """Since when."""
        return self.named.since if self.named else None

    @property
    def troubles(self) -> list[str]:
        """Other trouble on the client, which the waiting does not explain."""
        found = []
        if self.failed is not None and not self.target.update:
            found.append("another-update-failed")
        if self.scans_fail:
            found.append("scan-fails-otherwise")
        return found

    @property
    def proof(self) -> tuple[Proof, ...]:
        """What tells of the waiting, else of its end."""
        found: list[Proof] = [*(self.shown.proof if self.shown else ())]
        if self.named:
            found += [self.named.events[0], *self.named.events[-2:]]
        if self.verdict:
            found.append(self.verdict)
        if not found:
            found += [one for one in (self.restarted, self.ended) if one] or list(self.keys)
        return tuple(dict.fromkeys(found)) if all(isinstance(one, Event) for one in found) else tuple(found)

    def marks(self) -> Iterable[Mark]:
        """The stage is not through before the restart."""
        bad = self.named.events[-1] if self.named and not self.denied else None
        good = newest([one for one in (self.restarted, self.ended) if isinstance(one, Event)])
        if bad or good:
            yield Mark(Stage.ENFORCEMENT, "restart", good, bad, bad is not None)


def _windows_keys(bundle: Bundle) -> Iterable[State]:
    wanted = {f"hklm\\{key}".lower() for key in _WINDOWS_KEYS}
    return (
        state
        for state in bundle.states("registry")
        if state.name.lower() in wanted and state.values.get("exists", True)
    )


def _is_over(
    event: Event,
    subject: str,
    told: list[tuple[Event, str]],
    done: list[tuple[Event, str]],
    restarts: list[Event],
    boot: tuple[State, datetime] | None,
) -> bool:
    """Whether the update is through, or the computer was restarted, after this line (or in a log that cannot tell)."""
    if boot and event.utc and boot[1] > event.utc:
        return True
    if any(one.after(event) is not False for one in restarts):
        return True
    return any(
        other.after(event) is not False
        for other, through in done
        if through == subject or (not subject and through not in {name for _, name in told if name})
    )


def _episodes(bundle: Bundle, standing: list[tuple[Event, str]]) -> tuple[Awaiting, ...]:
    titles = {update_id(one.fields["update"]): one.fields.get("title") for one in bundle.events("update-targeted")}
    found: dict[str, list[Event]] = {}
    for event, subject in standing:
        found.setdefault(subject, []).append(event)
    names = {subject: titles.get(subject) for subject in found}
    whole = [event for subject, events in found.items() if not names.get(subject) for event in events]
    episodes = [Awaiting(subject, names[subject], tuple(events)) for subject, events in found.items()]
    order = {event: index for index, event in enumerate(ordered(event for event, _ in standing))}
    # a deployment's word and a restart notice that name no update belong to whatever waits
    return tuple(
        msgspec.structs.replace(one, events=(*one.events, *[event for event in whole[-1:] if event not in one.events]))
        for one in sorted(episodes, key=lambda one: order[one.events[-1]])
    )


def _other_failure(installs: InstallHistory | None, waiting: set[str]) -> Failure | None:
    if installs is None:
        return None
    own = [one for one in installs.failures if one.subject not in waiting]
    return next((one for one in reversed(own) if not one.points_to("pending-restart-blocks")), None)


class RestartRefusals(Evidence, frozen=True):
    """Installations that were refused because a restart has to come first."""

    asks = "restart-state"

    refused: Failure | None
    row: Progress | None
    pending: PendingRestarts | None

    @classmethod
    def read(cls, bundle: Bundle) -> RestartRefusals | None:
        """None when nothing tells of installations or restarts."""
        installs = InstallHistory.read(bundle)
        pending = PendingRestarts.read(bundle)
        progress = UpdateProgress.read(bundle)
        rows = [one for one in progress.asked if one.error and _blocked(one.error)] if progress else []
        refused = installs.first_to("pending-restart-blocks") if installs else None
        if installs is None and pending is None and not rows:
            return None
        return cls(refused=refused, row=rows[-1] if rows else None, pending=pending)

    @property
    def error(self) -> HResult | None:
        """The code of the refusal."""
        return self.refused.error if self.refused else (self.row.error if self.row else None)

    @property
    def is_named(self) -> bool:
        """The code means this and nothing else."""
        return self.row is not None or (self.refused is not None and not self.refused.is_shared)

    @property
    def update(self) -> str | None:
        """The update that was refused, or that itself waits for the restart."""
        if self.refused:
            return self.refused.name
        hard = self.pending.hard if self.pending else None
        one = self.row or hard
        return one.label if one else None

    @property
    def since(self) -> datetime | None:
        """When."""
        return self.refused.when if self.refused else None

    @property
    def is_hard(self) -> bool:
        """The client says that a hard restart is pending."""
        return self.pending is not None and self.pending.is_hard

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The refusal, and the word of the client."""
        found: list[Proof] = [*(self.refused.proof if self.refused else ()), *(self.row.proof if self.row else ())]
        if self.pending:
            found += self.pending.hard.proof if self.pending.hard else ()
            found += [self.pending.verdict] if self.pending.verdict else []
            found += self.pending.keys
        return tuple(found) or (self.pending.proof if self.pending else ())


def _blocked(error: HResult) -> bool:
    return codes.points_to(error)[:1] == ("pending-restart-blocks",) and len(codes.points_to(error)) == 1


class RestartRequest(Evidence, frozen=True):
    """The newest restart that the updates' agent asked for, and what the restart coordinator made of it."""

    asks = "reboot-coordinator-log"

    asked: Event
    answer: Event | None
    moved: Event | None  # the countdown or the restart itself
    open_then: bool | None  # a window was open when it was asked for
    now: datetime | None

    @classmethod
    def read(cls, bundle: Bundle) -> RestartRequest | None:
        """None when RebootCoordinator.log holds no request."""
        asked = newest(bundle.events("restart-scheduled"))
        if asked is None:
            return None
        after = [one for one in bundle.events("restart-window-answer") if one.after(asked) is True]
        moved = bundle.events("restart-countdown", "restart-begun", "checked-after-restart")
        windows = MaintenanceWindows.read(bundle)
        return cls(
            asked=asked,
            answer=newest(after),
            moved=newest([one for one in moved if one.after(asked) is True]),
            open_then=windows.is_open if windows else None,
            now=bundle.now,
        )

    @property
    def without_time(self) -> bool:
        """It was asked for with no time at all: nothing will force it."""
        return self.asked.fields["by"] == "0"

    @property
    def is_refused(self) -> bool:
        """The windows do not allow it."""
        return self.answer is not None and self.answer.fields["answer"].strip().lower() != "allowed"

    @property
    def is_allowed(self) -> bool:
        """The windows allow it, or it is on its way."""
        return self.moved is not None or (self.answer is not None and not self.is_refused)

    @property
    def by(self) -> datetime | None:
        """The time by which it was asked for."""
        number = int(self.asked.fields["by"])
        return datetime.fromtimestamp(number, UTC) if number > 0 else None

    @property
    def is_due(self) -> bool | None:
        """Whether that time has come; None when it is not known."""
        return None if self.by is None or self.now is None else self.now >= self.by

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The request and its answer."""
        return tuple(one for one in (self.asked, self.answer, self.moved) if one)


class RestartByUser(Evidence, frozen=True):
    """A user's own decision to restart, as the notifications log it."""

    asks = "notification-log"

    chose: Event | None
    went: Event | None
    at: datetime | None
    now: datetime | None

    @classmethod
    def read(cls, bundle: Bundle) -> RestartByUser | None:
        """None when no user pressed the button."""
        chose, went = newest(bundle.events("user-chose-restart")), newest(bundle.events("user-restarts"))
        last = went or chose
        if last is None:
            return None
        when = last.record.when
        clock = LocalClock.of(bundle)
        at = last.utc or (clock.moment(when.local).exact if when else None)  # these logs state no zone
        return cls(chose=chose, went=went, at=at, now=bundle.now)

    @property
    def is_old(self) -> bool:
        """It lies more than a day back."""
        return self.at is not None and self.now is not None and self.now - self.at > _RECENT

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The button, and the restart that followed."""
        return tuple(one for one in (self.chose, self.went) if one)


class BitLockerPin(Evidence, frozen=True):
    """A restart after which the computer stayed away, and whether a PIN has to be typed at its start."""

    asks = "bitlocker-state"

    pin: Event
    begun: Event | None
    back: Event | None
    until: datetime | None

    @classmethod
    def read(cls, bundle: Bundle) -> BitLockerPin | None:
        """None when it is not known that a PIN is needed."""
        pin = newest(bundle.events("bitlocker-pin"))
        if pin is None:
            return None
        begun = newest(bundle.events("restart-begun"))
        back = [one for one in bundle.events("startup", "agent-starting", "bitlocker-resumed") if _later(one, begun)]
        return cls(pin=pin, begun=begun, back=back[0] if back else None, until=bundle.reading.last)

    @property
    def away(self) -> timedelta | None:
        """How long the computer stayed away after the restart."""
        begun, back = (one.utc if one else None for one in (self.begun, self.back))
        return back - begun if begun and back else None

    @property
    def stayed_away(self) -> bool:
        """Longer than a start takes."""
        return self.away is not None and self.away >= _LONG_START

    @property
    def hours(self) -> int | None:
        """In hours."""
        return int(self.away.total_seconds() // 3600) if self.away else None

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The protector, the restart and the return."""
        return tuple(one for one in (self.begun, self.back, self.pin) if one)


def _later(one: Event, than: Event | None) -> bool:
    return than is not None and one.after(than) is True
