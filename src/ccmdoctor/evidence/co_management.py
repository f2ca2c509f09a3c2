"""Who manages Windows updates on a co-managed client, as its logs and registry say.

Verifying if workload 16 is enabled in workloadFlags 7
Result of & operation is 0
Feature flag is OFF, should be SCCM managed.
"""

from __future__ import annotations

from ccmdoctor.evidence.base import Bundle, Evidence, newest, ordered
from ccmdoctor.model import Event

_WINDOWS_UPDATE = "16"  # the bit of the Windows Update policies workload


class UpdateWorkload(Evidence, frozen=True):
    """The newest word for Intune, the newest for Configuration Manager, and a foreign device management."""

    asks = "co-management-log"

    by_intune: Event | None
    by_configmgr: Event | None
    foreign: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> UpdateWorkload | None:
        """None when no log tells."""
        results = bundle.events("workload-result")
        moved = [one for one in results if one.fields["value"] == _WINDOWS_UPDATE]
        stayed = [one for one in results if one.fields["value"] == "0"]
        found = cls(
            by_intune=newest(ordered([*moved, *bundle.events("workload-by-intune")])),
            by_configmgr=newest(ordered([*stayed, *bundle.events("workload-by-configmgr")])),
            foreign=newest(bundle.events("mdm-unexpected-vendor")),
        )
        return found if found.by_intune or found.by_configmgr or found.foreign else None

    @property
    def at_intune(self) -> bool:
        """The newest word is that Intune manages Windows updates."""
        if self.by_intune is None:
            return False
        return self.by_configmgr is None or self.by_configmgr.after(self.by_intune) is not True
