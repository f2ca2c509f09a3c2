"""Whether there is a client at all and whether its agent host runs.

CcmSetup is exiting with return code 7
CcmSetup failed with error code 0x80004005
[SC] EnumQueryServicesStatus:OpenService FAILED 1060:
Phase 0 initialization failed (0x8004100a).
Completed phase 1 initialization.  Service is now fully operational.
Shutting down CCMEXEC...

Return code 7 of the setup is no failure: the computer has to be restarted. Code 8 says that another setup runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from ccmdoctor.evidence.base import Bundle, Evidence, Mark, Proof, code_of, newest, ordered, standing
from ccmdoctor.evidence.services import Service, WindowsServices
from ccmdoctor.formats.clock import mof_instant
from ccmdoctor.knowledge import codes
from ccmdoctor.model import Event, HResult, Stage, State

_AGENT = "ccmexec"
_NO_NAMESPACE = HResult(0x8004100E)
# learn.microsoft.com/intune/configmgr/core/clients/deploy/about-client-installation-properties
_RESTART = "7"
_RUNNING = "8"
_MEANINGS = {"6": "Error", "9": "Prerequisite evaluation failure", "10": "Setup manifest hash validation failure"}
_LIFE = (
    "registered",
    "already-registered",
    "agent-operational",
    "policy-received",
    "policy-downloaded",
    "mp-delivered",
)
# logs that only an installed client writes, whatever they say
_CLIENT_LOGS = (
    "WUAHandler", "ScanAgent", "UpdatesDeployment", "UpdatesHandler", "UpdatesStore", "CcmMessaging", "CcmExec",
    "LocationServices", "ClientLocation", "ClientIDManagerStartup", "PolicyAgent", "PolicyEvaluator", "CAS",
    "ContentTransferManager", "DataTransferService", "StateMessage", "ServiceWindowManager", "RebootCoordinator",
)  # fmt: skip
_PASSED = ("passed", "not applicable")
_FAILED = "fail"
_AGENT_RULE = "sms agent host service st"  # its status and its startup type, by the client's own manifest
_STEPS = ("client-setup-package", "client-setup-step-failed", "client-setup-msi-failed")
_IGNORED = "translated to success"  # a step of which Windows Installer ignores the failure
_LONG = timedelta(hours=1)  # a restart of the agent or of the computer takes less
_WINDING_DOWN = timedelta(minutes=10)  # what the agent's parts still write while it goes down


def signs_of_life(bundle: Bundle) -> list[Event]:
    """The newest event of each kind that only a working client writes."""
    return [last for id in _LIFE if (last := newest(bundle.events(id))) is not None]


def _client_lines(bundle: Bundle) -> list[Event]:
    """The newest event of each message in the logs of an installed client."""
    return [found[-1] for found in bundle.reading.events.values() if found and found[-1].log in _CLIENT_LOGS]


def _is_long_after(one: Event, other: Event) -> bool:
    return one.utc is not None and other.utc is not None and one.utc - other.utc > _WINDING_DOWN


class ClientSetup(Evidence, frozen=True):
    """How the newest installation of the client ended, and whether the client has worked since."""

    asks = "setup-log"

    ended: Event | None
    package: Event | None
    step: Event | None  # the newest step that failed, when no ending is known to follow it
    alive: Event | None
    lived: Event | None
    no_service: State | None
    no_namespace: State | None
    service: Service | None
    started: State | None
    boot: datetime | None

    @classmethod
    def read(cls, bundle: Bundle) -> ClientSetup | None:
        """None when neither the setup's log nor a check tells whether there is a client."""
        ended = newest([one for one in _endings(bundle) if one.fields.get("code") != _RUNNING])
        steps = [one for one in bundle.events(*_STEPS) if _IGNORED not in one.record.text]
        step = newest([one for one in steps if ended is None or one.after(ended) is True])
        last = step or ended
        life = _client_lines(bundle)
        services = bundle.evidence(WindowsServices)
        system = newest(bundle.states("wmi", "Win32_OperatingSystem"))
        found = cls(
            ended=ended,
            package=_telling(steps),
            step=step,
            alive=newest([one for one in life if last is not None and one.after(last) is True]),
            lived=newest(life),
            no_service=newest([one for one in bundle.states("service-missing") if one.name == _AGENT]),
            no_namespace=newest([one for one in bundle.states("wmi-error") if _is_no_namespace(one)]),
            service=services.get(_AGENT) if services else None,
            started=system,
            boot=_boot(system),
        )
        return found if found.ended or found.step or found.no_service or found.no_namespace else None

    @property
    def code(self) -> str | None:
        """The return code, or the error code, with which setup ended."""
        last = self.step or self.ended
        if last is None:
            return None
        return last.fields.get("code") or str(code_of(last) or "") or None

    @property
    def reason(self) -> str | None:
        """The package that failed, or what the return code means."""
        if not self.failed:
            return None
        if self.package is not None:
            return (
                self.package.fields.get("reason", "").strip() or f"Setup was unable to {self.package.fields['doing']}"
            )
        return _MEANINGS.get(self.code or "")

    @property
    def failed(self) -> bool:
        """Setup ended with an error."""
        return self.step is not None or (self.ended is not None and not self.wants_restart and self.code != "0")

    @property
    def wants_restart(self) -> bool:
        """Setup ended with the wish for a restart."""
        return self.step is None and self.ended is not None and self.ended.fields.get("code") == _RESTART

    @property
    def restarted(self) -> bool | None:
        """Whether the computer was started after setup had ended; None when that is not known."""
        at = self.ended.utc if self.ended else None
        return None if at is None or self.boot is None else self.boot > at

    @property
    def is_absent(self) -> bool:
        """A direct check found no agent service."""
        return self.no_service is not None

    @property
    def is_there(self) -> bool:
        """A direct check found the agent service, running."""
        return self.service is not None and self.service.is_running

    @property
    def proof(self) -> tuple[Proof, ...]:
        """How setup ended, and what the checks found."""
        told = (self.package if self.failed else None, self.step, self.ended, self.no_service, self.no_namespace)
        return tuple(dict.fromkeys(one for one in told if isinstance(one, Event))) + tuple(
            one for one in told if isinstance(one, State)
        )

    def marks(self) -> Iterable[Mark]:
        """Installation as the first condition of registration."""
        good = self.alive or (self.ended if self.code == "0" else None)
        bad = (self.step or self.ended) if self.failed or self.wants_restart else self.no_service
        standing_now = (self.failed and self.alive is None and not self.is_there) or self.is_absent
        yield Mark(Stage.REGISTRATION, "installed", good, bad, standing_now)


