"""When an update may be installed, and what it waits for: deadlines, windows, other work, users.

Update (Site_GUID/SUM_GUID) Progress: Status = ciStateWaitServiceWindow, PercentComplete = 0, Result = 0x0
No current service window available to run updates assignment with time required = 600
This assignment ({GUID}) will be retried once the service window is available.

The newest word of each update decides. "time required = 1" is a probe that a healthy client makes at every start.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from ccmdoctor.evidence.base import Bundle, Evidence, Mark, Proof, Target, code_of, newest, ordered, plain_id
from ccmdoctor.evidence.content import ContentChecks, Downloads
from ccmdoctor.evidence.install import InstallHistory
from ccmdoctor.evidence.management_point import ManagementPointTraffic
from ccmdoctor.evidence.scan import ScanHistory
from ccmdoctor.evidence.transfer import Transfers
from ccmdoctor.evidence.windows import LocalClock, MaintenanceWindows, Moment, log_time
from ccmdoctor.knowledge import codes
from ccmdoctor.model import Event, HResult, Stage, State

# learn.microsoft.com/intune/configmgr/develop/reference/core/clients/sdk/ccm_softwareupdate-client-wmi-class
_STATES = [
    "none", "available", "submitted", "detecting", "pre-download", "downloading", "wait-install", "installing",
    "pending-soft-reboot", "pending-hard-reboot", "wait-reboot", "verifying", "install-complete", "error",
    "wait-service-window", "wait-user-logon", "wait-user-logoff", "wait-job-user-logon", "wait-user-reconnect",
    "pending-user-logoff", "pending-update", "waiting-retry", "wait-pres-mode-off", "wait-for-orchestration",
]  # fmt: skip
_KNOWN = {name.replace("-", ""): name for name in _STATES}
IDLE = ("none", "available", "wait-install")
_AT_WORK = ("installing", "pending-soft-reboot", "pending-hard-reboot", "wait-reboot", "verifying", "install-complete")
_SHORTEST = 300  # seconds; no run time below five minutes can be set, so a smaller number counts minutes
_PROBE = 1  # second
_NO_LOCK = "0"
_RANDOM = timedelta(hours=2)
_GRACE = timedelta(hours=120)
_CODED = (
    "assignment-job-error",
    "update-state-error",
    "software-center-error",
    "install-result",
    "install-finished",
)
_WORKING = ("update-installs", "update-pends", "update-executed", "event-install-started", "checked-after-restart")
_OF_WINDOWS = ("maintenance-window", "window-too-short")  # the ends of the causes' ids
_WORD = re.compile(r"[a-z]+")
_CODE = re.compile(r"(?<![\w-])(?:0x[0-9a-f]{8}|-?\d{10}|[0-9a-f]{8})(?!\w)", re.IGNORECASE)


def update_of(event: Event) -> str:
    """The update that a line names, or nothing: many are pasted without their beginning."""
    return plain_id(event.fields.get("update", ""))


def assignment_id(event: Event) -> str:
    """The deployment that a line names, or nothing."""
    return event.fields.get("assignment", "").strip("(){} ").lower()


def code_in(event: Event, *causes: str) -> HResult | None:
    """The code of a line, else the first in its text, that may come from one of these causes (or ends of their ids)."""
    told = [event.fields.get("error", ""), *_CODE.findall(event.record.text)]
    found = (HResult.parse(one) for one in told)
    return next((one for one in found if one and any(to.endswith(causes) for to in codes.points_to(one))), None)


def told_by_console(bundle: Bundle, id: str) -> list[Event]:
    """What the console or Software Center says of the state of a deployment; a list of all states says nothing."""
    lists = {one.record.place.file for one in bundle.events("console-waits-for-window")}
    lists &= {one.record.place.file for one in bundle.events("console-waits-for-restart")}
    return [one for one in bundle.events(id) if one.record.place.file not in lists]


def yes(value: object) -> bool | None:
    """A switch in WMI or in a log; None when it is not stated."""
    word = str(value).strip().lower()
    return True if word in ("true", "1", "-1") else False if word in ("false", "0") else None


class Progress(msgspec.Struct, frozen=True):
    """Where one update stands, by the client's own word. ``state`` is a name of the state without ``ciState``."""

    id: str
    state: str
    name: str | None
    article: str
    proof: tuple[Proof, ...]
    deadline: Moment | None = None
    run_time: int | None = None  # seconds
    error: HResult | None = None

    @property
    def when(self) -> datetime | None:
        """When it came into this state (UTC), from a log."""
        last = self.proof[-1]
        return last.utc if isinstance(last, Event) else None

    @property
    def label(self) -> str | None:
        """The update, as well as it is known."""
        return self.name or (f"KB{self.article}" if self.article.isdecimal() else self.article or self.id or None)


