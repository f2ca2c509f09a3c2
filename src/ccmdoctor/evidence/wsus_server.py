"""The server behind an update point: its services and application pool, its web server, and its database.

A worker process serving application pool 'WsusPool' has requested a recycle because it reached its ... limit.
APPPOOL "WsusPool" (MgdVersion:v4.0,MgdMode:Integrated,state:Stopped)
GET /Content/0A/....cab - 8530 - 10.0.1.10 Microsoft+BITS/7.8 - 500 19 5 2
Matching test detectoids found: 14520
"""

from __future__ import annotations

from ccmdoctor.evidence.base import Bundle, Evidence, Proof, newest
from ccmdoctor.evidence.scan import ScanHistory
from ccmdoctor.evidence.services import WindowsServices
from ccmdoctor.evidence.update_point import UpdatePointAccess
from ccmdoctor.evidence.update_sync import follows
from ccmdoctor.model import Event

_DEFAULT_LIMIT = 1843200  # KB
_BAD_CONFIGURATION = ("500", "19")
_DELIVERED = ("200", "206", "304")


class UpdatePointServer(Evidence, frozen=True):
    """Events of the application pool, its state and limit, and the services of WSUS; None where nothing is told."""

    asks = "wsus-pool-state"

    recycled: tuple[Event, ...]
    disabled: Event | None
    state: Event | None
    limit: Event | None
    services: WindowsServices | None
    offline: Event | None
    scans: ScanHistory | None
    reported: Event | None = None  # WSUS says of a part of its own that it does not work

    @classmethod
    def read(cls, bundle: Bundle) -> UpdatePointServer | None:
        """None when the server was not asked."""
        services = bundle.evidence(WindowsServices)
        found = cls(
            recycled=tuple(bundle.events("wsuspool-recycled")),
            disabled=newest(bundle.events("wsuspool-disabled")),
            state=newest(bundle.events("wsuspool-state")),
            limit=newest(bundle.events("wsuspool-memory-limit")),
            services=services if services and services.get("wsusservice") else None,
            offline=newest(bundle.events("wsuspool-offline")),
            scans=bundle.evidence(ScanHistory),
            reported=_reported(bundle),
        )
        told = found.recycled or found.disabled or found.state or found.limit or found.services or found.reported
        return found if told else None

    @property
    def pool_stopped(self) -> Event | None:
        """The line that shows the application pool as stopped."""
        return self.state if self.state and self.state.fields["state"].lower() == "stopped" else None

    @property
    def pool_started(self) -> Event | None:
        """The line that shows it as started."""
        return self.state if self.state and self.state.fields["state"].lower() == "started" else None

    @property
    def stopped_service(self) -> str | None:
        """A service that WSUS needs and that does not run."""
        known = [self.services.get(name) for name in ("wsusservice", "w3svc")] if self.services else []
        return next((one.name for one in known if one and (one.is_stopped or one.is_disabled)), None)

    @property
    def stopped_part(self) -> str | None:
        """The service or the application pool that does not run, by its usual name."""
        names = {"wsusservice": "WsusService", "w3svc": "W3SVC"}
        return names.get(self.stopped_service or "") or ("WsusPool" if self.pool_stopped else self.reported_part)

    @property
    def reported_part(self) -> str | None:
        """The web service that does not work by what WSUS says of itself, else its Windows service."""
        if self.reported is None:
            return None
        name = self.reported.fields.get("service")
        return f"{name} Web Service" if name else "WsusService"

    @property
    def service_proof(self) -> tuple[Proof, ...]:
        """The lines about the services."""
        known = [self.services.get(name) for name in ("wsusservice", "w3svc")] if self.services else []
        return tuple(proof for one in known if one for proof in one.proof)

    @property
    def scan_succeeded(self) -> bool:
        """The newest scan of the client succeeded."""
        return self.scans is not None and self.scans.latest.succeeded

    @property
    def limit_value(self) -> int | None:
        """The private memory limit in KB; 0 is none."""
        return int(self.limit.fields["limit"]) if self.limit else None

    @property
    def limit_is_small(self) -> bool | None:
        """Whether the limit is the default or less; None when it is not known.

        Source: https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/windows-server-update-services-best-practices
        """
        return None if self.limit_value is None else 0 < self.limit_value <= _DEFAULT_LIMIT

    @property
    def proof(self) -> tuple[Proof, ...]:
        """What was told, the pool first."""
        told = (self.state, self.limit, *self.recycled[-1:], self.disabled, *self.service_proof)
        return tuple(one for one in told if one is not None)


