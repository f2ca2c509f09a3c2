"""What keeps an update from being installed now: no maintenance window, or other work.

No current service window available to run updates assignment with time required = 600
This assignment ({GUID}) will be retried once the service window is available.

"time required = 1" is a probe that a healthy client makes at every start.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from ccmdoctor.evidence.base import Bundle, Evidence, Mark, Proof, code_of, newest, ordered
from ccmdoctor.evidence.enforcement import UpdateProgress, assignment_id, code_in, told_by_console, update_of, yes
from ccmdoctor.evidence.windows import MaintenanceWindows
from ccmdoctor.knowledge import codes
from ccmdoctor.model import Event, HResult, Stage

_PROBE = 1  # second
_CODED = (
    "assignment-job-error",
    "update-state-error",
    "software-center-error",
    "install-result",
    "install-finished",
)
_WORKING = ("update-installs", "update-pends", "update-executed", "event-install-started", "checked-after-restart")
_OF_WINDOWS = ("maintenance-window", "window-too-short")  # the ends of the causes' ids
# the number of the state "waiting for a maintenance window" of a deployment (topic 301) and of an update (402)
WINDOW_STATES = {"assignment-enforced": "10", "update-enforced": "4"}
_WORD = re.compile(r"[a-z]+")


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
