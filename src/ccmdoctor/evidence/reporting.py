"""What becomes of a finished update in the console: reported, processed and summarised, or not; and who installed it.

Successfully forwarded State Messages to the MP
TopicType : 500   StateID : 3   MessageSent : False
Task 'SUM Assignment Compliance Evaluator' completed successfully after running for 15 seconds, with status 8.
183 [AGENT_INSTALLING_SUCCEEDED] ... UpdateOrchestrator Success ... following update: 2025-03 Cumulative ...
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from ccmdoctor.evidence.applicability import ReportedCodes
from ccmdoctor.evidence.base import Bundle, Evidence, Mark, Proof, newest
from ccmdoctor.evidence.updates import UpdateState, UpdateStates
from ccmdoctor.formats.clock import mof_instant
from ccmdoctor.model import Event, HResult, Stage, State

_CYCLE = timedelta(hours=1)  # messages are sent every 15 minutes
_MANY = 3
_DEPLOYMENTS = "assignment compliance"
_CLIENT = "ccmexec"
_TITLE = re.compile(r"following update:\s*(.+?)\s*$", re.IGNORECASE | re.MULTILINE)
_RESTART = re.compile(r"Reboot Required\?\s*(Yes|No)", re.IGNORECASE)


class StateMessages(Evidence, frozen=True):
    """State messages of the client: which wait to be sent (``CCM_StateMsg``), and when the last were forwarded."""

    asks = "state-messages"

    unsent: tuple[State, ...]
    sent: tuple[State, ...]
    forwarded: Event | None
    failed: Event | None
    now: datetime | None

    @classmethod
    def read(cls, bundle: Bundle) -> StateMessages | None:
        """None when neither the class nor the log tells of it."""
        rows = bundle.states("wmi", "CCM_StateMsg")
        told = bundle.evidence(ReportedCodes)
        found = cls(
            unsent=tuple(row for row in rows if not _is(row, "messagesent")),
            sent=tuple(row for row in rows if _is(row, "messagesent")),
            forwarded=newest(bundle.events("state-messages-forwarded")),
            failed=told.pointing_to("state-messages-not-sent") if told else None,
            now=bundle.now,
        )
        return found if rows or found.forwarded or found.failed else None

    @property
    def waiting(self) -> tuple[State, ...]:
        """Unsent messages that more than one cycle has passed over; without a time they count when they are many."""
        old = [row for row in self.unsent if (age := self._age(row)) is not None and age > _CYCLE]
        timeless = [row for row in self.unsent if self._age(row) is None]
        return (*old, *(timeless if len(timeless) >= _MANY else ()))

    def _age(self, row: State) -> timedelta | None:
        at = mof_instant(str(row.values.get("messagetime") or ""))
        return self.now - at.utc if at and at.utc and self.now else None

    @property
    def is_dated(self) -> bool:
        """The age of what waits is known."""
        return any(self._age(row) is not None for row in self.waiting)

    @property
    def count(self) -> int:
        """How many messages wait."""
        return len(self.unsent)

    def marks(self) -> Iterable[Mark]:
        """Reporting."""
        good = self.forwarded or newest(self.sent)
        bad = newest(self.waiting) or self.failed
        if good or bad:
            yield Mark(Stage.REPORTING, "state-messages", good, bad, bool(self.waiting))


def _is(row: State, name: str) -> bool:
    value = row.values.get(name)
    return value is True or str(value).lower() in ("true", "1")


class Summaries(Evidence, frozen=True):
    """When the client last reported, and when the site last summed deployments up (StateMessage.log, statesys.log)."""

    asks = "summary-log"

    summed: Event
    reported: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> Summaries | None:
        """None when the site's log tells of no summary of deployments."""
        told = [one for one in bundle.events("summary-done") if _DEPLOYMENTS in one.fields["task"].lower()]
        last = newest(told)
        return cls(summed=last, reported=newest(bundle.events("state-messages-forwarded"))) if last else None

    @property
    def is_older(self) -> bool | None:
        """Whether the summary is older than the newest report; None when the two cannot be ordered."""
        return self.reported.after(self.summed) if self.reported else None

    @property
    def gap(self) -> timedelta | None:
        """The time from the summary to the report."""
        if self.reported is None or self.reported.utc is None or self.summed.utc is None:
            return None
        return self.reported.utc - self.summed.utc

    @property
    def is_normal(self) -> bool:
        """The summary runs every hour: up to two hours are nothing but the schedule."""
        return self.gap is not None and timedelta(0) < self.gap <= 2 * _CYCLE


