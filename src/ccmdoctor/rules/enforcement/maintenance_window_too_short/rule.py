"""No maintenance window to come is as long as the maximum run time of the update."""

from __future__ import annotations

from ccmdoctor.evidence.window_wait import WindowWait
from ccmdoctor.evidence.windows import MaintenanceWindows
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains="install-held",
    sources=[
        "https://jpmem.github.io/blog/mecm/20250325_04/",
        "https://learn.microsoft.com/intune/configmgr/core/clients/manage/collections/use-maintenance-windows",
        "https://azurecloudai.blog/2019/12/18/configuration-manager-how-many-updates-will-install-during-a-maintenance-window/",
    ],
)
def maintenance_window_too_short(wait: WindowWait, windows: MaintenanceWindows | None) -> Finding:
    if not wait.stands:
        return ruled_out("nothing-waits-for-window", wait)
    facts = {"update": wait.subject, "needed": wait.minutes, "longest": windows.longest if windows else None}
    if windows is None or windows.restrict is None:
        never = windows.never if windows else None
        if never:
            name = likely if never.exists else possible
            return name(never, wait, settle=["maintenance-windows"], facts=facts)
        if wait.points_to("maintenance-window-too-short"):
            return possible(wait, settle=["maintenance-windows"], facts=facts)
        return undecided("maintenance-windows")
    if not windows.restrict:
        return ruled_out("no-window-restricts", windows)
    if windows.none_comes:
        return ruled_out("no-window-to-come", windows)
    if wait.seconds is None:
        if wait.points_first_to("maintenance-window-too-short"):
            return likely(wait, windows, settle=["run-time"], facts=facts)
        return undecided("run-time")
    if windows.next(wait.seconds):
        return ruled_out("window-will-fit", windows)
    if windows.hidden_fit(wait.seconds):
        return ruled_out("hidden-window-fits", windows)
    if windows.complete:
        return confirmed(wait, windows, facts=facts)
    return likely(
        wait, windows, against=["windows-may-be-missing-in-list"], settle=["maintenance-windows"], facts=facts
    )