def _telling(steps: list[Event]) -> Event | None:
    """The newest failed step that says what it was about, rather than only that it failed."""
    told = [one for one in steps if one.fields.get("reason") or one.fields.get("doing")]
    return newest([one for one in told if one.id != "client-setup-package"]) or newest(told)


def _endings(bundle: Bundle) -> list[Event]:
    return bundle.events("client-setup-exit", "client-setup-failed")


def _is_no_namespace(error: State) -> bool:
    code = HResult.parse(str(error.values.get("code") or ""))
    return code == _NO_NAMESPACE and (not error.name or error.name.lower() in ("sms_client", "ccm_client", "root\\ccm"))


def _boot(system: State | None) -> datetime | None:
    at = mof_instant(str(system.values.get("lastbootuptime") or "")) if system else None
    return at.utc if at else None


class AgentHost(Evidence, frozen=True):
    """The service CcmExec: does it run, did it come up, did it go down and stay down."""

    asks = "agent-service"

    service: Service | None
    failed: tuple[Event, ...]
    path_broken: Event | None
    operational: Event | None
    stopped: Event | None
    until: datetime | None
    check: HealthCheck | None = None  # the client's own check of the service

    @classmethod
    def read(cls, bundle: Bundle) -> AgentHost | None:
        """None when neither a listing nor the agent's log tells of it."""
        services = bundle.evidence(WindowsServices)
        operational = newest(bundle.events("agent-operational"))
        life = signs_of_life(bundle)
        came_back = [newest(bundle.events("agent-starting")), *life]
        stopped = newest(standing(bundle.events("agent-stopping"), came_back))
        if stopped is not None and any(_is_long_after(one, stopped) for one in _client_lines(bundle)):
            stopped = None
        found = cls(
            service=services.get(_AGENT) if services else None,
            failed=standing(bundle.events("agent-init-failed"), life),
            path_broken=newest(bundle.events("agent-path-broken")),
            operational=operational,
            stopped=stopped,
            until=bundle.reading.last,
            check=_agent_check(bundle, life),
        )
        told = found.service or found.failed or found.operational or found.stopped or found.check
        return found if told else None

    @property
    def is_down(self) -> bool:
        """The service is listed as stopped, or cannot start."""
        return self.service is not None and (self.service.is_stopped or self.service.is_disabled)

    @property
    def runs(self) -> bool:
        """The service is listed as running."""
        return self.service is not None and self.service.is_running

    @property
    def stayed_down(self) -> bool:
        """It went down, and other logs go on for longer than a restart takes."""
        at = self.stopped.utc if self.stopped else None
        return at is not None and self.until is not None and self.until - at >= _LONG

    @property
    def error(self) -> HResult | None:
        """The code with which the newest start ended."""
        return code_of(newest(self.failed))

    @property
    def is_of_wmi(self) -> bool:
        """The code is one of WMI."""
        return self.error is not None and "wmi-repository-corrupt" in codes.points_to(self.error)

    @property
    def tells_twice(self) -> bool:
        """More than one line of the agent says that it gave up."""
        return len(self.failed) > 1

    @property
    def reason(self) -> str | None:
        """The part of the start that failed, as the log names it."""
        texts = [one.record.text.strip() for one in self.failed]
        return texts[0] if texts else None

    @property
    def is_automatic(self) -> bool:
        """The service starts with Windows."""
        return self.start_type == "automatic"

    @property
    def start_type(self) -> str | None:
        """How the service is set to start."""
        return self.service.start if self.service else None

    @property
    def facts(self) -> dict[str, str | None]:
        """State and start type, as listed."""
        return {"state": self.service.state if self.service else None, "start_type": self.start_type}

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The failed start, the last stop, and the listing."""
        told: list[Proof] = [
            one for one in (self.path_broken, *ordered(self.failed)[:3], self.stopped) if one is not None
        ]
        listed = self.service.proof if self.service else ()
        return (*told, *listed, *(self.check.proof if self.check else ()))

    def marks(self) -> Iterable[Mark]:
        """Running as a condition of everything."""
        good = self.operational or (self.service.proof[-1] if self.service and self.runs else None)
        bad = newest(self.failed) or (self.service.proof[-1] if self.service and self.is_down else self.stopped)
        yield Mark(Stage.REGISTRATION, "agent", good, bad, bool(self.failed) or self.is_down or self.stayed_down)


def _agent_check(bundle: Bundle, life: list[Event]) -> HealthCheck | None:
    """The newest check of the agent's service that failed, when nothing that a working client writes followed it."""
    bad = [one for name, one in health_checks(bundle).items() if _AGENT_RULE in name and one.failed]
    return bad[-1] if bad and standing([bad[-1].result], life) else None


class HealthCheck(msgspec.Struct, frozen=True):
    """One rule of CcmEval with its newest result."""

    name: str
    rule: Event
    result: Event

    @property
    def failed(self) -> bool:
        """The client's check says so, whether it tried a repair or not."""
        return _FAILED in self.result.fields["result"].lower()

    @property
    def passed(self) -> bool:
        """It passed, or does not apply."""
        return self.result.fields["result"].strip().lower() in _PASSED

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The rule and its result."""
        return (self.rule, self.result)


def health_checks(bundle: Bundle) -> dict[str, HealthCheck]:
    """The newest result of each rule, by the rule's name in small letters."""
    found: dict[str, HealthCheck] = {}
    rule: Event | None = None
    for event in bundle.events("health-rule", "health-result"):
        if event.id == "health-rule":
            rule = event
        elif rule is not None and rule.stands.file == event.stands.file:
            name = rule.fields["name"].strip(" .")
            found[name.lower()] = HealthCheck(name, rule, event)
            rule = None
    return found
