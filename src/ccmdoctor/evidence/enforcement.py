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

from ccmdoctor.evidence.base import Bundle, Evidence, Mark, Proof, Target, newest, ordered
from ccmdoctor.evidence.policy import newest_state
from ccmdoctor.evidence.windows import LocalClock, MaintenanceWindows, Moment, log_time
from ccmdoctor.knowledge import codes
from ccmdoctor.model import Event, HResult, Stage, State

# learn.microsoft.com/intune/configmgr/develop/reference/core/clients/sdk/ccm_softwareupdate-client-wmi-class
_STATES = ["none", "available", "submitted", "detecting", "pre-download", "downloading", "wait-install", "installing", "pending-soft-reboot", "pending-hard-reboot", "wait-reboot", "verifying", "install-complete", "error", "wait-service-window", "wait-user-logon", "wait-user-logoff", "wait-job-user-logon", "wait-user-reconnect", "pending-user-logoff", "pending-update", "waiting-retry", "wait-pres-mode-off", "wait-for-orchestration"]
_KNOWN = {name.replace("-", ""): name for name in _STATES}
IDLE = ("none", "available", "wait-install")
_SHORTEST = 300  # seconds; no run time below five minutes can be set, so a smaller number counts minutes
_PROBE = 1  # second
_RANDOM = timedelta(hours=2)
_GRACE = timedelta(hours=120)
_CODED = ("assignment-job-error", "update-state-error", "software-center-error", "install-result", "install-finished")
_WORKING = ("update-installs", "update-pends", "update-executed", "event-install-started", "checked-after-restart")
_WORD = re.compile(r"[a-z]+")


def update_id(text: str) -> str:
    """The last GUID of ``Site_GUID/SUM_GUID``, in lower case."""
    return text.strip("(){} ").lower().rpartition("sum_")[2]


def assignment_id(event: Event) -> str:
    """The deployment that a line names, or nothing."""
    return event.fields.get("assignment", "").strip("(){} ").lower()


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
        return self.name or (f"KB{self.article}" if self.article.isdigit() else self.article or self.id or None)


class UpdateProgress(Evidence, frozen=True):
    """The state of each deployed update: what Software Center shows (CCM_SoftwareUpdate), else UpdatesDeployment.log."""

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
    def idle(self) -> Progress | None:
        """One that is offered and not at work."""
        return self.held(*IDLE)

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


USER_STATES = (
    "wait-user-logon",
    "wait-user-logoff",
    "wait-job-user-logon",
    "wait-user-reconnect",
    "pending-user-logoff",
)


def _of_row(row: State, clock: LocalClock) -> Progress:
    values = row.values
    number = str(values.get("evaluationstate"))
    state = _STATES[int(number)] if number.isdigit() and int(number) < len(_STATES) else ""
    seconds = str(values.get("maxexecutiontime"))
    run_time = int(seconds) if seconds.isdigit() and int(seconds) else None
    return Progress(
        id=update_id(str(values.get("updateid") or "")),
        state=state,
        name=str(values.get("name") or "") or None,
        article=str(values.get("articleid") or ""),
        proof=(row,),
        deadline=clock.stated(values.get("deadline")),
        run_time=run_time * 60 if run_time and run_time < _SHORTEST else run_time,
        error=HResult.parse(str(values.get("errorcode") or "")),
    )