class UpdateProgress(Evidence, frozen=True):
    """The state of each deployed update: what Software Center shows (CCM_SoftwareUpdate), else what the log says."""

    asks = "software-center-updates"

    updates: tuple[Progress, ...]
    target: Target
    listed: bool

    @classmethod
    def read(cls, bundle: Bundle) -> UpdateProgress | None:
        """None when neither the class was listed nor the log tells of an update's progress."""
        rows = bundle.states("wmi", "CCM_SoftwareUpdate")
        clock = LocalClock.of(bundle)
        found = [_of_row(row, clock) for row in rows] if rows else list(_of_log(bundle))
        return cls(updates=tuple(found), target=bundle.target, listed=bool(rows)) if found else None

    @property
    def asked(self) -> tuple[Progress, ...]:
        """The updates that the user asked about, else all."""
        named = tuple(one for one in self.updates if self.target.names(one.name, one.article, one.id))
        return named if self.target.update else self.updates

    def held(self, *states: str) -> Progress | None:
        """The newest of them in one of these states."""
        return next((one for one in reversed(self.asked) if one.state in states), None)

    @property
    def is_past_waiting(self) -> bool:
        """Software Center shows them all at work or done."""
        return self.listed and bool(self.asked) and all(one.state in _AT_WORK for one in self.asked)

    @property
    def at_work(self) -> Progress | None:
        """One that is being installed, or is in."""
        return self.held(*_AT_WORK)

    @property
    def idle(self) -> Progress | None:
        """One that is offered and not at work, when none failed."""
        return None if self.held("error") else self.held(*IDLE)

    @property
    def offered(self) -> Progress | None:
        """One that Software Center offers and nobody has started, when none failed."""
        return self.held("none", "available") if self.listed and not self.held("error") else None

    @property
    def _failed(self) -> Progress | None:
        """One that ended with an error which no other stage has as its own."""
        failed = self.held("error")
        own = failed and failed.error and codes.lookup(failed.error).stage in (Stage.CONTENT, Stage.INSTALL)
        return None if own else failed

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The rows or lines."""
        return tuple(one.proof[-1] for one in self.asked[:3])

    def marks(self) -> Iterable[Mark]:
        """Work is good; waiting for somebody or something else than the machine itself is not."""
        good = self.held("installing", "install-complete", "verifying")
        bad = self.held("wait-service-window", "wait-for-orchestration", "wait-pres-mode-off", *USER_STATES)
        if good or bad:
            yield Mark(
                Stage.ENFORCEMENT,
                "progress",
                good.proof[-1] if good else None,
                bad.proof[-1] if bad else None,
                bad is not None,
            )
        if self._failed is not None:
            yield Mark(Stage.INSTALL, "progress", None, self._failed.proof[-1], True)


class GroupTurn(Evidence, frozen=True):
    """Whether updates wait for the lock of a server group or an orchestration group.

    Their states tell it, else the newest word of UpdatesDeployment.log about the lock.
    """

    asks = "software-center-updates"

    progress: UpdateProgress | None
    lock: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> GroupTurn | None:
        """None when neither the states of updates nor a lock is told."""
        told = bundle.events("group-lock", "group-turn-awaited")
        lock = newest(ordered([*told, *(bundle.events("group-turn-given") if told else ())]))
        progress = bundle.evidence(UpdateProgress)
        return cls(progress=progress, lock=lock) if progress or lock else None

    @property
    def held(self) -> Progress | None:
        """The newest update that waits."""
        return self.progress.held("wait-for-orchestration") if self.progress else None

    @property
    def awaited(self) -> Event | None:
        """The line that says that the client waits for its turn, when no update is at work."""
        if self.lock is None or (self.progress and self.progress.at_work):
            return None
        waits = self.lock.id == "group-turn-awaited" or self.lock.fields.get("state") == _NO_LOCK
        return self.lock if waits else None

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The states, else the newest line."""
        if self.progress:
            return self.progress.proof
        return (self.lock,) if self.lock else ()


