"""Group policy over the update source: who won, and whether the local policy file can be read.

Group policy settings were overwritten by a higher authority (Domain Controller) to: Server http://... and ...
Unable to read existing WUA Group Policy object. Error = 0x800703ee.
"""

from __future__ import annotations

from ccmdoctor.evidence.base import Bundle, Evidence, Proof, newest
from ccmdoctor.evidence.policy import newest_state
from ccmdoctor.knowledge import codes
from ccmdoctor.model import Event, HResult, State


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
        location = newest_state([row for row in rows if row.name == "wsus-location"])
        return cls(location=location, others=tuple(row for row in rows if row.name != "wsus-location"))

    @property
    def by_domain(self) -> bool:
        """Whether a domain GPO sets the update service location."""
        return (
            self.location is not None
            and not self.location.values.get("local")
            and str(self.location.values.get("state", "")).lower() != "disabled"
        )

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
    """How writing the update source into local policy went. ``cleared`` is the newest success of it."""

    asks = "scan-history"

    overwritten: Event | None
    refused: Event | None
    unreadable: Event | None
    cleared: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> PolicyWrite | None:
        """None when WUAHandler.log and ScanAgent.log tell nothing of it."""
        refused = newest(bundle.events("update-source-failed", "scan-job-failed"))
        found = cls(
            overwritten=newest(bundle.events("gpo-overwritten")),
            refused=refused,
            unreadable=newest(bundle.events("gpo-object-unreadable")),
            cleared=newest(
                bundle.events("update-source-added", "update-source-known", "wua-server-existing", "scan-completed")
            ),
        )
        return found if any((found.overwritten, found.refused, found.unreadable, found.cleared)) else None

    def stands(self, event: Event | None) -> bool:
        """Whether this failure is the newest word: no success is known to follow it."""
        return event is not None and not (self.cleared is not None and self.cleared.after(event))

    @property
    def refusal(self) -> HResult | None:
        """The code with which the update source was refused."""
        return HResult.parse(self.refused.fields["error"]) if self.refused else None

    @property
    def read_error(self) -> HResult | None:
        """The code with which the local policy could not be read."""
        return HResult.parse(self.unreadable.fields["error"]) if self.unreadable else None


class PolicyFile(Evidence, frozen=True):
    """The local ``registry.pol``: its header and whether its body can be read."""

    asks = "registry-pol"

    header: State

    @classmethod
    def read(cls, bundle: Bundle) -> PolicyFile | None:
        """None when the file is not in the bundle. The machine's file comes before others."""
        found = bundle.states("registry-pol")
        machine = [state for state in found if "user" not in state.place.file.lower().split("/")[:-1]]
        best = newest_state(machine or found)
        return cls(header=best) if best else None

    @property
    def valid(self) -> bool:
        """Whether the header and the body are as they must be."""
        return bool(self.header.values.get("valid"))

    @property
    def reason(self) -> str:
        """ok, empty, bad-header or bad-body."""
        return str(self.header.values.get("reason"))

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The header."""
        return (self.header,)


class GroupPolicy(Evidence, frozen=True):
    """All that is known of group policy over the update source; any part may be missing, not all."""

    asks = "scan-history"

    write: PolicyWrite | None
    winning: WinningPolicy | None
    file: PolicyFile | None

    @classmethod
    def read(cls, bundle: Bundle) -> GroupPolicy | None:
        """None when neither the log, a gpresult report nor the policy file is in the bundle."""
        found = cls(write=PolicyWrite.read(bundle), winning=WinningPolicy.read(bundle), file=PolicyFile.read(bundle))
        return found if found.write or found.winning or found.file else None

    @property
    def overwritten(self) -> Event | None:
        """The standing line that says a domain policy replaced the update source."""
        return self.write.overwritten if self.write and self.write.stands(self.write.overwritten) else None

    @property
    def refused(self) -> Event | None:
        """The standing refusal of the update source."""
        return self.write.refused if self.write and self.write.stands(self.write.refused) else None

    @property
    def unreadable(self) -> Event | None:
        """The standing failure to read the local policy."""
        return self.write.unreadable if self.write and self.write.stands(self.write.unreadable) else None

    @property
    def domain_server(self) -> str | None:
        """The address that the domain policy sets: from the log line, else from gpresult."""
        said = self.overwritten.fields.get("server") if self.overwritten else None
        return said or (self.winning.server if self.winning and self.winning.by_domain else None)

    @property
    def cleared(self) -> Event | None:
        """The newest sign that the update source could be set."""
        return self.write.cleared if self.write else None

    def refused_as(self, cause: str) -> bool:
        """Whether the standing refusal carries a code that points to this cause."""
        code = self.write.refusal if self.write and self.refused else None
        return code is not None and cause in codes.points_to(code)

    def unreadable_as(self, cause: str) -> bool:
        """Whether the standing read failure carries a code that points to this cause."""
        code = self.write.read_error if self.write and self.unreadable else None
        return code is not None and cause in codes.points_to(code)
