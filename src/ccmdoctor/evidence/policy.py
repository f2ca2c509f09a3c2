"""Machine policy as it concerns software updates: is the feature on, which deployments reached the client.

Software Updates feature is disabled
Enabling software Updates feature
Assignment {GUID} has total CI = 4
AssignmentID                           AssignmentName
{09985588-0EFF-47E1-9F9D-3846EFCE8C2B} 2025-03 Windows 11
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from ccmdoctor.evidence.base import Bundle, Evidence, Mark, Proof, Target, newest
from ccmdoctor.formats.clock import mof_instant
from ccmdoctor.knowledge.tables import table
from ccmdoctor.model import Event, Stage, State


class SoftwareUpdatesFeature(Evidence, frozen=True):
    """Whether software updates are enabled on this client: what policy says, and what the agent did at its starts.

    Until its policy has arrived the agent starts with the feature disabled and says so; it enables it when the policy
    is there. With the feature switched off by policy it starts disabled, too, but without waiting for anything.
    """

    asks = "software-updates-client-config"

    setting: State | None
    disabled: Event | None
    enabled: Event | None
    quiet: Event | None = None  # WUAHandler.log holds this line and nothing else
    waiting: Event | None = None  # the newest start was disabled for want of policy
    since: datetime | None = None  # the first start that was disabled, with none enabled after it (UTC)
    starts: int = 0  # such starts
    told: bool = False  # the log shows the start around the newest of them
    fresh: bool = False  # the evidence ends minutes after it
    absent: State | None = None  # the class was asked and holds no instance

    @classmethod
    def read(cls, bundle: Bundle) -> SoftwareUpdatesFeature | None:
        """None when neither WMI nor UpdatesDeployment.log tells."""
        setting = next((state for state in _config(bundle) if isinstance(state.values.get("enabled"), bool)), None)
        absent = newest(bundle.states("wmi-empty", "CCM_SoftwareUpdatesClientConfig"))
        starts = bundle.events("feature-disabled")
        disabled, enabled = newest(starts), newest(bundle.events("feature-enabling"))
        quiet = _only_exclusions(bundle)
        if setting is None and disabled is None and enabled is None and quiet is None and absent is None:
            return None
        standing = [one for one in starts if enabled is None or enabled.after(one) is not True]
        last = bundle.reading.last
        return cls(
            setting=setting,
            disabled=disabled,
            enabled=enabled,
            quiet=quiet,
            waiting=_between(bundle.events("feature-waits-for-policy", "scan-policy-missing"), starts),
            since=standing[0].utc if standing else None,
            starts=len(standing),
            told=_between(bundle.events("startup"), starts) is not None,
            fresh=bool(len(standing) == 1 and last and standing[0].utc and last - standing[0].utc < _STARTING),
            absent=absent,
        )

    @property
    def _ends_disabled(self) -> bool:
        """The newest start ended with the feature disabled."""
        return self.disabled is not None and (self.enabled is None or self.disabled.after(self.enabled) is True)

    @property
    def is_off(self) -> bool:
        """Off by policy; without its word, the newest start found the feature disabled and did not wait for policy."""
        if self.setting is not None:
            return self.setting.values["enabled"] is False
        return self._ends_disabled and self.waiting is None

    @property
    def waits_for_policy(self) -> bool:
        """Disabled at its newest start because its policy has not arrived: no word of a client setting."""
        return self.setting is None and self._ends_disabled and self.waiting is not None

    @property
    def is_known(self) -> bool:
        """Policy or the agent's own word is there, beyond the silence of WUAHandler.log or a policy that is missing."""
        return self.setting is not None or (
            (self.disabled is not None or self.enabled is not None) and not self.waits_for_policy
        )

    @property
    def lasts(self) -> bool:
        """Not just a moment of a start: time has passed since, or the log shows a whole start or several."""
        return (self.since is not None or self.told or self.starts > 1) and not self.fresh

    @property
    def proof(self) -> tuple[Proof, ...]:
        """Policy first, then the agent's newest word."""
        if self.waits_for_policy:
            return tuple(one for one in (self.waiting, self.disabled) if one is not None)
        said = self.disabled if self.is_off else self.enabled
        found = tuple(one for one in (self.setting, said) if one is not None)
        return found or tuple(one for one in (self.quiet, self.absent) if one is not None)

    def marks(self) -> Iterable[Mark]:
        """The feature switch is a part of policy."""
        yield Mark(
            Stage.POLICY,
            "feature",
            self.enabled or (self.setting if not self.is_off else None),
            self.setting if self.is_off and self.setting else self.disabled,
            self.is_off and (self.setting is not None or self.lasts),
        )


_STARTING = timedelta(minutes=10)
_QUIET = timedelta(hours=1)


def _between(events: list[Event], starts: list[Event]) -> Event | None:
    """The newest of ``events`` that stands before the newest start and behind the one before it, in the same file."""
    if not starts:
        return None
    last = starts[-1].stands
    before = max((one.stands.offset for one in starts[:-1] if one.stands.file == last.file), default=-1)
    found = [one for one in events if one.stands.file == last.file and before < one.stands.offset < last.offset]
    return found[-1] if found else None


