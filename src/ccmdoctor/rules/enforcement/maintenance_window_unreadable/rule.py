"""A maintenance window reached the client, and the client cannot load its schedule."""

from __future__ import annotations

from ccmdoctor.evidence.window_wait import WindowWait
from ccmdoctor.evidence.windows import MaintenanceWindows
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains="install-held",
    sources=[
        "https://learn.microsoft.com/intune/configmgr/core/clients/manage/collections/use-maintenance-windows",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-software-update-deployments",
    ],
)
def maintenance_window_unreadable(windows: MaintenanceWindows, wait: WindowWait | None) -> Finding:
    broken = windows.broken
    if broken is None:
        return (
            ruled_out("windows-readable", windows.were_read) if windows.were_read else undecided("maintenance-windows")
        )
    facts = {"window": broken.id or None, "update": wait.subject if wait else None}
    if windows.next(wait.seconds if wait else None):
        return possible(broken, wait, against=["another-window-fits"], facts=facts)
    if wait and not wait.stands:
        return possible(broken, wait, against=["nothing-waits"], facts=facts)
    if not broken.id:
        return likely(broken, wait, settle=["maintenance-windows"], facts=facts)
    return confirmed(broken, wait, facts=facts)
