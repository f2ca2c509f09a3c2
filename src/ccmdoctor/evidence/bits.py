"""BITS, which moves all content: its errors, its service, the firewall's service that it needs, and its speed limit."""

from __future__ import annotations

from datetime import datetime, timedelta

from ccmdoctor.evidence.base import Bundle, Evidence, Proof, newest
from ccmdoctor.evidence.content import Downloads, Failed
from ccmdoctor.evidence.services import Service, WindowsServices
from ccmdoctor.evidence.transfer import Transfer, Transfers
from ccmdoctor.formats.clock import mof_instant
from ccmdoctor.model import Event, State

_POLICY = "SOFTWARE\\Policies\\Microsoft\\Windows\\BITS"
_RUNNING = ("TRANSFERRING", "QUEUED", "CONNECTING")


class BitsClient(Evidence, frozen=True):
    """Failing downloads as BITS sees them, with the services that stand behind them."""

    asks = "bits-jobs"

    failing: tuple[Failed | Transfer, ...]
    past: tuple[Failed | Transfer, ...]
    success: Event | None
    services: WindowsServices | None
    without_gateway: State | None
    no_ranges: Event | None = None  # WSUS says that its source does not support ranges

    @classmethod
    def read(cls, bundle: Bundle) -> BitsClient | None:
        """None when neither a download nor a service is known."""
        no_ranges = newest(bundle.events("wsus-range-refused"))
        transfers, downloads = bundle.evidence(Transfers), bundle.evidence(Downloads)
        services = bundle.evidence(WindowsServices)
        if transfers is None and downloads is None and services is None and no_ranges is None:
            return None
        failing: list[Failed | Transfer] = [*(downloads.failing if downloads else ())]
        past: list[Failed | Transfer] = [*(downloads.recovered if downloads else ())]
        failing += transfers.failing if transfers else ()
        past += transfers.recovered if transfers else ()
        success = (transfers.success if transfers else None) or (downloads.success if downloads else None)
        return cls(
            failing=tuple(failing),
            past=tuple(past),
            success=success,
            services=services,
            without_gateway=_without_gateway(bundle),
            no_ranges=no_ranges,
        )

    def first_pointing(self, cause: str) -> Failed | Transfer | None:
        """The newest failure whose code points first to the cause."""
        return next((one for one in reversed(self.failing) if one.points_first_to(cause)), None)

    def pointing(self, cause: str) -> Failed | Transfer | None:
        """The newest failure whose code points to the cause at all."""
        return next((one for one in reversed(self.failing) if one.points_to(cause)), None)

    def by_bits(self, cause: str) -> Failed | Transfer | None:
        """The newest failure that BITS itself gave, with a code that points to the cause among others."""
        told = [one for one in self.failing if isinstance(one, Transfer) and one.by_bits]
        return next((one for one in reversed(told) if one.points_to(cause)), None)

    def recovered(self, cause: str) -> Failed | Transfer | None:
        """A failure with a code of the cause that a success followed."""
        return next((one for one in reversed(self.past) if one.points_to(cause)), None)

    def listed(self, failure: Failed | Transfer) -> bool:
        """BITS itself stated the error in its list of jobs."""
        return any(isinstance(one, State) and one.kind == "bits-job" for one in failure.proof)

    def is_steady(self, failure: Failed | Transfer) -> bool:
        """It is not only an interruption that the agent itself calls transient."""
        return not (isinstance(failure, Failed) and failure.transient)

    def service(self, name: str) -> Service | None:
        """A service by its short name, when something is known of it."""
        return self.services.get(name) if self.services else None

    @property
    def why_not(self) -> str:
        """Why a cause is excluded (keys of the words files)."""
        if self.failing:
            return "other-transfer-error"
        return "transfer-recovered" if self.past else "content-transferred"

    @property
    def tells_downloads(self) -> bool:
        """Downloads are known, not only services."""
        return bool(self.failing or self.past or self.success)

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The newest failure, else the success."""
        if self.failing:
            return self.failing[-1].proof
        return (self.success,) if self.success else ()

    def since(self, failure: Failed | Transfer) -> datetime | None:
        """When failures with the same code began (UTC)."""
        return min((one.when for one in self.failing if one.error == failure.error and one.when), default=None)


def _without_gateway(bundle: Bundle) -> State | None:
    """An adapter with an address, when no adapter has a default gateway."""
    adapters = [
        one
        for one in bundle.states("adapter")
        if any(not str(address).startswith(("127.", "169.254.")) for address in one.values.get("addresses") or ())
    ]
    if not adapters or any(one.values.get("gateways") for one in adapters):
        return None
    return adapters[0]


class BitsLimit(Evidence, frozen=True):
    """The limit for background transfers: the policy that the client setting writes, and whether a transfer runs."""

    asks = "bits-policy"

    switch: State | None
    rate: State | None
    exported: bool
    running: State | None
    slow: State | None
    late: bool = False

    @classmethod
    def read(cls, bundle: Bundle) -> BitsLimit | None:
        """None when neither the policy key nor the client's configuration was collected."""
        switch = bundle.registry(_POLICY, "EnableBITSMaxBandwidth")
        exported = bundle.has_registry_key(_POLICY)
        rows = bundle.states("wmi", "CCM_Service_BITSConfiguration")
        if switch is None and rows and "enablebitsmaxbandwidth" in rows[-1].values:
            row = rows[-1]
            switch = State(
                row.kind, row.name, {"value": int(_true(row.values["enablebitsmaxbandwidth"]))}, row.place, row.text
            )
        if switch is None and not exported:
            return None
        jobs = [one for one in bundle.states("bits-job") if one.values.get("state") in _RUNNING]
        updates = [
            one for one in bundle.states("wmi", "CCM_SoftwareUpdate") if str(one.values.get("evaluationstate")) == "5"
        ]
        running = next((one for one in jobs if not one.values.get("error")), None)
        return cls(
            switch=switch,
            rate=bundle.registry(_POLICY, "MaxTransferRateOnSchedule"),
            exported=exported,
            running=running,
            slow=running or (updates[-1] if updates else None),
            late=any(_is_late(one, bundle.now) for one in updates),
        )

    @property
    def is_on(self) -> bool:
        """Background transfers are limited."""
        return self.switch is not None and self.switch.values.get("value") == 1

    @property
    def kilobits(self) -> int | None:
        """The limit inside its hours, in kilobits a second."""
        value = self.rate.values.get("value") if self.rate else None
        return value if isinstance(value, int) else None

    @property
    def foreground(self) -> bool:
        """The running transfer is one that no limit slows down."""
        return self.running is not None and self.running.values.get("priority") == "FOREGROUND"

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The limit and the transfer that it slows down."""
        return tuple(one for one in (self.switch, self.rate, self.slow) if one is not None)


def _is_late(update: State, now: datetime | None) -> bool:
    """Its deadline is past. The client writes local time as if it were UTC, so a day is allowed for the zone."""
    deadline = mof_instant(str(update.values.get("deadline") or ""))
    if deadline is None or now is None:
        return False
    return now.replace(tzinfo=None) - deadline.local > timedelta(days=1)


def _true(value: object) -> bool:
    return str(value).lower() in ("true", "1")


class AntivirusHits(Evidence, frozen=True):
    """What the antivirus product took of the files that an update needs, and failures that look like its work."""

    asks = "antivirus-log"

    taken: tuple[Event, ...]
    failing: tuple[Failed | Transfer, ...]
    success: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> AntivirusHits | None:
        """None when neither the product's log nor a download tells anything."""
        taken = bundle.events("antivirus-took-file")
        client = bundle.evidence(BitsClient)
        if not taken and (client is None or not client.tells_downloads):
            return None
        gone = client is not None and client.success is not None and taken and client.success.after(taken[-1])
        return cls(
            taken=() if gone else tuple(taken),
            failing=client.failing if client else (),
            success=client.success if client else None,
        )

    def pointing(self, cause: str) -> Failed | Transfer | None:
        """The newest failure whose code points to the cause at all."""
        return next((one for one in reversed(self.failing) if one.points_to(cause)), None)

    @property
    def held(self) -> Failed | Transfer | None:
        """The newest failure with a code for a file that something else holds or changes."""
        return next(
            (
                one
                for one in reversed(self.failing)
                if one.points_first_to("antivirus-interference")
                or (one.points_first_to("sharing-violation") and not _is_install(one))
            ),
            None,
        )

    @property
    def path(self) -> str | None:
        """The file that was taken last, below the folder of its kind."""
        return self.taken[-1].record.text.strip() if self.taken else None

    @property
    def since(self) -> datetime | None:
        """When the product first took such a file (UTC)."""
        return self.taken[0].utc if self.taken else None

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The product's lines, else the success."""
        return self.taken[-2:] or ((self.success,) if self.success else ())


def _is_install(failure: Failed | Transfer) -> bool:
    """The code is the result of an update as a whole, which may come from its installation."""
    return any(
        isinstance(one, Event) and one.id in ("update-state-error", "software-center-error", "assignment-job-error")
        for one in failure.proof
    )
