"""Management points, the state system and the gateway's connection point: what the servers say of themselves.

Error Description : The EXECUTE permission was denied on the object 'spGetLockState', database 'CM_P01', ...
~**ERROR: Cannot connect to the inbox source, sleep 30 seconds and try again.
SQL MESSAGE: spProcessStateReport - Error: Message processing encountered a SQL error 2627 at record 100 ...
Filtered cert count with client auth: 0
ERROR: Failed to build Tcp connection <id> with server CMG.CONTOSO.COM:10141. Exception: ...
"""

from __future__ import annotations

from datetime import datetime

from ccmdoctor.evidence.base import Bundle, Evidence, Proof, newest, ordered
from ccmdoctor.evidence.management_point import Failure, ManagementPointTraffic
from ccmdoctor.evidence.update_sync import attempts, follows, short
from ccmdoctor.knowledge.logs import by_component, by_file
from ccmdoctor.model import Event

_REVOCATION = ("offlinerevocation", "revocationstatusunknown")
_MANY_CHUNKS = 100  # the most that the state system fetches at once ("Max Chunks Fetched")
_LOADS = 3
_STATE_PROCEDURE = "spprocessstate"
_WRAPPERS = ("CMPDBConnection", "MPDB")  # the call that failed, not why


class ManagementPointDatabase(Evidence, frozen=True):
    """Errors of a management point at the site database, and the newest answer that it gave (MP_*.log)."""

    asks = "mp-server-log"

    failing: tuple[Event, ...]
    details: tuple[Event, ...]
    discarded: Event | None
    answered: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> ManagementPointDatabase | None:
        """None when no log of a management point tells of its database or of an answer."""
        answered = newest(bundle.events("mp-location-replied"))
        errors = bundle.events("mp-database-error")
        discarded = newest(bundle.events("mp-request-discarded"))
        failing = [one for one in errors if not (one.log == "MP_Location" and follows(answered, one))]
        found = cls(
            failing=tuple(failing),
            details=tuple(bundle.events("mp-database-detail")[-2:]) if failing else (),
            discarded=None if discarded is None or follows(answered, discarded) else discarded,
            answered=answered,
        )
        return found if errors or discarded or answered else None

    @property
    def object(self) -> str | None:
        """The object of the database to which a right is missing."""
        return next((one.fields["object"] for one in reversed(self.failing) if one.fields.get("object")), None)

    @property
    def reason(self) -> str | None:
        """The error in the log's own words."""
        if self.details:
            return short(self.details[-1].fields["reason"])
        plain = [one for one in self.failing if not one.record.text.lstrip(" ~*").startswith(_WRAPPERS)]
        last = newest(plain) or newest(self.failing)
        return short(last.record.text) if last else None

    @property
    def is_certain(self) -> bool:
        """A request was discarded over it, or the database refused a right."""
        return self.discarded is not None or self.object is not None

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The errors, their description, and the request that was dropped."""
        told = (*self.failing[-3:], *self.details, self.discarded)
        return tuple(dict.fromkeys(one for one in told if one is not None))


class SiteInboxes(Evidence, frozen=True):
    """Whether a management point can hand its files to the site server (mpfdm.log)."""

    asks = "mpfdm-log"

    failures: tuple[Event, ...]
    moved: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> SiteInboxes | None:
        """None when the log tells neither of a failure nor of a file."""
        found = cls(failures=tuple(bundle.events("inbox-unreachable")), moved=newest(bundle.events("inbox-file-moved")))
        return found if found.failures or found.moved else None

    @property
    def failing(self) -> tuple[Event, ...]:
        """The failures that no moved file follows."""
        return tuple(one for one in self.failures if not follows(self.moved, one))

    @property
    def since(self) -> datetime | None:
        """The first of them (UTC), where known."""
        return self.failing[0].utc if self.failing else None


class StateProcessing(Evidence, frozen=True):
    """How the site server works through state messages (statesys.log)."""

    asks = "statesys-log"

    errors: tuple[Event, ...]
    processed: tuple[Event, ...]
    chunks: tuple[Event, ...]

    @classmethod
    def read(cls, bundle: Bundle) -> StateProcessing | None:
        """None when the log tells nothing of it."""
        found = cls(
            errors=tuple(one for one in bundle.events("state-report-failed") if _concerns_states(one)),
            processed=tuple(bundle.events("state-report-processed")),
            chunks=tuple(bundle.events("state-chunks-loaded")),
        )
        return found if found.errors or found.processed or found.chunks else None

    @property
    def failing(self) -> tuple[Event, ...]:
        """Errors that no batch without invalid records follows."""
        clean = newest([one for one in self.processed if one.fields["bad"] == "0" and one.fields["count"] != "0"])
        return tuple(one for one in self.errors if not follows(clean, one))

    @property
    def invalid(self) -> Event | None:
        """The newest batch, when it holds invalid records."""
        last = newest(self.processed)
        return last if last and last.fields["bad"] != "0" else None

    @property
    def reason(self) -> str | None:
        """The newest error in the log's own words."""
        last = newest(self.failing)
        return short(last.fields.get("reason") or last.record.text) if last else None

    @property
    def attempts(self) -> int:
        """How often it failed."""
        return attempts(self.failing)

    @property
    def full_loads(self) -> tuple[Event, ...]:
        """The newest loads in a row that were as large as a load may be: more files wait than are fetched at once."""
        run: list[Event] = []
        for one in reversed(self.chunks):
            if int(one.fields["count"]) < _MANY_CHUNKS:
                break
            run.append(one)
        return tuple(reversed(run)) if len(run) >= _LOADS else ()

    @property
    def good(self) -> Event | None:
        """The newest batch that was worked off."""
        return newest(ordered([*self.processed, *self.chunks]))


