"""Which service the Windows Update agent asks: the policies that add Windows Update, and the agent's own list.

Name                          ServiceID                            IsDefaultAUService
----                          ---------                            ------------------
Windows Server Update Service 3da21691-e39d-4da6-8a4b-b43877bcb1b7              False
Windows Update                9482f4b4-e343-43b6-b170-9a65bc822c77               True
"""

from __future__ import annotations

from ccmdoctor.evidence.base import Bundle, Evidence, Proof
from ccmdoctor.knowledge.tables import table
from ccmdoctor.model import State


class UpdateServices(Evidence, frozen=True):
    """The services registered with the agent (``Microsoft.Update.ServiceManager``)."""

    asks = "update-services"

    rows: tuple[State, ...]

    @classmethod
    def read(cls, bundle: Bundle) -> UpdateServices | None:
        """None when the list is not in the bundle or marks no default."""
        rows = tuple(bundle.states("wmi", "Microsoft.Update.ServiceManager"))
        return cls(rows=rows) if any("isdefaultauservice" in row.values for row in rows) else None

    @property
    def default(self) -> State | None:
        """The row of the default service for automatic updates."""
        return next((row for row in self.rows if row.values.get("isdefaultauservice") is True), None)

    def default_is(self, family: str) -> bool:
        """Whether the default is one of ``wsus`` or ``microsoft`` (knowledge/windows_update.toml)."""
        default = self.default
        ids = table("windows_update")["services"][family]
        return default is not None and str(default.values.get("serviceid", "")).strip("{}").lower() in ids


class UpdatePolicies(Evidence, frozen=True):
    """Registry values below the Windows Update policy keys that decide which service is asked."""

    asks = "windows-update-policy"

    deferral: tuple[State, ...]
    residue: tuple[State, ...]
    source: tuple[State, ...]
    switch: State | None
    no_dual_scan: State | None
    exported: State | None

    @classmethod
    def read(cls, bundle: Bundle) -> UpdatePolicies | None:
        """None when none of the keys was exported and no group policy file sets a value."""
        facts = table("windows_update")
        keys, values = facts["keys"], facts["values"]
        exported = bundle.states("registry", f"HKLM\\{keys['policy']}", f"HKLM\\{keys['automatic']}")
        found = cls(
            deferral=_values(bundle, [keys["policy"]], values["deferral"]),
            residue=_values(bundle, keys["caches"], values["deferral"])
            + _values(bundle, [keys["user"]], values["pause"]),
            source=_values(bundle, [keys["policy"]], values["source"]),
            switch=bundle.registry(keys["automatic"], values["source_switch"]),
            no_dual_scan=bundle.registry(keys["policy"], values["no_dual_scan"]),
            exported=exported[0] if exported else None,
        )
        return found if exported or found.deferral or found.residue or found.source else None

    @property
    def to_microsoft(self) -> tuple[State, ...]:
        """Scan source values that send a class of updates to Windows Update."""
        return tuple(state for state in self.source if state.values.get("value") == 0)

    @property
    def quality_from_wsus(self) -> bool:
        """The scan source policy sends quality updates to the update point, and its switch is on."""
        switched = self.switch is None or self.switch.values.get("value") == 1
        return switched and any(
            "quality" in state.name.lower() and state.values.get("value") == 1 for state in self.source
        )

    @property
    def dual_scan_disabled(self) -> bool:
        """DisableDualScan is 1; Windows 11 does not honour it."""
        return self.no_dual_scan is not None and self.no_dual_scan.values.get("value") == 1

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The exported key."""
        return (self.exported,) if self.exported else ()


def _values(bundle: Bundle, keys: list[str], names: list[str]) -> tuple[State, ...]:
    found = (bundle.registry(key, name) for key in keys for name in names)
    return tuple(state for state in found if state is not None and state.values.get("value") not in (None, ""))


def _names(values: tuple[State, ...]) -> str | None:
    """The bare names of registry values, joined."""
    return ", ".join(dict.fromkeys(state.name.rsplit("\\", 1)[-1] for state in values)) or None


class ServiceChoice(Evidence, frozen=True):
    """Which service the agent asks, from every witness; any may be missing, not both lists."""

    asks = "update-services"

    services: UpdateServices | None
    policies: UpdatePolicies | None

    @classmethod
    def read(cls, bundle: Bundle) -> ServiceChoice | None:
        """None when neither the services nor the policy values are in the bundle."""
        found = cls(services=UpdateServices.read(bundle), policies=UpdatePolicies.read(bundle))
        return found if found.services or found.policies else None

    @property
    def asks_microsoft(self) -> bool:
        """Windows Update is the default service."""
        return self.services is not None and self.services.default_is("microsoft")

    @property
    def asks_wsus(self) -> bool:
        """The update point is the default service."""
        return self.services is not None and self.services.default_is("wsus")

    @property
    def default(self) -> State | None:
        """The row of the default service."""
        return self.services.default if self.services else None

    @property
    def deferral(self) -> tuple[State, ...]:
        """Policy values that add Windows Update."""
        return self.policies.deferral if self.policies else ()

    @property
    def residue(self) -> tuple[State, ...]:
        """Copies of such values that outlived their policy, and pauses set by the user."""
        return self.policies.residue if self.policies else ()

    @property
    def source_values(self) -> tuple[State, ...]:
        """All scan source values."""
        return self.policies.source if self.policies else ()

    @property
    def policy_key(self) -> State | None:
        """The exported policy key."""
        return self.policies.exported if self.policies else None

    @property
    def deferral_names(self) -> str | None:
        """The names of the deferral values, for a reader."""
        return _names(self.deferral)

    @property
    def residue_names(self) -> str | None:
        """The names of the left-over values, for a reader."""
        return _names(self.residue)

    @property
    def source_names(self) -> str | None:
        """The names of the scan source values that point to Windows Update."""
        return _names(self.policies.to_microsoft if self.policies else ())

    @property
    def dual_scan_disabled(self) -> bool:
        """DisableDualScan is 1; Windows 11 does not honour it."""
        return self.policies is not None and self.policies.dual_scan_disabled

    @property
    def quality_from_wsus(self) -> bool:
        """The scan source policy sends quality updates to the update point."""
        return self.policies is not None and self.policies.quality_from_wsus
