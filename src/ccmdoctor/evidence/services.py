"""The Windows services that updates need: are they disabled, are they running.

BITS starts when it is needed, so only a disabled BITS is a fault; the firewall's service (MpsSvc) must run even where
the firewall itself is switched off.
"""

from __future__ import annotations

import msgspec

from ccmdoctor.evidence.base import Bundle, Evidence, Proof
from ccmdoctor.model import State

_KEY = "hklm\\system\\currentcontrolset\\services\\"
_DISABLED = 4


class Service(msgspec.Struct, frozen=True):
    """One service: ``state`` and ``start`` as known, and the lines that say so."""

    name: str
    state: str | None
    start: str | None
    proof: tuple[Proof, ...]

    @property
    def is_disabled(self) -> bool:
        """It cannot start."""
        return self.start == "disabled"

    @property
    def is_running(self) -> bool:
        """It runs, as far as that is known."""
        return self.state == "running" or (self.state is None and self.start not in ("disabled", None))

    @property
    def is_stopped(self) -> bool:
        """It does not run."""
        return self.state == "stopped"


class WindowsServices(Evidence, frozen=True):
    """Every service of which the bundle tells something, by its name in small letters."""

    asks = "services"

    known: dict[str, Service]

    @classmethod
    def read(cls, bundle: Bundle) -> WindowsServices | None:
        """None when neither a listing nor the registry tells of a service."""
        seen: dict[str, dict[str, State]] = {}
        for state in bundle.states("registry-value"):
            name = state.name.lower()
            if name.startswith(_KEY) and name.endswith("\\start"):
                service = name.removeprefix(_KEY).removesuffix("\\start")
                if "\\" not in service:
                    seen.setdefault(service, {})["registry"] = state
        for state in bundle.states("service"):
            seen.setdefault(state.name, {}).update(dict.fromkeys(state.values, state))
        known = {name: _service(name, parts) for name, parts in seen.items()}
        return cls(known=known) if known else None

    def get(self, name: str) -> Service | None:
        """One service by its short name, in any case."""
        return self.known.get(name.lower())


def _service(name: str, parts: dict[str, State]) -> Service:
    start, state, registry = parts.get("start"), parts.get("state"), parts.get("registry")
    begins = str(start.values["start"]) if start else None
    if begins is None and registry is not None:
        begins = "disabled" if registry.values.get("value") == _DISABLED else "enabled"
    proofs = [one for one in (state, start or registry) if one is not None]
    return Service(name, str(state.values["state"]) if state else None, begins, _unique(proofs))


def _unique(proofs: list[State]) -> tuple[State, ...]:
    return tuple(one for index, one in enumerate(proofs) if all(one is not other for other in proofs[:index]))
