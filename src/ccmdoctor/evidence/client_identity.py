"""Who the client is and in which mode it runs: its identifier, provisioning mode, its clock.

ProvisioningMode    REG_SZ    true
SMS Unique Identifier=GUID:11112222-BBBB-3333-CCCC-4444DDDD5555
10:00:00, +412.0713254s
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ccmdoctor.evidence.base import Bundle, Evidence, Proof, newest
from ccmdoctor.evidence.management_point import ManagementPointTraffic
from ccmdoctor.model import Event, State

_KEY = "SOFTWARE\\Microsoft\\CCM\\CcmExec"
_LEAVES_BY_ITSELF = timedelta(hours=48)  # learn.microsoft.com/intune/configmgr/osd/understand/provisioning-mode
_TOLERATED = 300.0  # seconds; Kerberos allows five minutes


class ProvisioningMode(Evidence, frozen=True):
    """Whether the client is in provisioning mode, and since when."""

    asks = "provisioning-mode"

    mode: State
    excludes: State | None
    enabled: State | None
    now: datetime | None
    task_sequence: Event | None = None

    @classmethod
    def read(cls, bundle: Bundle) -> ProvisioningMode | None:
        """None when the registry key was not exported."""
        mode = bundle.registry(_KEY, "ProvisioningMode")
        if mode is None or mode.values.get("value") is None:
            return None
        return cls(
            mode=mode,
            excludes=bundle.registry(_KEY, "SystemTaskExcludes"),
            enabled=bundle.registry(_KEY, "ProvisioningEnabledTime"),
            now=bundle.now,
        )

    @property
    def is_on(self) -> bool:
        """The mode is set."""
        return str(self.mode.values.get("value")).strip().lower() in ("true", "1")

    @property
    def is_half_left(self) -> bool:
        """The mode is not set, but tasks of the client are still held back."""
        return (
            not self.is_on and self.excludes is not None and bool(str(self.excludes.values.get("value") or "").strip())
        )

    @property
    def since(self) -> datetime | None:
        """When it was set (UTC)."""
        value = str(self.enabled.values.get("value") or "").strip() if self.enabled else ""
        if not value.isdecimal() or not 1_000_000_000 < int(value) < 10_000_000_000:
            return None
        return datetime.fromtimestamp(int(value), UTC)

    @property
    def hours(self) -> int | None:
        """For how many whole hours."""
        return int((self.now - self.since) / timedelta(hours=1)) if self.now and self.since else None

    @property
    def is_overdue(self) -> bool:
        """Longer than the client stays in it by itself."""
        return bool(self.now and self.since and self.now - self.since > _LEAVES_BY_ITSELF)

    @property
    def may_be_right(self) -> bool:
        """It was set so lately that a task sequence may still run."""
        return bool(self.now and self.since and self.now - self.since <= _LEAVES_BY_ITSELF)

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The values."""
        return tuple(one for one in (self.mode, self.enabled, self.excludes) if one is not None)


class ClientIds(Evidence, frozen=True):
    """The identifiers of clients, each with the computer that uses it. One computer alone proves nothing."""

    asks = "client-ids"

    owners: dict[str, dict[str, Proof]]

    @classmethod
    def read(cls, bundle: Bundle) -> ClientIds | None:
        """None when no identifier is known together with its computer."""
        owners: dict[str, dict[str, Proof]] = {}
        for row in bundle.states("wmi", "CCM_Client"):
            name = str(
                row.values.get("__server") or row.values.get("computer") or row.values.get("pscomputername") or ""
            )
            _note(owners, str(row.values.get("clientid") or ""), name, row)
        machines = {one.stands.file: one.fields["machine"] for one in bundle.events("client-machine")}
        for event in bundle.events("registered"):
            _note(owners, event.fields["client"], machines.get(event.stands.file, ""), event)
        for state in bundle.states("client-id"):
            folders = state.place.file.replace("!", "/").split("/")[:-1]
            _note(owners, str(state.values["clientid"]), folders[-1] if folders else "", state)
        return cls(owners=owners) if owners else None

    @property
    def computers(self) -> tuple[str, ...]:
        """All computers of which an identifier is known."""
        return tuple(dict.fromkeys(name for names in self.owners.values() for name in names))

    @property
    def shared(self) -> str | None:
        """An identifier that more than one computer uses."""
        return next((id for id, names in self.owners.items() if len(names) > 1), None)

    @property
    def sharing(self) -> str | None:
        """The computers that share it."""
        return ", ".join(sorted(name.upper() for name in self.owners[self.shared])) if self.shared else None

    @property
    def proof(self) -> tuple[Proof, ...]:
        """Where it stands for each of them; without a shared one, what stands for each computer."""
        if self.shared:
            return tuple(self.owners[self.shared].values())
        return tuple(next(iter(names.values())) for names in self.owners.values())


def _note(owners: dict[str, dict[str, Proof]], id: str, computer: str, proof: Proof) -> None:
    if id.strip() and computer.strip():
        owners.setdefault(id.strip().upper(), {})[computer.strip().lower()] = proof


class Clock(Evidence, frozen=True):
    """The computer's clock against another one, and refusals that a wrong clock brings."""

    asks = "clock"

    offset: State | None
    dated: Event | None
    traffic: ManagementPointTraffic | None

    @classmethod
    def read(cls, bundle: Bundle) -> Clock | None:
        """None when neither a comparison nor a date in TLS is told of."""
        traffic = bundle.evidence(ManagementPointTraffic)
        failure = traffic.current if traffic else None
        flags = traffic.tls_flags if traffic and failure and failure.kind == "tls" else ()
        found = cls(
            offset=newest(bundle.states("clock-offset")),
            dated=newest([one for one in flags if "DATE" in one.fields["flag"].upper()]),
            traffic=traffic,
        )
        return found if found.offset or found.dated else None

    @property
    def seconds(self) -> int | None:
        """How far the clock is behind (positive) or ahead (negative) of the other one."""
        return round(float(self.offset.values["seconds"])) if self.offset else None

    @property
    def is_off(self) -> bool:
        """Farther than authentication tolerates."""
        return self.offset is not None and abs(float(self.offset.values["seconds"])) > _TOLERATED

    @property
    def server(self) -> str | None:
        """The clock it was compared with."""
        return self.offset.name or None if self.offset else None