USER_STATES = (
    "wait-user-logon",
    "wait-user-logoff",
    "wait-job-user-logon",
    "wait-user-reconnect",
    "pending-user-logoff",
)


def _state(told: str) -> str:
    """A state by its number or, as scripts and tools print it, by its name with or without ``ciJobState``."""
    if told.isdecimal():
        return _STATES[int(told)] if int(told) < len(_STATES) else ""
    return _KNOWN.get(told.lower().removeprefix("cijobstate").removeprefix("cistate"), "")


def _of_row(row: State, clock: LocalClock) -> Progress:
    values = row.values
    state = _state(str(values.get("evaluationstate")))
    seconds = str(values.get("maxexecutiontime"))
    run_time = int(seconds) if seconds.isdecimal() and int(seconds) else None
    return Progress(
        id=plain_id(str(values.get("updateid") or "")),
        state=state,
        name=str(values.get("name") or "") or None,
        article=str(values.get("articleid") or ""),
        proof=(row,),
        deadline=clock.stated(values.get("deadline")),
        run_time=run_time * 60 if run_time and run_time < _SHORTEST else run_time,
        error=HResult.parse(str(values.get("errorcode") or "")),
    )


def _of_log(bundle: Bundle) -> Iterable[Progress]:
    titles = {update_of(event): event.fields for event in bundle.events("update-targeted")}
    last: dict[str, Progress] = {}
    prefixes = {"update-waits": "wait", "update-pends": "pending", "update-installs": "install"}
    for event in bundle.events(*prefixes, "update-state-error"):
        id = update_of(event)
        word = prefixes.get(event.id, "") + event.fields.get("state", "").lower()
        state = _KNOWN.get(word, "error" if event.id == "update-state-error" else "")
        about = titles.get(id, {})
        last.pop(id, None)
        code = code_of(event)
        last[id] = Progress(id, state, about.get("title"), about.get("article", ""), (event,), error=code)
    return last.values()


class Deadline(msgspec.Struct, frozen=True):
    """One deployment with what decides about its time."""

    id: str
    name: str | None
    proof: tuple[Proof, ...]
    at: Moment | None = None
    open_ended: bool = False  # it states that it has no deadline
    grace: bool | None = None  # users may delay it up to the grace period of client settings
    ignores_windows: bool | None = None
    restarts_any_time: bool | None = None
    suppresses: int | None = None  # bit 0 workstations, bit 1 servers
    contents: str = ""

    @property
    def label(self) -> str | None:
        """Its name, else its id."""
        return self.name or (f"{{{self.id.upper()}}}" if self.id else None)


