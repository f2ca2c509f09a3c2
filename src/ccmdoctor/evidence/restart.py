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

from ccmdoctor.evidence.base import Bundle, Evidence, Mark, Proof, Target, code_of, newest, ordered
from ccmdoctor.evidence.enforcement import (
    Deadline,
    DeploymentTimes,
    Progress,
    UpdateProgress,
    assignment_id,
    code_in,
    download_fails,
    mp_fails,
    told_by_console,
    update_of,
    yes,
)
from ccmdoctor.evidence.install import Failure, InstallHistory
from ccmdoctor.evidence.scan import ScanHistory
from ccmdoctor.evidence.windows import LocalClock, MaintenanceWindows
from ccmdoctor.formats.clock import mof_instant
from ccmdoctor.knowledge import codes
from ccmdoctor.model import Event, HResult, Stage, State

_WINDOWS_KEYS = (
    r"SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired",
    r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending",
)
_RENAMES = (r"SYSTEM\CurrentControlSet\Control\Session Manager", "PendingFileRenameOperations")
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
_UNNAMED = (
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
_RESTARTED = ("checked-after-restart", "restart-begun", "user-restarts")
_UPDATES_AGENT = "updatesdeploymentagent"
_BLOCKS = "pending-restart-blocks"
_RECENT = timedelta(days=1)
_BOTH_KINDS = 3  # workstations and servers
_LONG_START = timedelta(hours=1)  # nobody's computer takes that long to come up by itself
# what a user restarts a computer with; the notifications of the client are among them
_SHELL = (
    "explorer.exe",
    "runtimebroker.exe",
    "shellexperiencehost.exe",
    "startmenuexperiencehost.exe",
    "winlogon.exe",
    "scclient.exe",
    "scnotification.exe",
    "sctoastnotification.exe",
)

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


def _awaits(event: Event, kind: str = "soft") -> str | None:
    """What waits for this kind of restart by this line: an id, nothing (not named), or None when it says otherwise."""
    if event.id in _UNNAMED:
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


class _Course:
    """The lines about restarts in their order: what waited, what got through, and when the computer was restarted."""

    def __init__(self, bundle: Bundle) -> None:
        lines = bundle.events(*_AWAITING)
        self.soft: list[Told] = [(event, about) for event in lines if (about := _awaits(event)) is not None]
        self.soft += [(event, "") for event in told_by_console(bundle, "console-waits-for-restart")]
        ended = newest(ordered(bundle.events(*_OF_WINDOWS)))
        required = bundle.events("system-restart-required")
        self.soft += [(event, "") for event in required if not (ended and ended.after(event) is True)]
        self.soft = _in_order([*self.soft, *_coded(bundle)])
        self.hard: list[Told] = [(event, about) for event in lines if (about := _awaits(event, "hard")) is not None]
        ends = bundle.events(*_DONE, *_STORE)
        self.done: list[Told] = [(event, about) for event in ends if (about := _done(event)) is not None]
        self.restarts = list({event.log: event for event in bundle.events(*_RESTARTED)}.values())  # newest of each log
        self.boot = _boot(bundle)
        self._clock = LocalClock.of(bundle)
        self.titles: dict[str, str | None] = {}
        self._deployments: dict[str, set[str]] = {}
        for one in bundle.events("update-targeted"):
            id = update_of(one)
            self.titles[id] = one.fields.get("title")
            self._deployments.setdefault(id, set()).add(assignment_id(one))
        self._groups = {assignment_id(event) for event, _ in self.soft if event.id == "assignment-enforced"}

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
        mine = self._deployments.get(one[1]) or self._groups or deployments
        return any(_since(one[0], deployments.get(group)) for group in mine)

    def restarted_after(self, event: Event) -> bool:
        """Whether the computer was restarted after this line, or in a log that cannot tell."""
        if self.boot and event.utc and self.boot[1] > event.utc:
            return True
        return any(self.follows(one, event) is not False for one in self.restarts)

    def at(self, event: Event) -> datetime | None:
        """The instant of an event (UTC); the notification logs state no zone, so theirs is taken from other logs."""
        when = event.record.when
        return event.utc or (self._clock.moment(when.local).exact if when else None)

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


def _troubles(bundle: Bundle, waiting: Iterable[str] = ()) -> tuple[str, ...]:
    """What else is wrong, which neither a restart nor the wait for one explains."""
    found = []
    installs, scans = bundle.evidence(InstallHistory), bundle.evidence(ScanHistory)
    known = set(waiting)
    failed = [one for one in installs.failures if one.subject not in known] if installs else []
    if any(not one.points_to(_BLOCKS) for one in failed):
        found.append("another-update-failed")
    if scans is not None and scans.attempts and not scans.latest.succeeded:
        found.append("scan-fails-otherwise")
    if download_fails(bundle):
        found.append("download-fails-first")
    if mp_fails(bundle):
        found.append("mp-fails-first")
    return tuple(found)


class PendingRestarts(Evidence, frozen=True):
    """Updates that are installed and wait for a restart."""

    asks = "restart-state"

    waiting: tuple[Awaiting, ...]
    restarted: Proof | None
    shown: Progress | None  # Software Center shows it so
    hard: Progress | Awaiting | None
    verdict: State | None
    keys: tuple[State, ...]
    renames: State | None
    deadline: str | None  # as the log words it, local time
    others: tuple[str, ...]
    ended: Proof | None
    target: Target

    @classmethod
    def read(cls, bundle: Bundle) -> PendingRestarts | None:
        """None when nothing tells of a restart or of the end of an installation."""
        course = _Course(bundle)
        progress = bundle.evidence(UpdateProgress)
        rows = progress if progress and progress.listed else None
        verdict = newest(
            [row for row in bundle.states("wmi", "CCM_ClientUtilities") if row.values.get("rebootpending") is not None]
        )
        keys = tuple(_windows_keys(bundle))
        renames = bundle.registry(*_RENAMES)
        if not (course.soft or course.hard or course.done or course.restarts or rows or verdict or keys or renames):
            return None
        standing, hard = course.standing(course.soft), course.episodes(course.standing(course.hard))
        notice = newest([event for event, _ in standing if event.id == "restart-notified"])
        boot = course.boot[0] if course.boot and course.soft and not standing else None
        return cls(
            waiting=course.episodes(standing),
            restarted=newest(course.restarts) or boot,
            shown=rows.held("pending-soft-reboot", "wait-reboot") if rows else None,
            hard=(rows.held("pending-hard-reboot") if rows else None) or (hard[-1] if hard else None),
            verdict=verdict,
            keys=keys,
            renames=renames if renames and renames.values.get("value") else None,
            deadline=notice.fields["deadline"] if notice else None,
            others=_troubles(bundle, (about for _, about in standing)),
            ended=newest(ordered(event for event, _ in course.done))
            or (rows.proof[0] if rows and rows.proof else None),
            target=bundle.target,
        )

    @property
    def named(self) -> Awaiting | None:
        """The update that waits: the one that was asked for, else the newest."""
        found = list(self.waiting)
        if self.target.update:
            found = [one for one in found if self.target.names(one.name, one.id) or not one.name]
        return found[-1] if found else None

    @property
    def awaits(self) -> bool:
        """An update waits for a restart."""
        return (self.named is not None or self.shown is not None) and not self.denied

    @property
    def is_certain(self) -> bool:
        """The wait is stated for an update or a deployment, not only by a notice that a restart is due."""
        told = self.named.events if self.named else ()
        return self.shown is not None or any(event.id not in _UNNAMED for event in told)

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
        return not self.denied and (
            self.hard is not None
            or (self.verdict is not None and yes(self.verdict.values.get("ishardrebootpending")) is True)
        )

    @property
    def is_known(self) -> bool:
        """Windows or the client states that a restart is due."""
        return self.said or self.is_hard or bool(self.keys)

    @property
    def update(self) -> str | None:
        """The update that waits."""
        if self.shown:
            return self.shown.label
        return self.named.label if self.named else None

    @property
    def since(self) -> datetime | None:
        """Since when."""
        return self.named.since if self.named else None

    @property
    def facts(self) -> dict[str, object]:
        """What is known of the waiting."""
        return {"update": self.update, "waiting_since": self.since, "deadline": self.deadline}

    @property
    def troubles(self) -> tuple[str, ...]:
        """Other trouble on the client; it does not matter for an update that was asked for by name."""
        return () if self.target.update else self.others

    @property
    def proof(self) -> tuple[Proof, ...]:
        """What tells of the waiting, else of its end."""
        found: list[Proof] = [*(self.shown.proof if self.shown else ()), *(self.named.proof if self.named else ())]
        found += [self.verdict] if self.verdict else []
        return tuple(found or [one for one in (self.restarted, self.ended) if one] or self.keys)

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
        if state.name.lower() in wanted and state.values.get("@", "") is not None
    )