def _of_log(bundle: Bundle) -> Iterable[Progress]:
    titles = {update_id(event.fields["update"]): event.fields for event in bundle.events("update-targeted")}
    last: dict[str, Progress] = {}
    prefixes = {"update-waits": "wait", "update-pends": "pending", "update-installs": "install"}
    for event in bundle.events(*prefixes, "update-state-error"):
        id = update_id(event.fields["update"])
        word = prefixes.get(event.id, "") + event.fields.get("state", "").lower()
        state = _KNOWN.get(word, "error" if event.id == "update-state-error" else "")
        about = titles.get(id, {})
        last.pop(id, None)
        last[id] = Progress(id, state, about.get("title"), about.get("article", ""), (event,))
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
    """The deployments on the client with deadline and behaviour (CCM_UpdateCIAssignment, Scheduler.log)."""

    asks = "assignment-details"

    deployments: tuple[Deadline, ...]
    random: Event | None
    fixed: Event | None
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
            rows = list(_planned(planned, clock))
        acted = bundle.events("deadline-fired", "deadline-received")
        held = {assignment_id(one) for one in bundle.events("update-targeted") if _is_asked(one, bundle.target)}
        found = cls(
            deployments=tuple(rows),
            random=newest([one for one in planned if one.fields["how"].lower() == "with"]),
            fixed=newest([one for one in planned if one.fields["how"].lower() == "without"]),
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
        named = [
            one
            for one in self.deployments
            if one.id in self.held_by or self.target.names(one.name, one.id, one.contents)
        ]
        return tuple(named) or self.deployments

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
    def acted(self) -> bool:
        """The deadline's message was delivered after the newest plan for it."""
        plan = newest(ordered(one for one in (self.random, self.fixed) if one))
        return self.fired is not None and (plan is None or self.fired.after(plan) is not False)

    @property
    def overriding(self) -> Deadline | None:
        """A deployment that may be installed or restart outside of windows."""
        return next((one for one in self.wanted if one.ignores_windows or one.restarts_any_time), None)

    @property
    def suppressing(self) -> Deadline | None:
        """A deployment that suppresses the restart on this kind of computer, or on both."""
        return next((one for one in self.wanted if self._suppresses(one)), None)

    def _suppresses(self, one: Deadline) -> bool:
        if not one.suppresses:
            return False
        return True if self.server is None else bool(one.suppresses & (2 if self.server else 1))

    @property
    def suppresses_for_sure(self) -> bool:
        """The kind of computer is known, or both kinds are suppressed."""
        one = self.suppressing
        return one is not None and (self.server is not None or one.suppresses == 3)

    @property
    def tells_suppression(self) -> bool:
        """Whether the property is stated."""
        return any(one.suppresses is not None for one in self.wanted)

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The rows or lines."""
        return tuple(proof for one in self.wanted[:3] for proof in one.proof)


def _is_asked(event: Event, target: Target) -> bool:
    return target.names(event.fields.get("title"), event.fields.get("article"), event.fields["update"])


def _is_server(bundle: Bundle) -> bool | None:
    system = newest_state(bundle.states("wmi", "Win32_OperatingSystem"))
    if system is None:
        return None
    kind = str(system.values.get("producttype"))
    if kind.isdigit():
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
        suppresses=int(suppress) if suppress.isdigit() else None,
        contents=str(values.get("assignedcis") or ""),
    )


def _planned(events: Iterable[Event], clock: LocalClock) -> Iterable[Deadline]:
    last: dict[str, Deadline] = {}
    for event in events:
        at = log_time(event.fields["fires"])
        bias = event.record.when.bias if event.record.when else None
        here = LocalClock(bias) if bias is not None else clock
        last[assignment_id(event)] = Deadline(assignment_id(event), None, (event,), here.moment(at) if at else None)
    return last.values()


class WindowWait(Evidence, frozen=True):
    """Whether updates wait for a maintenance window now, and how much time they need."""

    asks = "evaluation-log"

    waits: tuple[Proof, ...]
    seconds: int | None
    since: datetime | None
    assignment: str | None
    update: str | None
    code: HResult | None
    ended: Proof | None

    @classmethod
    def read(cls, bundle: Bundle) -> WindowWait | None:
        """None when the client says nothing of waiting or of work."""
        told = _waits(bundle)
        work = _work(bundle)
        standing = [one for one in told if not _followed(one, work)]
        progress = UpdateProgress.read(bundle)
        held = progress.held("wait-service-window") if progress else None
        coded = _held_by_code(bundle, work)
        rows = list(held.proof) if held else []
        proof = (*_newest_of_each(standing), *rows, *((coded,) if coded else ()))
        if not (proof or told or work or progress):
            return None
        needed = [int(one.fields["seconds"]) for one in standing if one.id == "no-window-now"]
        named = [one.fields["assignment"] for one in standing if one.fields.get("assignment")]
        return cls(
            waits=proof,
            seconds=needed[-1] if needed else (held.run_time if held else None),
            since=next((one.utc for one in standing if one.utc), None),
            assignment=named[-1].strip("()") if named else None,
            update=held.label if held else None,
            code=HResult.parse(coded.fields.get("error", "")) if coded else None,
            ended=newest(work) or (progress.proof[0] if progress and progress.proof else None),
        )

    @property
    def stands(self) -> bool:
        """Something waits for a window."""
        return bool(self.waits)

    @property
    def minutes(self) -> int | None:
        """Minutes that the waiting update may run."""
        return None if self.seconds is None else -(-self.seconds // 60)

    @property
    def subject(self) -> str | None:
        """What waits."""
        return self.update or self.assignment

    @property
    def by_code_alone(self) -> bool:
        """Only an error code tells of it."""
        return self.code is not None and len(self.waits) == 1

    def points_first_to(self, cause: str) -> bool:
        """Whether the code means first this cause."""
        return self.code is not None and codes.points_to(self.code)[:1] == (cause,)

    def points_to(self, cause: str) -> bool:
        """Whether the code may mean this cause."""
        return self.code is not None and cause in codes.points_to(self.code)

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The waiting, else what shows that nothing waits."""
        return self.waits or ((self.ended,) if self.ended else ())

    def marks(self) -> Iterable[Mark]:
        """Waiting for a window holds the stage."""
        events = [one for one in self.waits if isinstance(one, Event)]
        yield Mark(
            Stage.ENFORCEMENT,
            "window",
            self.ended if not self.waits else None,
            (events or list(self.waits))[-1] if self.waits else None,
            self.stands,
        )


def _waits(bundle: Bundle) -> list[Event]:
    """Lines that say that real work waits for a window."""
    found: list[Event] = []
    for event in bundle.events("no-window-now", "no-window", "assignment-waits-for-window"):
        if event.id != "no-window-now" or int(event.fields["seconds"]) > _PROBE:
            found.append(event)
    count = 0
    for event in bundle.events("updates-attempted", "nothing-to-install", "updates-postponed"):
        if event.id == "updates-attempted":
            count = int(event.fields["count"])
        elif event.id == "nothing-to-install":
            count = 0
        elif count:
            found.append(event)
    windows = MaintenanceWindows.read(bundle)
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


def _held_by_code(bundle: Bundle, work: list[Event]) -> Event | None:
    """The newest code that says that no window allows it."""
    for event in reversed(bundle.events(*_CODED)):
        code = HResult.parse(event.fields.get("error", ""))
        named = codes.points_to(code) if code else ()
        if any(cause.endswith(("maintenance-window", "window-too-short")) for cause in named):
            return None if _followed(event, work) else event
    return None


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

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The check and its result."""
        return tuple(one for one in (self.looked, self.off) if one)


class WindowOverride(Evidence, frozen=True):
    """Signs that a deployment was installed or restarts without regard to maintenance windows."""

    asks = "evaluation-log"

    restart: Event | None
    obeys: Event | None
    job: Event | None
    modified: Event | None
    deployment: Deadline | None
    tells: Proof | None

    @classmethod
    def read(cls, bundle: Bundle) -> WindowOverride | None:
        """None when neither the logs nor the deployments tell of it."""
        notified = newest(bundle.events("restart-notified"))
        job = newest(bundle.events("download-override"))
        times = DeploymentTimes.read(bundle)
        told = [one for one in times.deployments if one.ignores_windows is not None] if times else []
        ignores = notified is not None and yes(notified.fields["ignore"]) is True
        found = cls(
            restart=notified if ignores else None,
            obeys=notified if notified is not None and not ignores else None,
            job=job if job is not None and yes(job.fields["override"]) else None,
            modified=newest(bundle.events("deployment-modified")),
            deployment=times.overriding if times else None,
            tells=notified or job or (told[0].proof[0] if told else None),
        )
        return found if found.tells else None

    @property
    def signs(self) -> int:
        """How many different signs there are."""
        return sum(1 for one in (self.restart, self.job, self.deployment) if one)

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The signs, else what denies it."""
        found = [one for one in (self.restart, self.job, self.modified) if one]
        rows = self.deployment.proof if self.deployment else ()
        return (*found, *rows) or ((self.tells,) if self.tells else ())
