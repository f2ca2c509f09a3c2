"""Group policy over the update source: who won, and whether the local policy file can be read.

Group policy settings were overwritten by a higher authority (Domain Controller) to: Server http://... and ...
Unable to read existing WUA Group Policy object. Error = 0x800703ee.
"""

from __future__ import annotations

import msgspec

from ccmdoctor.evidence.base import Bundle, Evidence, Proof, newest
from ccmdoctor.evidence.domain_policy import DomainPolicies, PolicyObject, is_of_domain, titles
from ccmdoctor.evidence.scan import ScanHistory
from ccmdoctor.evidence.update_point import UpdatePointAccess
from ccmdoctor.knowledge import codes
from ccmdoctor.model import Event, HResult, Place, State

_OWN_DOWNLOADS = "http://localhost:8005"  # only ConfigMgr sets this alternate download server
_EMPTY = "(empty)"
_PAST_POLICY = (
    "update-source-added",
    "update-source-known",
    "wua-server-existing",
    "search-started",
    "search-job-failed",
    "scan-completed",
)


class WinningPolicy(Evidence, frozen=True):
    """The gpresult row for the intranet update service location, and every row below Windows Update."""

    asks = "gpresult"

    location: State | None
    others: tuple[State, ...]

    @classmethod
    def read(cls, bundle: Bundle) -> WinningPolicy | None:
        """None without a gpresult report that lists Windows Update policies."""
        rows = bundle.states("gpo-setting")
        if not rows:
            return None
        location = newest([row for row in rows if row.name == "wsus-location"])
        return cls(location=location, others=tuple(row for row in rows if row.name != "wsus-location"))

    @property
    def by_domain(self) -> bool:
        """Whether a domain GPO decides on the update service location; one that disables it wins over ConfigMgr, too.

        A local policy whose name is not known in this language shows itself by ConfigMgr's own download server.
        """
        if self.location is None or self.location.values.get("local"):
            return False
        own = str(self.location.values.get("alternate") or "").casefold().rstrip("/") == _OWN_DOWNLOADS
        return bool(self.gpo) and not own

    @property
    def gpo(self) -> str | None:
        """The winning GPO's name."""
        return str(self.location.values.get("gpo")) if self.location and self.location.values.get("gpo") else None

    @property
    def server(self) -> str | None:
        """The address that the winning policy sets."""
        value = self.location.values.get("detection") if self.location else None
        return str(value) if value else None


class PolicyWrite(Evidence, frozen=True):
    """How writing the update source into local policy went.

    ``cleared`` is the newest success of it: the source was set, or the agent searched, which it only does after that.
    """

    asks = "scan-history"

    overwritten: Event | None
    refused: Event | None
    unreadable: Event | None
    cleared: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> PolicyWrite | None:
        """None when WUAHandler.log and ScanAgent.log tell nothing of it."""
        found = cls(
            overwritten=newest(bundle.events("gpo-overwritten")),
            refused=newest(bundle.events("update-source-failed", "scan-job-failed")),
            unreadable=newest(bundle.events("gpo-object-unreadable")),
            cleared=newest(bundle.events(*_PAST_POLICY)),
        )
        if any((found.overwritten, found.refused, found.unreadable, found.cleared)):
            return found
        jobs = newest([one for one in bundle.events("assignment-job-error") if _is_conflict(one)])
        return msgspec.structs.replace(found, refused=jobs) if jobs else None

    def stands(self, event: Event | None) -> bool:
        """Whether this failure is the newest word: no success is known to follow it."""
        return event is not None and not (self.cleared is not None and self.cleared.after(event))

    @property
    def overcome(self) -> Event | None:
        """The newest success, when the update source had been refused before it."""
        return self.cleared if self.cleared and self.refused and self.cleared.after(self.refused) else None

    @property
    def read_later(self) -> Event | None:
        """A line that only comes when the local policy was read and written again after it was unreadable."""
        lines = (self.cleared, self.overwritten)
        return next((one for one in lines if one and self.unreadable and one.after(self.unreadable)), None)

    @property
    def refusal(self) -> HResult | None:
        """The code with which the update source was refused."""
        return HResult.parse(self.refused.fields["error"]) if self.refused else None

    @property
    def read_error(self) -> HResult | None:
        """The code with which the local policy could not be read."""
        return HResult.parse(self.unreadable.fields["error"]) if self.unreadable else None


