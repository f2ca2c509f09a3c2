"""How a restart comes about or not: who asked for it, whether windows allow it, who did it, whether it came back.

Entered ScheduleRebootImpl - requested from 'UpdatesDeploymentAgent'. set Rebootby = 1589774990.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ccmdoctor.evidence.base import Bundle, Evidence, Proof, newest, ordered
from ccmdoctor.evidence.deployment_times import Deadline, DeploymentTimes
from ccmdoctor.evidence.enforcement import assignment_id, update_of, yes
from ccmdoctor.evidence.restart_course import RESTARTED, RestartCourse, awaits, troubles
from ccmdoctor.evidence.windows import MaintenanceWindows
from ccmdoctor.model import Event

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
        course = bundle.once(RestartCourse.of)
        asked = newest([one for one in bundle.events("restart-scheduled") if awaits(one) is not None])
        if asked is None:
            return None
        after = [one for one in bundle.events("restart-window-answer") if one.after(asked) is True]
        moved = [one for one in bundle.events("restart-countdown", *RESTARTED) if one.after(asked) is not False]
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
            others=troubles(bundle),
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
        waiting = {about for _, about in bundle.once(RestartCourse.of).soft}
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
        course, windows = bundle.once(RestartCourse.of), bundle.evidence(MaintenanceWindows)
        ends = [*(event for event, _ in course.done), *course.restarts]
        return cls(
            restart=notice if notice and _ignores(notice) else None,
            job=job if job and yes(job.fields["override"]) else None,
            deployment=free[-1] if free else None,
            modified=newest(bundle.events("deployment-modified")),
            tells=tells,
            finished=newest(ordered(one for one in ends if last and one.after(last) is True)),
            restricts=windows.restrict if windows else None,
            others=troubles(bundle),
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
        course = bundle.once(RestartCourse.of)
        through = [*(event for event, _ in course.done), *bundle.events("checked-after-restart")]
        return cls(
            chose=chose,
            went=went,
            system=system,
            awaited=newest([event for event, _ in course.soft if course.follows(last, event) is not False]),
            finished=newest(ordered(one for one in through if course.follows(one, last) is True)),
            others=troubles(bundle),
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
