"""What the Windows Update agent names beyond a code: SOAP faults, certificates, memory, its own identity.

<Message>parameters.OtherCachedUpdateIDs</Message>
PT Initializing simple targeting cookie, clientId = , target group = , DNS name = pc0123.corp.contoso.com
WARNING: ISusInternal::GetUpdateMetadata2 failed, hr=8007000E
"""

from __future__ import annotations

from ccmdoctor.evidence.base import Bundle, Evidence, code_of, newest
from ccmdoctor.evidence.probe_answer import is_probe
from ccmdoctor.evidence.scan import Scan, ScanHistory
from ccmdoctor.evidence.services import Service, WindowsServices
from ccmdoctor.evidence.update_point import UpdatePointAccess
from ccmdoctor.knowledge import codes
from ccmdoctor.model import Event, HResult, State


class AgentFaults(Evidence, frozen=True):
    """The newest line of each kind that no later successful scan is known to follow; None where there is none."""

    asks = "scan-history"

    scans: ScanHistory | None
    prerequisites: Event | None
    cached: Event | None
    server_fault: Event | None
    no_identity: Event | None
    memory: Event | None
    certificate: Event | None
    pinned: Event | None
    pin_store_empty: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> AgentFaults | None:
        """None when no log tells of a scan or names a fault."""
        scans = bundle.evidence(ScanHistory)
        good = scans.last_success.proof[-1] if scans and scans.last_success else None

        def standing(events: list[Event]) -> Event | None:
            last = newest(events)
            return None if last is None or (isinstance(good, Event) and good.after(last)) else last

        sent = [one for one in bundle.events("agent-send-failed", "wu-failed-tag") if _points_to(one, _CERTIFICATE)]
        found = cls(
            scans=scans,
            prerequisites=standing(bundle.events("soap-prereq-limit")),
            cached=standing(bundle.events("soap-cached-limit")),
            server_fault=standing(bundle.events("soap-server-fault")),
            no_identity=standing(bundle.events("simple-targeting-empty")),
            memory=standing([one for one in bundle.events("agent-out-of-memory") if _points_to(one, _MEMORY)]),
            certificate=standing([*sent, *bundle.events("certificate-date")]),
            pinned=newest([one for one in bundle.events("pinning-mandatory") if one.fields["value"].lower() == "yes"]),
            pin_store_empty=newest(bundle.events("pinning-store-empty")),
        )
        return found if any(getattr(found, name) for name in found.__struct_fields__) else None

    @property
    def failed(self) -> Scan | None:
        """The newest scan, when it failed."""
        return self.scans.latest if self.scans and not self.scans.latest.succeeded else None

    @property
    def error(self) -> HResult | None:
        """The code of the failed scan."""
        return self.failed.error if self.failed else None

    @property
    def server(self) -> str | None:
        """The update point of the newest scan."""
        return self.scans.latest.server if self.scans else None

    def points_to(self, cause: str) -> bool:
        """Whether the newest scan failed with a code that points to this cause."""
        return self.failed is not None and self.failed.points_to(cause)

    def points_first_to(self, cause: str) -> bool:
        """Whether the newest scan failed with a code that points first to this cause."""
        return self.failed is not None and self.failed.points_first_to(cause)


class AgentService(Evidence, frozen=True):
    """The service in which the agent runs, beside the scans. ``disabled`` only where a listing says so."""

    asks = "scan-history"

    access: UpdatePointAccess | None
    disabled: Service | None
    known: bool

    @classmethod
    def read(cls, bundle: Bundle) -> AgentService | None:
        """None when no scan is known and the service is not shown as disabled."""
        access, services = bundle.evidence(UpdatePointAccess), bundle.evidence(WindowsServices)
        service = services.get("wuauserv") if services else None
        disabled = service if service and service.is_disabled else None
        return cls(access=access, disabled=disabled, known=service is not None) if access or disabled else None

    @property
    def server(self) -> str | None:
        """The update point."""
        return self.access.server if self.access else None

    @property
    def error(self) -> str | None:
        """The code of the failed scan."""
        return self.access.error if self.access else None

    @property
    def fails_so(self) -> bool:
        """The newest scan failed with a code that points first to a disabled service."""
        return self.access is not None and self.access.points_first_to("wua-service-disabled")


class ServerTrust(Evidence, frozen=True):
    """What is known of TLS on the way of the scan: what the agent names, and a direct question that ended in TLS."""

    asks = "scan-history"

    faults: AgentFaults | None
    asked: UpdatePointAccess | None

    @classmethod
    def read(cls, bundle: Bundle) -> ServerTrust | None:
        """None when the agent names nothing and the probe asked nothing."""
        faults, access = bundle.evidence(AgentFaults), bundle.evidence(UpdatePointAccess)
        probed = access if access and (faults or is_probe(access.probe)) else None
        return cls(faults=faults, asked=probed) if faults or probed else None

    @property
    def by_code(self) -> bool:
        """The newest scan failed with a code of a certificate."""
        return self.faults is not None and self.faults.points_to(_CERTIFICATE)

    @property
    def by_question(self) -> State | None:
        """The direct question, when it ended in a TLS error."""
        return self.asked.probe if self.asked and self.asked.probe_error == "tls" else None

    @property
    def by_line(self) -> Event | None:
        """A line of the agent about a certificate, while no scan is known to have failed."""
        return self.faults.certificate if self.faults and self.faults.failed is None else None

    @property
    def failed(self) -> Scan | None:
        """The newest scan, when it failed."""
        return self.faults.failed if self.faults else None

    @property
    def server(self) -> str | None:
        """The update point."""
        return (self.faults.server if self.faults else None) or (self.asked.server if self.asked else None)

    @property
    def error(self) -> str | None:
        """The code of the failed scan, as hex."""
        code = self.faults.error if self.faults else None
        return str(code) if code else (self.asked.error if self.asked else None)

    @property
    def newest(self) -> Scan | State | None:
        """The newest scan, else the direct question."""
        scans = self.faults.scans if self.faults else None
        return scans.latest if scans else (self.asked.probe if self.asked else None)


_CERTIFICATE = "sup-tls-cert-untrusted-or-expired"
_MEMORY = "wua-out-of-memory"


def _points_to(event: Event, cause: str) -> bool:
    code = code_of(event)
    return code is not None and cause in codes.points_to(code)
