"""What goes wrong with policy after the management point has answered.

reply message body length is too long (18291682, 16777216)
Synchronous policy assignment request with correlation guid {GUID} for User S-1-5-21-... completed with status 80070005
The policy CCM_Policy_Policy5.PolicyID="{GUID}",... failed to compile. State has been set to 'Inactive' and policy ...
"""

from __future__ import annotations

import re

from ccmdoctor.evidence.base import Bundle, Evidence, Proof, code_of, newest
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
    code = code_of(event)
    return code is not None and code.ok


_POLICY = re.compile(r"PolicyID\s?=(?:&quot;|\W){0,12}?(\{?[\w-]{8,60})", re.IGNORECASE)
_COMPILING = ("policy-compile-failed", "policy-xml-failed", "policy-dumped", "policy-rule-failed")


class PolicyCompilation(Evidence, frozen=True):
    """Policies that arrived and could not be compiled, each until a later line shows it applied."""

    asks = "policy-evaluator-log"

    failed: tuple[Event, ...]  # the line that names the policy and rolls it back, newest last
    around: tuple[Event, ...]  # what the client said on its way there
    applied: Event | None
    received: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> PolicyCompilation | None:
        """None when no log tells of policies that were applied or failed."""
        applied = bundle.events("policy-applied")
        by_policy: dict[str, list[Event]] = {}
        if bundle.events(*_COMPILING, "policy-evaluation-not-triggered"):  # else nobody asks which was applied
            for one in applied:
                by_policy.setdefault(_policy(one) or "", []).append(one)

        def stands(event: Event) -> bool:
            name = _policy(event)
            return name is None or not any(one.after(event) is True for one in by_policy.get(name, ()))

        found = cls(
            failed=tuple(one for one in bundle.events("policy-compile-failed") if stands(one)),
            around=tuple(
                last
                for id in (*_COMPILING[1:], "policy-evaluation-not-triggered")
                if (last := newest(bundle.events(id))) is not None and stands(last)
            ),
            applied=newest(applied),
            received=newest(bundle.events("policy-received", "policy-downloaded", "policy-applying")),
        )
        told = found.failed or found.around or found.applied or found.received or bundle.events(*_COMPILING)
        return found if told else None

    @property
    def unloaded(self) -> Event | None:
        """The line with the error code, when the text of the policy could not be loaded."""
        return newest([one for one in self.around if one.id == "policy-xml-failed"])

    @property
    def facts(self) -> dict[str, object]:
        """What every finding about it states."""
        last = newest(self.failed) or newest([one for one in self.around if _policy(one)])
        dumped = newest([one for one in self.around if one.id == "policy-dumped"])
        return {
            "policy": _policy(last) if last else None,
            "error": HResult.parse((self.unloaded.fields.get("error") or "") if self.unloaded else ""),
            "file": dumped.fields["file"].strip() if dumped else None,
        }

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The newest of each kind of line."""
        return (*self.failed[-2:], *self.around)


def _policy(event: Event) -> str | None:
    found = _POLICY.search(event.record.text)
    return found[1].strip("{}").lower() if found else None


class ClientAgentConfig(Evidence, frozen=True):
    """The computer agent settings of the client (``CCM_ClientAgentConfig``)."""

    asks = "client-agent-config"

    row: State

    @classmethod
    def read(cls, bundle: Bundle) -> ClientAgentConfig | None:
        """None when the class was not queried."""
        row = newest(bundle.states("wmi", "CCM_ClientAgentConfig"))
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
        empty = newest(bundle.states("wmi-empty", "CCM_UpdateSource"))
        return cls(rows=rows, empty=empty) if rows or empty else None

    @property
    def versions(self) -> tuple[int, ...]:
        """The catalogue versions that policy asks for."""
        found = (row.values.get("contentversion") for row in self.rows)
        return tuple(int(str(one)) for one in found if str(one).isdecimal())
