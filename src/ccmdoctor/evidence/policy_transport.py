"""What goes wrong with policy after the management point has answered.

reply message body length is too long (18291682, 16777216)
Synchronous policy assignment request with correlation guid {GUID} for User S-1-5-21-... completed with status 80070005
"""

from __future__ import annotations

from ccmdoctor.evidence.base import Bundle, Evidence, newest
from ccmdoctor.evidence.policy import newest_state
from ccmdoctor.model import Event, HResult, State


class PolicyTransport(Evidence, frozen=True):
    """The newest trouble of each kind that no policy received later is known to follow."""

    asks = "policy-agent-log"

    too_large: Event | None
    refused: Event | None
    received: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> PolicyTransport | None:
        """None when no log tells of policy transport."""
        received = newest(bundle.events("policy-received", "policy-downloaded"))

        def standing(events: list[Event]) -> Event | None:
            last = newest([one for one in events if not _is_success(one)])
            return None if last is None or (received and received.after(last)) else last

        found = cls(
            too_large=standing(bundle.events("reply-too-large")),
            refused=standing(bundle.events("user-policy-refused")),
            received=received,
        )
        return found if found.too_large or found.refused or found.received else None

    @property
    def status(self) -> HResult | None:
        """The code with which the request was refused."""
        return HResult.parse(self.refused.fields["error"]) if self.refused else None


def _is_success(event: Event) -> bool:
    code = HResult.parse(event.fields.get("error", ""))
    return code is not None and code.ok


class ClientAgentConfig(Evidence, frozen=True):
    """The computer agent settings of the client (``CCM_ClientAgentConfig``)."""

    asks = "client-agent-config"

    row: State

    @classmethod
    def read(cls, bundle: Bundle) -> ClientAgentConfig | None:
        """None when the class was not queried."""
        row = newest_state(bundle.states("wmi", "CCM_ClientAgentConfig"))
        return cls(row=row) if row else None

    @property
    def other_orchestration(self) -> bool:
        """Whether other software manages the deployment of applications and updates."""
        return self.row.values.get("enablethirdpartyorchestration") is True


class ScanPolicy(Evidence, frozen=True):
    """The update source that policy gives the client (``CCM_UpdateSource`` in ActualConfig)."""

    asks = "update-source-class"

    rows: tuple[State, ...]
    empty: State | None

    @classmethod
    def read(cls, bundle: Bundle) -> ScanPolicy | None:
        """None when the class was not queried."""
        rows = tuple(bundle.states("wmi", "CCM_UpdateSource"))
        empty = newest_state(bundle.states("wmi-empty", "CCM_UpdateSource"))
        return cls(rows=rows, empty=empty) if rows or empty else None

    @property
    def versions(self) -> tuple[int, ...]:
        """The catalogue versions that policy asks for."""
        found = (row.values.get("contentversion") for row in self.rows)
        return tuple(int(str(one)) for one in found if str(one).isdigit())
