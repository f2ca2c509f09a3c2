"""Machine policy as it concerns software updates: is the feature on, which deployments reached the client.

Software Updates feature is disabled
Enabling software Updates feature
Assignment {GUID} has total CI = 4
AssignmentID                           AssignmentName
{09985588-0EFF-47E1-9F9D-3846EFCE8C2B} 2025-03 Windows 11
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from ccmdoctor.evidence.base import Bundle, Evidence, Mark, Proof, Target, newest
from ccmdoctor.formats.clock import mof_instant
from ccmdoctor.model import Event, Stage, State


class SoftwareUpdatesFeature(Evidence, frozen=True):
    """Whether software updates are enabled on this client: what policy says, and what the agent did at its starts."""

    asks = "software-updates-client-config"

    setting: State | None
    disabled: Event | None
    enabled: Event | None
    quiet: Event | None = None  # WUAHandler.log holds this line and nothing else

    @classmethod
    def read(cls, bundle: Bundle) -> SoftwareUpdatesFeature | None:
        """None when neither WMI nor UpdatesDeployment.log tells."""
        setting = next((state for state in _config(bundle) if isinstance(state.values.get("enabled"), bool)), None)
        disabled, enabled = newest(bundle.events("feature-disabled")), newest(bundle.events("feature-enabling"))
        quiet = _only_exclusions(bundle)
        if setting is None and disabled is None and enabled is None and quiet is None:
            return None
        return cls(setting=setting, disabled=disabled, enabled=enabled, quiet=quiet)

    @property
    def is_off(self) -> bool:
        """Off by policy, or, without that, the newest start of the agent ended with the feature disabled."""
        if self.setting is not None:
            return self.setting.values["enabled"] is False
        if self.disabled is None:
            return False
        return self.enabled is None or self.disabled.after(self.enabled) is True

    @property
    def is_known(self) -> bool:
        """Policy or the agent's own word is there, beyond the silence of WUAHandler.log."""
        return self.setting is not None or self.disabled is not None or self.enabled is not None

    @property
    def proof(self) -> tuple[Proof, ...]:
        """Policy first, then the agent's newest word."""
        said = self.disabled if self.is_off else self.enabled
        return tuple(one for one in (self.setting, said) if one is not None) or ((self.quiet,) if self.quiet else ())

    def marks(self) -> Iterable[Mark]:
        """The feature switch is a part of policy."""
        yield Mark(
            Stage.POLICY,
            "feature",
            self.enabled,
            self.setting if self.is_off and self.setting else self.disabled,
            self.is_off,
        )


def _only_exclusions(bundle: Bundle) -> Event | None:
    """The category exclusion, when nothing else of a scan stands in WUAHandler.log: nothing was ever scanned."""
    lines = bundle.events("exclusion-only")
    others = [
        event
        for events in bundle.reading.events.values()
        for event in events
        if event.log == "WUAHandler" and event.id not in ("exclusion-only", "scan-policy-missing")
    ]
    return newest(lines) if not others else None


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


class Assignments(Evidence, frozen=True):
    """The deployments that reached the client (``CCM_UpdateCIAssignment``). ``complete``: the whole list was asked for."""

    asks = "assignments"

    deployments: tuple[Deployment, ...]
    complete: bool
    target: Target
    asked: State | None = None
    now: datetime | None = None

    @classmethod
    def read(cls, bundle: Bundle) -> Assignments | None:
        """None when neither the class was queried nor a log names an assignment."""
        rows = bundle.states("wmi", "CCM_UpdateCIAssignment")
        empty = newest_state(bundle.states("wmi-empty", "CCM_UpdateCIAssignment"))
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
        """The deployment whose name or id the user's update names."""
        return next((one for one in self.deployments if self.target.names(one.name, one.id)), None)

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
    )


def newest_state(states: list[State]) -> State | None:
    """The last of states in reading order."""
    return states[-1] if states else None


def _id(text: str) -> str:
    return text.strip("(){} ").lower()


def _text(value: object) -> str | None:
    return str(value) if value else None