class RepeatedNeed(Evidence, frozen=True):
    """An update whose installation ended well and that is found missing afterwards."""

    asks = "install-and-scan"

    success: Event | None
    missing: UpdateState | None
    reported: Event | None
    known: bool

    @classmethod
    def read(cls, bundle: Bundle) -> RepeatedNeed | None:
        """None when no installation ended well, and no code says that an update is still needed."""
        told = bundle.evidence(ReportedCodes)
        good = [one for one in bundle.events("install-finished", "event-install-succeeded") if _went_well(one)]
        reported = told.pointing_to("false-success-ssu-only") if told else None
        if not good and not reported:
            return None
        updates = bundle.evidence(UpdateStates)
        states = {one.id: one for one in updates.updates} if updates else {}
        for event in reversed(good):
            state = states.get(event.fields["update"].strip("(){} ").lower())
            if state and state.missing and _later(state, event):
                return cls(success=event, missing=state, reported=reported, known=True)
        return cls(success=newest(good), missing=None, reported=reported, known=bool(states))

    @property
    def wants_restart(self) -> bool | None:
        """Whether the installation asked for a restart; None when the line does not say."""
        found = _RESTART.search(self.success.record.text) if self.success else None
        return found[1].lower() == "yes" if found else None

    @property
    def title(self) -> str | None:
        """The title of the update, where known."""
        return (self.missing.title or self.missing.id) if self.missing else None

    @property
    def error(self) -> HResult | None:
        """The code that says that the update is still needed."""
        return HResult.parse(self.reported.fields.get("error", "")) if self.reported else None

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The success, what contradicts it, and the code."""
        contradiction = self.missing.proof if self.missing else ()
        return tuple(one for one in (self.success, *contradiction, self.reported) if one is not None)


def _went_well(event: Event) -> bool:
    if event.id == "event-install-succeeded":
        return _CLIENT in event.fields["caller"].lower()
    code = HResult.parse(event.fields["error"])
    return code is not None and code.ok


def _later(state: UpdateState, event: Event) -> bool:
    """Whether the state is newer than the installation; rows are as old as the evidence, so they are."""
    return all(not isinstance(one, Event) or one.after(event) is True for one in state.proof)


class ForeignInstalls(Evidence, frozen=True):
    """Updates of Windows that somebody else than the ConfigMgr client installed (ReportingEvents.log)."""

    asks = "reporting-events"

    foreign: tuple[Event, ...]
    own: Event | None
    target: str | None

    @classmethod
    def read(cls, bundle: Bundle) -> ForeignInstalls | None:
        """None when no installation of a Windows update is told."""
        told = [one for one in bundle.events("event-install-succeeded") if _title(one)]
        of_windows = [one for one in told if UpdateState("", _title(one) or "", "", "", ()).of_windows]
        asked = [one for one in of_windows if bundle.target.names(_title(one))]
        kept = asked or of_windows
        found = cls(
            foreign=tuple(one for one in kept if _CLIENT not in one.fields["caller"].lower()),
            own=newest([one for one in bundle.events("event-install-succeeded") if _went_well(one)]),
            target=bundle.target.update,
        )
        return found if found.foreign or found.own else None

    @property
    def last(self) -> Event | None:
        """The newest of them."""
        return newest(self.foreign)

    @property
    def caller(self) -> str | None:
        """Who asked for it."""
        return self.last.fields["caller"].strip() if self.last else None

    @property
    def title(self) -> str | None:
        """The update."""
        return _title(self.last) if self.last else None

    @property
    def when(self) -> datetime | None:
        """When it was installed (UTC), where known."""
        return self.last.utc if self.last else None

    @property
    def is_managed(self) -> bool:
        """The ConfigMgr client installs updates on this computer, too, so the other way stands out."""
        return self.own is not None and self.last is not None


def _title(event: Event) -> str | None:
    found = _TITLE.search(event.record.text)
    return found[1] if found else None