class ScanOutcome(Evidence, frozen=True):
    """How scanning stands: the attempts, or else the sign that a refused update source could be set after all."""

    asks = "scan-history"

    scans: ScanHistory | None
    overcome: Event | None
    asked: UpdatePointAccess | None = None  # the scan of a probe, where it failed and no other is known

    @classmethod
    def read(cls, bundle: Bundle) -> ScanOutcome | None:
        """None when no scan is known to have ended, no probe's failed and nothing was refused."""
        scans, write = bundle.evidence(ScanHistory), bundle.evidence(PolicyWrite)
        access = bundle.evidence(UpdatePointAccess)
        asked = access if access and access.asked_causes else None
        found = cls(scans=scans, overcome=write.overcome if write else None, asked=asked)
        return found if found.scans or found.overcome or found.asked else None

    @property
    def symbol(self) -> str | None:
        """The symbol of the code with which the probe's scan would have ended."""
        code = HResult.parse(self.asked.error or "") if self.asked else None
        return codes.lookup(code).symbol if code else None


def _is_conflict(event: Event) -> bool:
    """Whether the line carries the code for an update source that another policy replaced."""
    code = HResult.parse(event.fields["error"])
    return code is not None and codes.points_to(code)[:1] == ("gpo-wsus-conflict",)