class RestartRefusals(Evidence, frozen=True):
    """Installations that were refused because a restart has to come first."""

    asks = "restart-state"

    refused: Failure | None  # the code points first to a restart that is due
    unclear: Failure | None  # it may mean that, and means other things first
    row: Progress | None
    stated: Event | None  # such a code was passed on by other words than those of an installation
    restarted: Proof | None
    through: Event | None  # the same update got in after the refusal
    pending: PendingRestarts | None
    succeeded: Proof | None

    @classmethod
    def read(cls, bundle: Bundle) -> RestartRefusals | None:
        """None when nothing tells of installations or restarts."""
        installs = bundle.evidence(InstallHistory)
        pending = bundle.evidence(PendingRestarts)
        progress = bundle.evidence(UpdateProgress)
        shown = progress.asked if progress and progress.listed else ()
        rows = [one for one in shown if one.error and _blocked(one.error)]
        stated = newest([one for one in bundle.events("enforcement-code") if code_in(one, _BLOCKS)])
        if installs is None and pending is None and not rows and stated is None:
            return None
        refused = installs.first_to(_BLOCKS) if installs else None
        course = _Course(bundle)
        if stated and (refused or course.restarted_after(stated) or _through_since(stated, course.done)):
            stated = None
        return cls(
            refused=refused,
            stated=stated,
            unclear=installs.to(_BLOCKS) if installs and not refused else None,
            row=rows[-1] if rows else None,
            restarted=pending.restarted if pending and refused and course.restarted_after(refused.last) else None,
            through=_through(refused, course.done) if refused else None,
            pending=pending,
            succeeded=installs.succeeded if installs else None,
        )

    @property
    def is_refused(self) -> bool:
        """An installation was refused with a code that points to a restart that is due, and none followed."""
        stands = self.restarted is None and self.through is None
        return self.row is not None or self.stated is not None or (self.refused is not None and stands)

    @property
    def is_own(self) -> bool:
        """The code means this and nothing else."""
        own = self.refused is not None and not self.refused.is_shared
        return self.row is not None or self.stated is not None or own

    @property
    def is_known(self) -> bool:
        """The client or Windows says that a restart is due."""
        return self.pending is not None and self.pending.is_known

    @property
    def is_hard(self) -> bool:
        """The client says that a hard restart is pending."""
        return self.pending is not None and self.pending.is_hard

    @property
    def renames(self) -> bool:
        """Files wait to be renamed at the next start, which many programs leave behind."""
        return self.pending is not None and self.pending.renames is not None

    @property
    def error(self) -> HResult | None:
        """The code of the refusal."""
        failed = self.refused or (self.unclear if self.is_known else None)
        told = failed.error if failed else (code_in(self.stated, _BLOCKS) if self.stated else None)
        return self.row.error if self.row else told

    @property
    def update(self) -> str | None:
        """The update that was refused, or that itself waits for the restart."""
        hard = self.pending.hard if self.pending else None
        failed = self.refused or self.unclear
        one = self.row or hard
        return one.label if one else (failed.name if failed else None)

    @property
    def since(self) -> datetime | None:
        """When."""
        failed = self.refused or self.unclear
        return failed.when if failed else None

    @property
    def facts(self) -> dict[str, object]:
        """What is known of it."""
        return {"update": self.update, "error": self.error, "waiting_since": self.since}

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The refusal, and the word of the client and of Windows."""
        found: list[Proof] = []
        for one in (self.refused or self.unclear, self.row, self.pending.hard if self.pending else None):
            found += one.proof if one else ()
        found += [self.stated] if self.stated else []
        if self.pending:
            found += [self.pending.verdict] if self.pending.verdict else []
            found += [*self.pending.keys, *([self.pending.renames] if self.pending.renames else [])]
        return tuple(
            found or ([self.succeeded] if self.succeeded else ()) or (self.pending.proof if self.pending else ())
        )


def _through(refused: Failure, done: list[Told]) -> Event | None:
    """The end of the update that was refused, or of any when a whole job was."""
    own = [event for event, about in done if not refused.subject or about == refused.subject]
    return newest([event for event in own if event.after(refused.last) is not False])


def _through_since(event: Event, done: list[Told]) -> bool:
    return any(end.after(event) is True for end, _ in done)


def _blocked(error: HResult) -> bool:
    return codes.points_to(error) == (_BLOCKS,)


class RestartRequest(Evidence, frozen=True):
    """The newest restart that the updates' agent asked for, and what the restart coordinator made of it."""

    asks = "reboot-coordinator-log"

    asked: Event
    answer: Event | None
    moved: Proof | None  # the countdown, the restart itself, or the start after it
    free: Proof | None  # what says that it needs no window
    now: datetime | None
    others: tuple[str, ...]

    @classmethod
    def read(cls, bundle: Bundle) -> RestartRequest | None:
        """None when RebootCoordinator.log holds no request of the updates' agent."""
        course = _Course(bundle)
        asked = newest([one for one in bundle.events("restart-scheduled") if _awaits(one) is not None])
        if asked is None:
            return None
        after = [one for one in bundle.events("restart-window-answer") if one.after(asked) is True]
        moved = [one for one in bundle.events("restart-countdown", *_RESTARTED) if one.after(asked) is not False]
        boot = course.boot[0] if course.boot and course.restarted_after(asked) else None
        notice = newest(bundle.events("restart-notified"))
        times = bundle.evidence(DeploymentTimes)
        any_time = [one for one in times.wanted if one.restarts_any_time] if times else []
        return cls(
            asked=asked,
            answer=newest(after),
            moved=newest(moved) or boot,
            free=notice if notice and _ignores(notice) else (any_time[-1].proof[0] if any_time else None),
            now=bundle.now,
            others=_troubles(bundle),
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
        return datetime.fromtimestamp(number, UTC) if 0 < number < 2**32 else None

    @property
    def by_when(self) -> datetime | None:
        """The same, where it is not the moment of the request itself."""
        asked = self.asked.utc
        return None if self.by and asked and abs(self.by - asked) < timedelta(minutes=1) else self.by

    @property
    def is_due(self) -> bool | None:
        """Whether that time has come; None when it is not known."""
        return None if self.by is None or self.now is None else self.now >= self.by

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The request and its answer."""
        return tuple(one for one in (self.asked, self.answer, self.moved) if one)


def _ignores(notice: Event) -> bool:
    return yes(notice.fields["ignore"]) is True


class RestartSuppression(Evidence, frozen=True):
    """Whether the deployments suppress the restart on this computer (SuppressReboot of CCM_UpdateCIAssignment)."""

    asks = "assignment-details"

    deployment: Deadline | None
    is_sure: bool  # it is the deployment of the update that waits, or all do so, and it holds for this kind of computer
    proof: tuple[Proof, ...]

    @classmethod
    def read(cls, bundle: Bundle) -> RestartSuppression | None:
        """None when no deployment states it."""
        times = bundle.evidence(DeploymentTimes)
        told = [one for one in times.wanted if one.suppresses is not None] if times else []
        if times is None or not told:
            return None
        waiting = {about for _, about in _Course(bundle).soft}
        own = {assignment_id(one) for one in bundle.events("update-targeted") if update_of(one) in waiting}
        concerned = [one for one in told if one.id in own | waiting] or told
        doing = [one for one in concerned if _suppresses(one, server=times.server)]
        deployment = doing[-1] if doing else None
        known = deployment is not None and (times.server is not None or deployment.suppresses == _BOTH_KINDS)
        shown = doing or concerned
        return cls(
            deployment=deployment,
            is_sure=known and len(doing) == len(concerned),
            proof=tuple(proof for one in shown[-2:] for proof in one.proof),
        )


def _suppresses(one: Deadline, *, server: bool | None) -> bool:
    if not one.suppresses:
        return False
    return True if server is None else bool(one.suppresses & (2 if server else 1))


class WindowOverride(Evidence, frozen=True):
    """Signs that a deployment is installed or restarts without regard to maintenance windows."""

    asks = "evaluation-log"

    restart: Event | None  # the restart will ignore windows
    job: Event | None  # the job for updates ignores them
    deployment: Deadline | None  # so does the deployment's policy
    modified: Event | None
    tells: Proof
    finished: Event | None
    restricts: bool | None  # windows restrict updates on this client at all
    others: tuple[str, ...]

    @classmethod
    def read(cls, bundle: Bundle) -> WindowOverride | None:
        """None when neither the logs nor the deployments tell of it."""
        notice, job = newest(bundle.events("restart-notified")), newest(bundle.events("download-override"))
        times = bundle.evidence(DeploymentTimes)
        told = [one for one in times.wanted if one.ignores_windows is not None] if times else []
        free = [one for one in told if one.ignores_windows or one.restarts_any_time]
        tells = notice or job or (told[0].proof[0] if told else None)
        if tells is None:
            return None
        last = newest(ordered(one for one in (notice, job) if one))
        course, windows = _Course(bundle), bundle.evidence(MaintenanceWindows)
        ends = [*(event for event, _ in course.done), *course.restarts]
        return cls(
            restart=notice if notice and _ignores(notice) else None,
            job=job if job and yes(job.fields["override"]) else None,
            deployment=free[-1] if free else None,
            modified=newest(bundle.events("deployment-modified")),
            tells=tells,
            finished=newest(ordered(one for one in ends if last and one.after(last) is True)),
            restricts=windows.restrict if windows else None,
            others=_troubles(bundle),
        )

    @property
    def logged(self) -> int:
        """How many different lines of the logs say so."""
        return sum(1 for one in (self.restart, self.job) if one)

    @property
    def signs(self) -> int:
        """The same with the deployment's own policy."""
        return self.logged + (self.deployment is not None)

    @property
    def deadline(self) -> str | None:
        """When the restart is due, as the log words it (local time)."""
        return self.restart.fields["deadline"] if self.restart else None

    @property
    def subject(self) -> str | None:
        """The deployment, where it is known."""
        if self.deployment:
            return self.deployment.label
        return self.modified.fields["assignment"].strip("()") if self.modified else None

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The signs, else what denies it."""
        found: list[Proof] = [one for one in (self.restart, self.job, self.modified) if one]
        found += self.deployment.proof if self.deployment else ()
        return tuple(found or [self.tells])


class RestartByUser(Evidence, frozen=True):
    """The newest restart whose origin is logged: by a user, as the notifications log it, or as Windows does."""

    asks = "notification-log"

    chose: Event | None
    went: Event | None
    system: Event | None  # Windows' own word, the newest
    awaited: Event | None  # a notice of the client before it that a restart is due
    finished: Event | None  # the updates were through after it
    others: tuple[str, ...]
    at: datetime | None
    now: datetime | None

    @classmethod
    def read(cls, bundle: Bundle) -> RestartByUser | None:
        """None when nothing tells who restarted the computer."""
        chose, went = newest(bundle.events("user-chose-restart")), newest(bundle.events("user-restarts"))
        system = newest([one for one in bundle.events("restart-initiated") if one.fields.get("user")])
        last = went or chose or system
        if last is None:
            return None
        course = _Course(bundle)
        through = [*(event for event, _ in course.done), *bundle.events("checked-after-restart")]
        return cls(
            chose=chose,
            went=went,
            system=system,
            awaited=newest([event for event, _ in course.soft if course.follows(last, event) is not False]),
            finished=newest(ordered(one for one in through if course.follows(one, last) is True)),
            others=_troubles(bundle),
            at=course.at(last),
            now=bundle.now,
        )

    @property
    def is_told(self) -> bool:
        """The notifications say that a user pressed the button."""
        return self.chose is not None or self.went is not None

    @property
    def by_shell(self) -> bool:
        """Windows names a person and a program by which people restart."""
        if self.system is None:
            return False
        process = self.system.fields["process"].lower().split(" (")[0].replace("/", "\\").rpartition("\\")[2]
        account = self.system.fields["user"].strip().upper()
        return process in _SHELL and not account.startswith("NT AUTHORITY\\")

    @property
    def user(self) -> str | None:
        """The account, where Windows names it."""
        return self.system.fields["user"].strip() if self.system and self.by_shell else None

    @property
    def is_old(self) -> bool:
        """It lies more than a day back."""
        return self.at is not None and self.now is not None and self.now - self.at > _RECENT

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The button, and the restart that followed."""
        return tuple(one for one in (self.chose, self.went, self.system) if one)


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
