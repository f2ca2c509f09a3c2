"""When an update may be installed: deadlines, randomization and grace periods of deployments.

CCM_UpdateCIAssignment states them, Scheduler.log plans them, and Software Center shows them for each update.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from ccmdoctor.evidence.base import Bundle, Evidence, Proof, Target, newest, plain_id
from ccmdoctor.evidence.enforcement import assignment_id, yes
from ccmdoctor.evidence.windows import LocalClock, Moment, log_time
from ccmdoctor.model import Event, State

_RANDOM = timedelta(hours=2)
_GRACE = timedelta(hours=120)


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
        clock = bundle.once(LocalClock.of)
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
