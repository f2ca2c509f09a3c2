"""What Software Center says of the queries with which it fills its pages.

Call to ExecuteQuery failed, Query: "Select * From CCM_Application WHERE UserUIExperience = TRUE"
Exception caught in ExecuteQuery, line 465...
ExecuteApplicationQuery - Failed to get machine targeted applications (0x87d00315).

The queries go through WMI to the client: where WMI itself is damaged, they are only what is seen of it.
"""

from __future__ import annotations

from collections.abc import Iterable

from ccmdoctor.evidence.base import Bundle, Evidence, Mark, Proof, code_of, newest, standing
from ccmdoctor.evidence.client_health import WmiHealth
from ccmdoctor.model import Event, Stage

_QUOTES = " \"'\u201c\u201d"


class SoftwareCenterQueries(Evidence, frozen=True):
    """The newest query that failed, with what the client's side said of it."""

    asks = "software-center-log"

    failed: Event | None
    caught: Event | None
    raised: Event | None
    answered: Event | None  # the client's part that could not answer
    worked: Event | None
    wmi: WmiHealth | None

    @classmethod
    def read(cls, bundle: Bundle) -> SoftwareCenterQueries | None:
        """None when neither Software Center nor the agent behind it tells of a query."""
        worked = newest(bundle.events("software-center-got-data"))

        def last(id: str) -> Event | None:
            return newest(standing(bundle.events(id), [worked]))

        found = cls(
            failed=last("software-center-query-failed"),
            caught=last("software-center-query-exception"),
            raised=last("software-center-wmi-exception"),
            answered=last("application-query-failed"),
            worked=worked,
            wmi=bundle.evidence(WmiHealth),
        )
        return found if any((found.failed, found.caught, found.raised, found.answered, worked)) else None

    @property
    def fails(self) -> bool:
        """Software Center says that its query failed."""
        return self.failed is not None or self.caught is not None

    @property
    def is_wmi_damaged(self) -> bool:
        """WMI itself does not work."""
        return self.wmi is not None and (self.wmi.is_inconsistent or self.wmi.fails_its_test)

    @property
    def is_wmi_sound(self) -> bool:
        """WMI was checked and is in order."""
        return self.wmi is not None and self.wmi.is_consistent

    @property
    def facts(self) -> dict[str, object]:
        """What every finding about it states."""
        query = self.failed.fields.get("query") if self.failed else None
        return {"query": (query or "").strip(_QUOTES) or None, "error": code_of(self.answered)}

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The query, the exception, and the client's side."""
        told = (self.failed, self.caught, self.raised, self.answered)
        return tuple(one for one in told if one is not None)

    def marks(self) -> Iterable[Mark]:
        """Showing what is deployed is the end of evaluation."""
        yield Mark(Stage.EVALUATION, "software-center", self.worked, self.failed or self.caught, self.fails)