def _only_exclusions(bundle: Bundle) -> Event | None:
    """The category exclusion, when WUAHandler.log holds nothing else over a while: nothing was ever scanned.

    A healthy client writes the line as well, first thing after a start; one alone proves nothing.
    """
    lines = bundle.events("exclusion-only")
    others = [
        event
        for events in bundle.reading.events.values()
        for event in events
        if event.log == "WUAHandler" and event.id not in ("exclusion-only", "scan-policy-missing")
    ]
    if not lines or others:
        return None
    policy = table("windows_update")["keys"]["policy"]
    if bundle.registry(policy, "WUServer") is not None:
        return None
    first, last = lines[0].utc, bundle.reading.last
    unset = bundle.has_registry_key(policy)
    pasted = len(lines) > 1 and first is None  # without times: at more than one start, and nothing else
    return lines[-1] if unset or pasted or (first and last and last - first >= _QUIET) else None


def _config(bundle: Bundle) -> list[State]:
    parents = [
        state
        for state in bundle.states("wmi", "CCM_ComponentClientConfig")
        if str(state.values.get("componentname", "")).lower() == "smssoftwareupdate"
    ]
    return bundle.states("wmi", "CCM_SoftwareUpdatesClientConfig") + parents


class PolicyArrival(Evidence, frozen=True):
    """Machine policy requests and what came back."""

    asks = "policy-agent-log"

    requested: tuple[Event, ...]
    received: tuple[Event, ...]

    @classmethod
    def read(cls, bundle: Bundle) -> PolicyArrival | None:
        """None when PolicyAgent.log tells nothing."""
        requested, received = (
            bundle.events("policy-requested"),
            bundle.events("policy-received", "policy-downloaded", "policy-applying"),
        )
        return cls(requested=tuple(requested), received=tuple(received)) if requested or received else None

    def marks(self) -> Iterable[Mark]:
        """Receiving policy is the good end of the stage."""
        if self.received:
            yield Mark(Stage.POLICY, "policy", self.received[-1], None, False)


class Deployment(msgspec.Struct, frozen=True):
    """One software update deployment that the client holds policy for."""

    id: str
    name: str | None
    proof: tuple[Proof, ...]
    start: datetime | None = None  # UTC, only where the value states its zone
    hidden: bool = False
    contents: str = ""  # what policy says of the updates in it


class Assignments(Evidence, frozen=True):
    """The deployments that reached the client (``CCM_UpdateCIAssignment``); ``complete`` when all were listed."""

    asks = "assignments"

    deployments: tuple[Deployment, ...]
    complete: bool
    target: Target
    asked: State | None = None
    now: datetime | None = None
    targeted: tuple[Event, ...] = ()  # the log lines that put the wanted update into a deployment

    @classmethod
    def read(cls, bundle: Bundle) -> Assignments | None:
        """None when neither the class was queried nor a log names an assignment."""
        rows = bundle.states("wmi", "CCM_UpdateCIAssignment")
        empty = newest(bundle.states("wmi-empty", "CCM_UpdateCIAssignment"))
        found = {_id(str(row.values.get("assignmentid", ""))): _deployment(row) for row in rows}
        if not rows:
            for event in bundle.events("assignment-total", "update-targeted", "assignment-evaluating"):
                id = _id(event.fields["assignment"])
                found.setdefault(id, Deployment(id, None, (event,)))
        if not found and empty is None:
            return None
        return cls(
            deployments=tuple(found.values()),
            complete=bool(rows) or empty is not None,
            target=bundle.target,
            asked=rows[0] if rows else empty,
            now=bundle.now,
            targeted=tuple(
                event
                for event in bundle.events("update-targeted")
                if bundle.target.names(event.fields.get("title"), event.fields.get("article"), event.fields["update"])
            ),
        )

    @property
    def not_started(self) -> Deployment | None:
        """A deployment whose start lies after the moment the bundle is judged at: the wanted one, or the only one."""
        asked = [self.wanted] if self.wanted else list(self.deployments)
        waiting = [one for one in asked if one and one.start and self.now and one.start > self.now]
        return waiting[0] if waiting and len(waiting) == len(asked) else None

    @property
    def hidden(self) -> Deployment | None:
        """A deployment that is not to be shown in Software Center: the wanted one, or the only one."""
        asked = [self.wanted] if self.wanted else list(self.deployments)
        unseen = [one for one in asked if one and one.hidden]
        return unseen[0] if unseen and len(unseen) == len(asked) else None

    @property
    def wanted(self) -> Deployment | None:
        """The deployment that holds the user's update, by its name, id or contents, or by what the log says of it."""
        holding = {_id(event.fields["assignment"]): event for event in self.targeted}
        for one in self.deployments:
            if self.target.names(one.name, one.id, one.contents):
                return one
            if one.id in holding:
                return msgspec.structs.replace(one, proof=(*one.proof, holding[one.id]))
        return None

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The rows, or the empty answer."""
        rows = tuple(one for deployment in self.deployments[:5] for one in deployment.proof)
        return rows or ((self.asked,) if self.asked else ())


def _deployment(row: State) -> Deployment:
    values = row.values
    at = mof_instant(str(values.get("starttime") or ""))
    return Deployment(
        id=_id(str(values.get("assignmentid", ""))),
        name=_text(values.get("assignmentname")),
        proof=(row,),
        start=at.utc if at else None,
        hidden=values.get("useruiexperience") is False,
        contents=str(values.get("assignedcis") or ""),
    )


def _id(text: str) -> str:
    return text.strip("(){} ").lower()


def _text(value: object) -> str | None:
    return str(value) if value else None
