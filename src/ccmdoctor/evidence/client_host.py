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

from ccmdoctor.evidence.base import Bundle, Evidence, Mark, Proof, newest, ordered
from ccmdoctor.evidence.policy import newest_state
from ccmdoctor.evidence.registration import code_of, standing
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
_LONG = timedelta(hours=1)  # a restart of the agent or of the computer takes less


def signs_of_life(bundle: Bundle) -> list[Event]:
    """The newest event of each kind that only a working client writes."""
    return [last for id in _LIFE if (last := newest(bundle.events(id))) is not None]


def _client_lines(bundle: Bundle) -> list[Event]:
    """The newest event of each message in the logs of an installed client."""
    return [found[-1] for found in bundle.reading.events.values() if found and found[-1].log in _CLIENT_LOGS]


class ClientSetup(Evidence, frozen=True):
    """How the newest installation of the client ended, and whether the client has worked since."""

    asks = "setup-log"

    ended: Event | None
    package: Event | None
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
        life = _client_lines(bundle)
        services = WindowsServices.read(bundle)
        system = newest_state(bundle.states("wmi", "Win32_OperatingSystem"))
        found = cls(
            ended=ended,
            package=newest(bundle.events("client-setup-package")),
            alive=newest([one for one in life if ended is not None and one.after(ended) is True]),
            lived=newest(life),
            no_service=newest_state([one for one in bundle.states("service-missing") if one.name == _AGENT]),
            no_namespace=newest_state([one for one in bundle.states("wmi-error") if _is_no_namespace(one)]),
            service=services.get(_AGENT) if services else None,
            started=system,
            boot=_boot(system),
        )
        return found if found.ended or found.no_service or found.no_namespace else None

    @property
    def code(self) -> str | None:
        """The return code, or the error code, with which setup ended."""
        if self.ended is None:
            return None
        return self.ended.fields.get("code") or str(code_of(self.ended) or "") or None

    @property
    def reason(self) -> str | None:
        """The package that failed, or what the return code means."""
        if not self.failed:
            return None
        if self.package is not None and self.ended is not None and self.package.after(self.ended) is not True:
            return self.package.fields["reason"].strip() or None
        return _MEANINGS.get(self.code or "")

    @property
    def failed(self) -> bool:
        """Setup ended with an error."""
        return self.ended is not None and not self.wants_restart and self.code != "0"

    @property
    def wants_restart(self) -> bool:
        """Setup ended with the wish for a restart."""
        return self.ended is not None and self.ended.fields.get("code") == _RESTART

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
        told = (self.package if self.failed else None, self.ended, self.no_service, self.no_namespace)
        return tuple(one for one in told if one is not None)

    def marks(self) -> Iterable[Mark]:
        """Installation as the first condition of registration."""
        good = self.alive or (self.ended if self.code == "0" else None)
        bad = self.ended if self.failed or self.wants_restart else self.no_service
        standing_now = (self.failed and self.alive is None and not self.is_there) or self.is_absent
        yield Mark(Stage.REGISTRATION, "installed", good, bad, standing_now)


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

    @classmethod
    def read(cls, bundle: Bundle) -> AgentHost | None:
        """None when neither a listing nor the agent's log tells of it."""
        services = WindowsServices.read(bundle)
        operational = newest(bundle.events("agent-operational"))
        life = signs_of_life(bundle)
        stopped = newest(standing(bundle.events("agent-stopping"), [newest(bundle.events("agent-starting")), *life]))
        found = cls(
            service=services.get(_AGENT) if services else None,
            failed=standing(bundle.events("agent-init-failed"), life),
            path_broken=newest(bundle.events("agent-path-broken")),
            operational=operational,
            stopped=stopped,
            until=bundle.reading.last,
        )
        return found if found.service or found.failed or found.operational or found.stopped else None

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
        return (*told, *(self.service.proof if self.service else ()))

    def marks(self) -> Iterable[Mark]:
        """Running as a condition of everything."""
        good = self.operational or (self.service.proof[-1] if self.service and self.runs else None)
        bad = newest(self.failed) or (self.service.proof[-1] if self.service and self.is_down else self.stopped)
        yield Mark(Stage.REGISTRATION, "agent", good, bad, bool(self.failed) or self.is_down or self.stayed_down)