def _concerns_states(event: Event) -> bool:
    """A missing procedure is also reported by other components; only those of state reports count outside the log."""
    procedure = event.fields.get("procedure")
    writers = (by_file(event.record.place.file).log, by_component(event.record.component) or "")
    return procedure is None or "statesys" in writers or _STATE_PROCEDURE in procedure.lower()


class GatewayConnector(Evidence, frozen=True):
    """The connection point of the cloud management gateway: its certificates and its connections outwards."""

    asks = "cmg-connector-log"

    counted: Event | None
    revocation: Event | None
    refused: Event | None
    failures: tuple[Event, ...]
    served: Event | None
    traffic: ManagementPointTraffic | None

    @classmethod
    def read(cls, bundle: Bundle) -> GatewayConnector | None:
        """None when its log tells of none of this."""
        chains = [one for one in bundle.events("connector-revocation") if one.fields["status"].lower() in _REVOCATION]
        found = cls(
            counted=newest(bundle.events("connector-certificates")),
            revocation=newest(chains),
            refused=newest(bundle.events("connector-refused")),
            failures=tuple(bundle.events("connector-failed")),
            served=newest(bundle.events("connector-served")),
            traffic=bundle.evidence(ManagementPointTraffic),
        )
        return found if found.counted or found.refused or found.failures or found.served else None

    @property
    def usable(self) -> int | None:
        """How many certificates are left that the connection point can use."""
        return int(self.counted.fields["count"]) if self.counted else None

    @property
    def has_certificate(self) -> bool:
        """At least one is left."""
        return bool(self.usable)

    @property
    def has_none(self) -> bool:
        """Not one is left."""
        return self.usable == 0

    @property
    def refused_after_all(self) -> Event | None:
        """The management point asked for a certificate, and served nothing after that."""
        return None if self.refused is None or follows(self.served, self.refused) else self.refused

    @property
    def client_side(self) -> Failure | None:
        """The refusal as a client saw it."""
        failure = self.traffic.current if self.traffic else None
        return failure if failure and failure.gateway_refusal else None

    @property
    def failing(self) -> tuple[Event, ...]:
        """Connections that could not be built, and after which nothing was served."""
        return tuple(one for one in self.failures if not follows(self.served, one))

    @property
    def protocols(self) -> str | None:
        """The ways that were tried in vain."""
        return ", ".join(dict.fromkeys(one.fields["protocol"].upper() for one in self.failing)) or None

    @property
    def over_all_protocols(self) -> bool:
        """The way that is tried last (HTTP) failed as well."""
        return any(one.fields["protocol"].lower().startswith("http") for one in self.failing)

    @property
    def gateway(self) -> str | None:
        """The gateway that was addressed."""
        last = newest(self.failing)
        return last.fields["server"].split(":")[0].strip(" .") or None if last else None

    @property
    def ports(self) -> str | None:
        """The ports that were tried."""
        return ", ".join(dict.fromkeys(one.fields["port"] for one in self.failing if one.fields.get("port"))) or None
