"""Restarts that are due: updates that wait for one, and installations that were refused because of one.

Update (Site_GUID/SUM_GUID) Progress: Status = ciStatePendingSoftReboot, PercentComplete = 0, Result = 0x0
201 [AGENT_INSTALLING_PENDING]  101  {GUID}  200  240005  CcmExec  Success
RebootPending       : True
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ccmdoctor.evidence.base import Bundle, Evidence, Mark, Proof, Target, newest, ordered
from ccmdoctor.evidence.enforcement import Progress, UpdateProgress, code_in, yes
from ccmdoctor.evidence.install import Failure, InstallHistory
from ccmdoctor.evidence.restart_course import BLOCKS, UNNAMED, Awaiting, RestartCourse, Told, troubles
from ccmdoctor.knowledge import codes
from ccmdoctor.model import Event, HResult, Stage, State

_WINDOWS_KEYS = (
    r"SOFTWARE\Microsoft\Windows\CurrentVersion\WindowsUpdate\Auto Update\RebootRequired",
    r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending",
)
_RENAMES = (r"SYSTEM\CurrentControlSet\Control\Session Manager", "PendingFileRenameOperations")


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
        course = bundle.once(RestartCourse.of)
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
            others=troubles(bundle, (about for _, about in standing)),
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
        return self.shown is not None or any(event.id not in UNNAMED for event in told)

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
        stated = newest([one for one in bundle.events("enforcement-code") if code_in(one, BLOCKS)])
        if installs is None and pending is None and not rows and stated is None:
            return None
        refused = installs.first_to(BLOCKS) if installs else None
        course = bundle.once(RestartCourse.of)
        if stated and (refused or course.restarted_after(stated) or _through_since(stated, course.done)):
            stated = None
        return cls(
            refused=refused,
            stated=stated,
            unclear=installs.to(BLOCKS) if installs and not refused else None,
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
        told = failed.error if failed else (code_in(self.stated, BLOCKS) if self.stated else None)
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
    return codes.points_to(error) == (BLOCKS,)