class DeploymentTimes(Evidence, frozen=True):
    """The deployments on the client with deadline and behaviour (CCM_UpdateCIAssignment, Scheduler.log).

    Without them, the deadlines that Software Center shows for each update (CCM_SoftwareUpdate).
    """

    asks = "assignment-details"

    deployments: tuple[Deadline, ...]
    plans: tuple[Event, ...]
    fired: Event | None
    now: datetime | None
    target: Target
    held_by: frozenset[str]
    server: bool | None

    @classmethod
    def read(cls, bundle: Bundle) -> DeploymentTimes | None:
        """None when no deployment with any of these properties is known."""
        clock = LocalClock.of(bundle)
        rows = [_deployment(row, clock) for row in bundle.states("wmi", "CCM_UpdateCIAssignment")]
        planned = bundle.events("deadline-scheduled")
        if not rows:
            rows = list(_planned(planned, clock)) or [_shown(row, clock) for row in _with_deadline(bundle)]
        acted = bundle.events("deadline-fired", "deadline-received")
        held = {assignment_id(one) for one in bundle.events("update-targeted") if _is_asked(one, bundle.target)}
        found = cls(
            deployments=tuple(rows),
            plans=tuple(planned),
            fired=newest(acted),
            now=bundle.now,
            target=bundle.target,
            held_by=frozenset(held),
            server=_is_server(bundle),
        )
        return found if rows else None

    @property
    def wanted(self) -> tuple[Deadline, ...]:
        """The deployments with the update that the user asked about; all when none can be told."""
        return tuple(one for one in self.deployments if self._is_named(one)) or self.deployments

    def _is_named(self, one: Deadline) -> bool:
        return one.id in self.held_by or self.target.names(one.name, one.id, one.contents)

    @property
    def is_told(self) -> bool:
        """Whether the deadlines are stated at all, be it as empty."""
        return any(one.at or one.open_ended for one in self.wanted)

    @property
    def ahead(self) -> Deadline | None:
        """The first deadline to come, when no other is past."""
        dated = [one for one in self.wanted if one.at]
        if not dated or not all(one.at and one.at.is_after(self.now) for one in dated):
            return None
        return min(dated, key=lambda one: one.at.earliest if one.at else datetime.max)

    @property
    def open_ended(self) -> Deadline | None:
        """A deployment without a deadline, when none of those asked for has one."""
        told = [one for one in self.wanted if one.at or one.open_ended]
        return told[-1] if told and all(one.open_ended for one in told) else None

    @property
    def passed(self) -> tuple[Deadline, ...]:
        """Deployments whose deadline is surely over."""
        return tuple(one for one in self.wanted if one.at and one.at.is_before(self.now))

    @property
    def just_passed(self) -> Deadline | None:
        """One whose deadline passed within the time over which clients spread themselves."""
        return next((one for one in reversed(self.passed) if self._age(one) <= _RANDOM), None)

    @property
    def delayed(self) -> Deadline | None:
        """One whose deadline passed within the longest grace period, and which grants one."""
        return next((one for one in reversed(self.passed) if one.grace and self._age(one) <= _GRACE), None)

    @property
    def grants_grace(self) -> bool | None:
        """Whether one of them grants a grace period; None when that is not stated."""
        told = [one.grace for one in self.wanted if one.grace is not None]
        return any(told) if told else None

    def _age(self, one: Deadline) -> timedelta:
        return self.now - one.at.latest if one.at and self.now else timedelta.max

    @property
    def acted(self) -> Event | None:
        """The message for the deadline of what was asked for, when it was delivered after the newest plan for it."""
        ids = {one.id for one in self.wanted}
        known = self.fired is not None and (
            not ids or assignment_id(self.fired) in ids or not assignment_id(self.fired)
        )
        plan = newest(self.plans)
        return self.fired if known and self.fired and (plan is None or self.fired.after(plan) is not False) else None

    def plan_of(self, one: Deadline | None) -> Event | None:
        """The newest plan for the deadline of a deployment; with its time, and whether that was randomized."""
        return newest([plan for plan in self.plans if one is None or assignment_id(plan) == one.id])

    @property
    def can_be_dated(self) -> bool:
        """Whether past and future of the deadlines can be told."""
        return self.now is not None and any(one.at for one in self.wanted)

    @property
    def is_asked(self) -> bool:
        """The user asked about an update, and one of the deployments holds it."""
        return self.target.update is not None and any(self._is_named(one) for one in self.deployments)

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The rows or lines."""
        return tuple(proof for one in self.wanted[:3] for proof in one.proof)


def is_random(plan: Event | None) -> bool:
    """Whether a plan says that its time was randomized."""
    return plan is not None and plan.fields["how"].lower() == "with"


def _is_asked(event: Event, target: Target) -> bool:
    return target.names(event.fields.get("title"), event.fields.get("article"), event.fields.get("update"))


def _is_server(bundle: Bundle) -> bool | None:
    system = newest(bundle.states("wmi", "Win32_OperatingSystem"))
    if system is None:
        return None
    kind = str(system.values.get("producttype"))
    if kind.isdecimal():
        return kind != "1"
    words = str(system.values.get("caption") or "")
    return "server" in words.lower() if words else None


def _deployment(row: State, clock: LocalClock) -> Deadline:
    values = row.values
    stated = values.get("enforcementdeadline")
    suppress = str(values.get("suppressreboot"))
    return Deadline(
        id=str(values.get("assignmentid") or "").strip("{} ").lower(),
        name=str(values.get("assignmentname") or "") or None,
        proof=(row,),
        at=clock.stated(stated, utc=yes(values.get("usegmttimes"))),
        open_ended="enforcementdeadline" in values and not stated,
        grace=yes(values.get("softdeadlineenabled")),
        ignores_windows=yes(values.get("overrideservicewindows")),
        restarts_any_time=yes(values.get("rebootoutsideofservicewindows")),
        suppresses=int(suppress) if suppress.isdecimal() else None,
        contents=str(values.get("assignedcis") or ""),
    )


def _with_deadline(bundle: Bundle) -> list[State]:
    return [row for row in bundle.states("wmi", "CCM_SoftwareUpdate") if "deadline" in row.values]


def _shown(row: State, clock: LocalClock) -> Deadline:
    """One update as Software Center lists it, for want of its deployment."""
    values = row.values
    stated = values.get("deadline")
    return Deadline(
        id=plain_id(str(values.get("updateid") or "")),
        name=str(values.get("name") or "") or None,
        proof=(row,),
        at=clock.stated(stated),
        open_ended=not stated,
        ignores_windows=yes(values.get("overrideservicewindows")),
        restarts_any_time=yes(values.get("rebootoutsideservicewindows")),
        contents=str(values.get("articleid") or ""),
    )


def _planned(events: Iterable[Event], clock: LocalClock) -> Iterable[Deadline]:
    last: dict[str, Deadline] = {}
    for event in events:
        at = log_time(event.fields["fires"])
        bias = event.record.when.bias if event.record.when else None
        here = LocalClock(bias) if bias is not None else clock
        last[assignment_id(event)] = Deadline(assignment_id(event), None, (event,), here.moment(at) if at else None)
    return last.values()


class GracePeriod(Evidence, frozen=True):
    """Whether users may delay a deployment whose deadline has passed, up to the grace period of client settings."""

    asks = "assignment-details"

    times: DeploymentTimes | None
    said: State | None  # the client says that it is in a grace period, and not in that of a restart
    denied: State | None

    @classmethod
    def read(cls, bundle: Bundle) -> GracePeriod | None:
        """None when neither deployments nor the client tell of one."""
        times = bundle.evidence(DeploymentTimes)
        row = newest(bundle.states("wmi", "CCM_ClientUtilities"))
        within = yes(row.values.get("ingraceperiod")) if row else None
        restart = yes(row.values.get("rebootpending")) if row else None
        if times is None and (within is None or restart):
            return None
        return cls(
            times=times,
            said=row if within and not restart else None,
            denied=row if within is False else None,
        )

    @property
    def is_granted(self) -> bool | None:
        """Whether one of the deployments grants it; None when that is not stated."""
        return self.times.grants_grace if self.times else None

    @property
    def delayed(self) -> Deadline | None:
        """A deployment within it."""
        return self.times.delayed if self.times else None

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The deployment, and the word of the client."""
        rows = self.delayed.proof if self.delayed else (self.times.proof if self.times else ())
        return (*([self.said] if self.said else []), *([self.denied] if self.denied else []), *rows[:3])


