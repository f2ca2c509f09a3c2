"""The update is wanted and ready, and waits for the next maintenance window."""

from __future__ import annotations

from ccmdoctor.evidence.enforcement import EarlierTrouble
from ccmdoctor.evidence.window_wait import WindowWait
from ccmdoctor.evidence.windows import MaintenanceWindows
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out


@rule(
    explains="install-held",
    sources=[
        "https://learn.microsoft.com/intune/configmgr/core/clients/manage/collections/use-maintenance-windows",
        "https://azurecloudai.blog/2019/12/18/configuration-manager-how-many-updates-will-install-during-a-maintenance-window/",
        "https://jpmem.github.io/blog/mecm/20250325_04/",
    ],
    answer=True,
)
def waiting_for_maintenance_window(
    wait: WindowWait, windows: MaintenanceWindows | None, trouble: EarlierTrouble | None
) -> Finding:
    if not wait.stands:
        return ruled_out("nothing-waits-for-window", wait)
    span = windows.next(wait.seconds) if windows else None
    facts = {"update": wait.subject, "needed": wait.minutes, "since": wait.since, "next": span}
    against = [*(trouble.keys if trouble else ())]
    if windows is None or windows.restrict is None:
        if windows and windows.never:
            return ruled_out("window-never-fits", windows.never)
        if not wait.told and not wait.points_to("waiting-for-maintenance-window"):
            return ruled_out("window-never-fits", wait)
        sure = (wait.told or wait.points_first_to("waiting-for-maintenance-window")) and not against
        name = likely if sure else possible
        return name(wait, against=against, settle=["maintenance-windows"], facts=facts)
    if not windows.restrict:
        return possible(wait, windows, against=["no-window-restricts"], settle=["maintenance-windows"], facts=facts)
    if span is None:
        return ruled_out("no-window-to-come" if windows.none_comes else "window-never-fits", windows)
    if span.start == windows.here:
        against.append("window-is-open")
    if windows.missed(wait.seconds, wait.since):
        against.append("window-passed-meanwhile")
    if not wait.told and not wait.points_first_to("waiting-for-maintenance-window"):
        against.append("code-says-never")
    if against:
        return possible(wait, windows, against=against, facts=facts)
    name = confirmed if wait.told and wait.seconds else likely
    return name(wait, windows, facts=facts)