class PolicyFile(Evidence, frozen=True):
    """The machine's local ``registry.pol``: its header and whether its body can be read."""

    asks = "registry-pol"

    header: State

    @classmethod
    def read(cls, bundle: Bundle) -> PolicyFile | None:
        """None when the file is not in the bundle. The user's file and copies of domain policies do not count."""
        found = [*bundle.states("registry-pol"), *_without_content(bundle)]
        own = [state for state in found if _is_local_machine(state.place.file)]
        kept = [state for state in own if _parts(state.place.file)[-1] == "registry.pol"]
        best = newest(kept or own)
        return cls(header=best) if best else None

    @property
    def valid(self) -> bool:
        """Whether the header and the body are as they must be."""
        return bool(self.header.values.get("valid"))

    @property
    def records(self) -> int:
        """How many whole records stand in it, up to the first that is none."""
        return int(self.header.values.get("entries") or 0)

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The header."""
        return (self.header,)


def _parts(file: str) -> list[str]:
    return file.lower().replace("\\", "/").replace("!", "/").split("/")


def _is_local_machine(file: str) -> bool:
    folders = _parts(file)[:-1]
    return not is_of_domain(file) and not {"user", "sysvol", "datastore", "policies"} & set(folders)


def _without_content(bundle: Bundle) -> list[State]:
    """Policy files that hold nothing but NULs, or nothing at all: no reader takes them, but they are a finding."""
    values = {"valid": False, "reason": "empty", "entries": 0}
    return [
        State("registry-pol", "header", values, Place(item.artifact, 1), _EMPTY)
        for item in bundle.reading.coverage
        if item.state == "empty" and _parts(item.artifact)[-1].endswith("registry.pol")
    ]


class GroupPolicy(Evidence, frozen=True):
    """All that is known of group policy over the update source; any part may be missing, not all."""

    asks = "scan-history"

    write: PolicyWrite | None
    winning: WinningPolicy | None
    file: PolicyFile | None
    update_point: Event | None = None  # the newest line that names the update point that ConfigMgr wants
    by_windows: Event | None = None  # Windows itself says that the local policy cannot be applied
    domain: DomainPolicies | None = None  # objects of the domain, from a copy of SYSVOL

    @classmethod
    def read(cls, bundle: Bundle) -> GroupPolicy | None:
        """None when neither a log, a gpresult report nor the policy file is in the bundle."""
        named = bundle.events("wua-server-enabling", "wua-server-existing", "scan-location-received", "sup-callback")
        found = cls(
            write=bundle.evidence(PolicyWrite),
            winning=bundle.evidence(WinningPolicy),
            file=bundle.evidence(PolicyFile),
            update_point=newest(named),
            by_windows=newest(bundle.events("local-policy-refused")),
            domain=bundle.evidence(DomainPolicies),
        )
        known = found.write or found.winning or found.file or found.by_windows or found.objects
        return found if known else None

    @property
    def refused_by_windows(self) -> Event | None:
        """Windows says that the local policy cannot be applied, and no update source was set after that."""
        return None if self.by_windows and self.cleared and self.cleared.after(self.by_windows) else self.by_windows

    @property
    def overwritten(self) -> Event | None:
        """The standing line that says a domain policy replaced the update source."""
        return self.write.overwritten if self.write and self.write.stands(self.write.overwritten) else None

    @property
    def refused(self) -> Event | None:
        """The standing refusal of the update source."""
        return self.write.refused if self.write and self.write.stands(self.write.refused) else None

    @property
    def refusal(self) -> HResult | None:
        """The code of the standing refusal."""
        return self.write.refusal if self.write and self.refused else None

    @property
    def unreadable(self) -> Event | None:
        """The standing failure to read the local policy."""
        return self.write.unreadable if self.write and not self.write.read_later else None

    @property
    def refused_unread(self) -> Event | None:
        """The refusal that followed from the unreadable policy: it carries the same code."""
        same = self.write is not None and self.write.refusal == self.write.read_error
        return self.refused if self.unreadable and same else None

    @property
    def domain_policy(self) -> State | None:
        """The row of gpresult, when a domain GPO decides."""
        return self.winning.location if self.winning and self.winning.by_domain else None

    @property
    def local_policy(self) -> State | None:
        """The row of gpresult, when the local policy decides."""
        return self.winning.location if self.winning and not self.winning.by_domain else None

    @property
    def domain_server(self) -> str | None:
        """The address that the domain policy sets: from the log line, else from gpresult."""
        said = self.overwritten.fields.get("server") if self.overwritten else None
        return said or (self.winning.server if self.winning and self.winning.by_domain else None)

    @property
    def objects(self) -> tuple[PolicyObject, ...]:
        """The objects of the domain that may be the ones: they set the address that won, else any."""
        return self.domain.setting_server(self.domain_server) if self.domain else ()

    @property
    def set_by(self) -> tuple[State, ...]:
        """Their values."""
        return tuple(state for one in self.objects for state in one.location)

    @property
    def gpo(self) -> str | None:
        """The object that won, by gpresult; else those that set an update server in the copy of SYSVOL."""
        won = self.winning.gpo if self.winning and self.domain_policy else None
        return won or titles(self.objects)

    @property
    def same_address(self) -> bool | None:
        """Whether the domain policy sets ConfigMgr's own update point; None when either address is not known.

        A domain policy that disables the setting has no address and is not the same.
        """
        if self.domain_policy is None or self.update_point is None:
            return None
        return _address(self.domain_server or "") == _address(self.update_point.fields["server"])

    @property
    def cleared(self) -> Event | None:
        """The newest sign that the update source could be set."""
        return self.write.cleared if self.write else None

    @property
    def was_readable(self) -> Event | None:
        """The newest sign that the local policy could be read."""
        return (self.write.read_later or self.write.cleared) if self.write else None

    def refused_as(self, cause: str) -> bool:
        """Whether the standing refusal carries a code that points to this cause."""
        return self.refusal is not None and cause in codes.points_to(self.refusal)

    def unreadable_as(self, cause: str) -> bool:
        """Whether the standing read failure carries a code that points to this cause."""
        code = self.write.read_error if self.write and self.unreadable else None
        return code is not None and cause in codes.points_to(code)


def _address(server: str) -> str:
    """Scheme, name and port as they are compared: any other difference is one."""
    return server.strip("<> ").casefold().rstrip("./")