def _reported(bundle: Bundle) -> Event | None:
    """The newest part of WSUS that failed and that no newer event shows as working again."""
    works = {one.fields["service"].lower(): one for one in bundle.events("wsus-part-works")}
    failed = bundle.events("wsus-part-failed", "wsus-stopped")
    return newest([one for one in failed if not follows(works.get(one.fields.get("service", "").lower()), one)])


class CatalogueLoad(Evidence, frozen=True):
    """How well WSUS copes with its catalogue: the scans, and what the servers say of its database where it fails."""

    asks = "scan-history"

    access: UpdatePointAccess | None
    failed: tuple[Event, ...]

    @classmethod
    def read(cls, bundle: Bundle) -> CatalogueLoad | None:
        """None when neither scans nor such a failure are told."""
        access = bundle.evidence(UpdatePointAccess)
        failed = bundle.events("susdb-care-failed", "susdb-timeout")
        return cls(access=access, failed=tuple(failed[-3:])) if access or failed else None

    @property
    def server(self) -> str | None:
        """The update point of the scans, else the server of the database where a line names it."""
        named = (one.fields["server"].strip("<> ") for one in reversed(self.failed) if one.fields.get("server"))
        return self.access.server if self.access else next(named, None)

    @property
    def proof(self) -> tuple[Proof, ...]:
        """What the servers say, else the scans."""
        return self.failed or (self.access.proof if self.access else ())


class WsusContent(Evidence, frozen=True):
    """Requests for content in the web server's log of an update point (IIS)."""

    asks = "wsus-iis-log"

    last: Event
    refused: Event | None
    delivered: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> WsusContent | None:
        """None when no content was requested."""
        asked = bundle.events("wsus-content-request")
        if not asked:
            return None
        return cls(
            last=asked[-1],
            refused=newest([one for one in asked if _answer(one) == _BAD_CONFIGURATION]),
            delivered=newest([one for one in asked if one.fields["status"] in _DELIVERED]),
        )

    @property
    def failing(self) -> Event | None:
        """The newest request that failed for a wrong web.config, unless content was delivered after it."""
        return None if self.refused is None or follows(self.delivered, self.refused) else self.refused

    @property
    def path(self) -> str | None:
        """The file that was asked for."""
        return f"/Content/{self.failing.fields['path']}" if self.failing else None

    @property
    def code(self) -> str | None:
        """The Windows error behind the status."""
        return self.failing.fields["code"] if self.failing else None


def _answer(event: Event) -> tuple[str, str]:
    return event.fields["status"], event.fields["substatus"]


class Detectoids(Evidence, frozen=True):
    """How many test detectoids the maintenance script found in the database of WSUS."""

    asks = "wsus-detectoids"

    found: Event

    @classmethod
    def read(cls, bundle: Bundle) -> Detectoids | None:
        """None when they were not counted."""
        last = newest(bundle.events("wsus-detectoids-found"))
        return cls(found=last) if last else None

    @property
    def count(self) -> int:
        """Their number."""
        return int(self.found.fields["count"])


class WsusComputers(Evidence, frozen=True):
    """How many computers WSUS knows, and how many it may know."""

    asks = "wsus-computers"

    allowed: Event
    known: Event

    @classmethod
    def read(cls, bundle: Bundle) -> WsusComputers | None:
        """None unless both numbers are there."""
        allowed = newest(bundle.events("wsus-allowed-computers"))
        known = newest(bundle.events("wsus-known-computers"))
        return cls(allowed=allowed, known=known) if allowed and known else None

    @property
    def limit(self) -> int:
        """The highest number of computers."""
        return int(self.allowed.fields["limit"])

    @property
    def count(self) -> int:
        """The computers that are known."""
        return int(self.known.fields["count"])

    @property
    def is_full(self) -> bool:
        """No further computer fits."""
        return self.count >= self.limit
