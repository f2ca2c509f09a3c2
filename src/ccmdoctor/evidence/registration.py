"""Whether the client is registered and assigned to a site: the ground that everything else stands on."""

from __future__ import annotations

from collections.abc import Iterable

from ccmdoctor.evidence.base import Bundle, Evidence, Mark, newest
from ccmdoctor.model import Event, Stage


class Registration(Evidence, frozen=True):
    """The newest word on registration and on site assignment, good and bad."""

    asks = "registration-logs"

    registered: Event | None
    assigned: Event | None
    unassigned: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> Registration | None:
        """None when neither log tells."""
        found = cls(
            registered=newest(bundle.events("registered")),
            assigned=newest(bundle.events("site-assigned")),
            unassigned=newest(bundle.events("site-refresh-failed", "site-none")),
        )
        return found if found.registered or found.assigned or found.unassigned else None

    def marks(self) -> Iterable[Mark]:
        """Registration and assignment are two things; success of one does not cancel failure of the other."""
        lost = self.unassigned is not None and not (self.assigned and self.assigned.after(self.unassigned))
        yield Mark(Stage.REGISTRATION, "site", self.assigned, self.unassigned, lost)
        if self.registered:
            yield Mark(Stage.REGISTRATION, "registered", self.registered, None, False)