class EarlierTrouble(Evidence, frozen=True):
    """Trouble on the client that comes before any waiting, and which the waiting does not explain."""

    asks = "scan-history"

    keys: tuple[str, ...]

    @classmethod
    def read(cls, bundle: Bundle) -> EarlierTrouble | None:
        """None when nothing fails that the client tells of."""
        scans = bundle.evidence(ScanHistory)
        failing = {
            "mp-fails-first": mp_fails(bundle),
            "scan-fails-first": scans is not None and bool(scans.attempts) and not scans.latest.succeeded,
            "download-fails-first": download_fails(bundle),
            "install-fails-first": _install_fails(bundle),
        }
        keys = tuple(key for key, fails in failing.items() if fails)
        return cls(keys) if keys else None


def mp_fails(bundle: Bundle) -> bool:
    """The management point does not answer: for longer than a working client fails now and then, where times tell."""
    traffic = bundle.evidence(ManagementPointTraffic)
    last = traffic.current if traffic else None
    return traffic is not None and last is not None and (traffic.lasting or last.when is None)


def download_fails(bundle: Bundle) -> bool:
    """A download failed and was not repeated with success. Nothing of that matters to an update asked for by name."""
    if bundle.target.update:
        return False
    kinds = (bundle.evidence(Downloads), bundle.evidence(ContentChecks), bundle.evidence(Transfers))
    marks = [mark for kind in kinds if kind is not None for mark in kind.marks()]
    return any(mark.stage is Stage.CONTENT and mark.failing for mark in marks)


def _install_fails(bundle: Bundle) -> bool:
    """An update failed to install, and not because it had to wait."""
    installs = bundle.evidence(InstallHistory)
    failed = installs.failures if installs else ()
    if bundle.target.update:
        failed = tuple(one for one in failed if bundle.target.names(one.name, one.subject))
    return any(codes.lookup(one.error).stage != Stage.ENFORCEMENT for one in failed)


