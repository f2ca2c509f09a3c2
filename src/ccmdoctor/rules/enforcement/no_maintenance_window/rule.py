"""Maintenance windows restrict the client, and none of them will come again."""

from __future__ import annotations

from ccmdoctor.evidence.window_wait import WindowWait
from ccmdoctor.evidence.windows import MaintenanceWindows
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains="install-held",
    sources=[
        "https://learn.microsoft.com/intune/configmgr/core/clients/manage/collections/use-maintenance-windows",
        "https://azurecloudai.blog/2019/12/18/configuration-manager-how-many-updates-will-install-during-a-maintenance-window/",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-software-update-deployments",
    ],
)
def no_maintenance_window(wait: WindowWait, windows: MaintenanceWindows | None) -> Finding:
    if not wait.stands:
        return ruled_out("nothing-waits-for-window", wait)
    facts = {"update": wait.subject, "since": wait.since, "windows": len(windows.counted) if windows else None}
    if windows is None or windows.restrict is None:
        if wait.says_none or wait.points_to("no-maintenance-window") or (windows and windows.never):
            return possible(wait, windows.never if windows else None, settle=["maintenance-windows"], facts=facts)
        return undecided("maintenance-windows")
    if not windows.restrict:
        return ruled_out("no-window-restricts", windows)
    if not windows.none_comes:
        return ruled_out("window-will-come", windows)
    if windows.broken:
        return ruled_out("window-unreadable", windows.broken)
    if windows.hidden_fit(wait.seconds):
        return ruled_out("hidden-window-fits", windows)
    if windows.is_sure:
        return confirmed(wait, windows, facts=facts)
    return likely(wait, windows, against=["window-list-may-be-old"], settle=["maintenance-windows"], facts=facts)