class WindowWait(Evidence, frozen=True):
    """Whether updates wait for a maintenance window now, and how much time they need."""

    asks = "evaluation-log"

    waits: tuple[Proof, ...]
    told: bool  # in words, not by an error code only
    seconds: int | None
    since: datetime | None
    assignment: str | None
    update: str | None
    code: HResult | None
    ended: Proof | None

    @classmethod
    def read(cls, bundle: Bundle) -> WindowWait | None:
        """None when the client says nothing of waiting or of work."""
        windows, progress = bundle.evidence(MaintenanceWindows), bundle.evidence(UpdateProgress)
        told = _waits(bundle, windows)
        work = _work(bundle)
        held = progress.held("wait-service-window") if progress else None
        past = progress is not None and progress.is_past_waiting
        standing = [one for one in told if not past and not _followed(one, work)]
        code, coded = _held_by_code(bundle, progress, [] if past else work)
        rows = held.proof if held else ()
        if not (standing or rows or coded or told or work or progress):
            return None
        asked = windows.refused.seconds if windows and windows.refused and windows.refused.asked in standing else None
        needed = [int(one.fields["seconds"]) for one in standing if one.id == "no-window-now"]
        named = [one.fields["assignment"] for one in standing if one.fields.get("assignment")]
        return cls(
            waits=(*_newest_of_each(standing), *rows, *((coded,) if coded else ())),
            told=bool(standing or rows),
            seconds=needed[-1] if needed else (held.run_time if held else None) or asked,
            since=next((one.utc for one in standing if one.utc), None),
            assignment=named[-1].strip("()") if named else None,
            update=held.label if held else (_only_update_of(bundle, named[-1]) if named else None),
            code=code,
            ended=newest(work) or (progress.proof[0] if progress and progress.proof else None),
        )

    @property
    def stands(self) -> bool:
        """Something waits for a window."""
        return bool(self.waits)

    @property
    def says_none(self) -> Proof | None:
        """The line that says that no window is available, and not only none at present."""
        return next((one for one in self.waits if isinstance(one, Event) and one.id == "no-window"), None)

    @property
    def minutes(self) -> int | None:
        """Minutes that the waiting update may run."""
        return None if self.seconds is None else -(-self.seconds // 60)

    @property
    def subject(self) -> str | None:
        """What waits."""
        return self.update or self.assignment

    def points_to(self, cause: str) -> bool:
        """Whether the code may mean this cause."""
        return self.code is not None and cause in codes.points_to(self.code)

    def points_first_to(self, cause: str) -> bool:
        """Whether the code means first this cause, and otherwise other trouble with windows."""
        named = codes.points_to(self.code) if self.code else ()
        return named[:1] == (cause,) and all(one.endswith(_OF_WINDOWS) for one in named)

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The waiting, else what shows that nothing waits."""
        return self.waits or ((self.ended,) if self.ended else ())

    def marks(self) -> Iterable[Mark]:
        """Waiting for a window holds the stage."""
        events = [one for one in self.waits if isinstance(one, Event)]
        bad: Proof | None = events[-1] if events else (self.waits[-1] if self.waits else None)
        yield Mark(Stage.ENFORCEMENT, "window", None if self.stands else self.ended, bad, self.stands)


def _only_update_of(bundle: Bundle, assignment: str) -> str | None:
    """The title of the update of a deployment that holds one only."""
    wanted = assignment.strip("(){} ").lower()
    listed = [one for one in bundle.events("update-targeted") if assignment_id(one) == wanted]
    updates = {update_of(one) for one in listed}
    return listed[-1].fields.get("title") if len(updates) == 1 else None


# the number of the state "waiting for a maintenance window" of a deployment (topic 301) and of an update (402)
WINDOW_STATES = {"assignment-enforced": "10", "update-enforced": "4"}


def _waits(bundle: Bundle, windows: MaintenanceWindows | None) -> list[Event]:
    """Lines that say that real work waits for a window."""
    found = [
        event
        for event in bundle.events("no-window-now", "no-window", "assignment-waits-for-window")
        if event.id != "no-window-now" or int(event.fields["seconds"]) > _PROBE
    ]
    found += told_by_console(bundle, "console-waits-for-window")
    found += [one for one in bundle.events(*WINDOW_STATES) if one.fields.get("number") == WINDOW_STATES[one.id]]
    count = 0
    for event in bundle.events("updates-attempted", "nothing-to-install", "updates-postponed"):
        if event.id == "updates-attempted":
            count = int(event.fields["count"])
        elif event.id == "nothing-to-install":
            count = 0
        elif count:
            found.append(event)
    if windows and windows.refused:
        found.append(windows.refused.asked)
    return ordered(found)


def _work(bundle: Bundle) -> list[Event]:
    """Lines that say that installing has begun or is done."""
    found = bundle.events(*_WORKING)
    for event in bundle.events("assignment-enforced", "assignment-compliance"):
        state = event.fields.get("state", "").upper()
        if state in ("SUCCESS", "PENDING_REBOOT", "INSTALLING") or yes(event.fields.get("compliant")):
            found.append(event)
    return ordered(found)


def _followed(wait: Event, work: list[Event]) -> bool:
    """Whether work of the same deployment, or work that names none, comes after it."""
    mine = assignment_id(wait)
    for event in reversed(work):
        other = assignment_id(event)
        if (not mine or not other or mine == other) and event.after(wait) is True:
            return True
    return False


def _newest_of_each(events: list[Event]) -> tuple[Event, ...]:
    return tuple({event.id: event for event in events}.values())


def _held_by_code(
    bundle: Bundle, progress: UpdateProgress | None, work: list[Event]
) -> tuple[HResult | None, Proof | None]:
    """The newest code that says that no window allows it, and where it stands."""
    for event in reversed(bundle.events(*_CODED)):
        code = code_of(event)
        if code and _is_of_windows(code):
            return (None, None) if _followed(event, work) else (code, event)
    for one in reversed(progress.asked if progress else ()):
        if one.error and _is_of_windows(one.error):
            return one.error, one.proof[-1]
    for event in reversed(bundle.events("enforcement-code")):
        code = code_in(event, *_OF_WINDOWS)
        if code:
            return (None, None) if _followed(event, work) else (code, event)
    return None, None


def _is_of_windows(code: HResult) -> bool:
    return any(cause.endswith(_OF_WINDOWS) for cause in codes.points_to(code))


class OtherWork(Evidence, frozen=True):
    """Tasks that the maintenance coordinator has let start and that have not ended."""

    asks = "maintenance-coordinator-log"

    running: tuple[Event, ...]
    ended: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> OtherWork | None:
        """None when MaintenanceCoordinator.log tells of no task."""
        runs: dict[str, Event] = {}
        ended = None
        agents: dict[str, str] = {}
        events = bundle.events("task-queued", "task-runs", "task-gone")
        for event in events:
            task = event.fields["task"].strip("'\"").lower()
            if event.id == "task-queued":
                agents[task] = event.fields["agent"]
            elif event.id == "task-runs":
                if "agent" not in event.fields and task in agents:
                    event.fields["agent"] = agents[task]
                runs[task] = event
            else:
                ended = event
                runs.pop(task, None)
        return cls(running=tuple(runs.values()), ended=ended or newest(events)) if events else None

    @property
    def foreign(self) -> Event | None:
        """The newest of them that is not of software updates."""
        return newest([one for one in self.running if not _of_updates(one.fields.get("agent", ""))])

    @property
    def agent(self) -> str | None:
        """The agent whose task runs."""
        return self.foreign.fields.get("agent") if self.foreign else None

    @property
    def since(self) -> datetime | None:
        """Since when."""
        return self.foreign.utc if self.foreign else None

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The task, or the end of the last one."""
        last = self.foreign or self.ended
        return (last,) if last else ()


def _of_updates(agent: str) -> bool:
    return "update" in "".join(_WORD.findall(agent.lower()))


class PresentationMode(Evidence, frozen=True):
    """Whether the agent found presentation mode off when it looked. That it looks is nothing special."""

    asks = "evaluation-log"

    looked: Event | None
    off: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> PresentationMode | None:
        """None when the agent did not look."""
        found = cls(
            looked=newest(bundle.events("presentation-mode-checked")),
            off=newest(bundle.events("presentation-mode-off")),
        )
        return found if found.looked or found.off else None

    def ended_after(self, waiting: Progress) -> bool:
        """Whether it was found off after an update began to wait for its end."""
        last = waiting.proof[-1]
        return self.off is not None and isinstance(last, Event) and self.off.after(last) is True

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The check and its result."""
        return tuple(one for one in (self.looked, self.off) if one)
