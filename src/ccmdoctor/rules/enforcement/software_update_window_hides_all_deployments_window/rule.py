"""A window for software updates exists, so the longer or earlier window for all deployments does not count."""

from __future__ import annotations

from ccmdoctor.evidence.window_wait import WindowWait
from ccmdoctor.evidence.windows import MaintenanceWindows
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="install-held",
    sources=[
        "https://learn.microsoft.com/intune/configmgr/core/clients/manage/collections/use-maintenance-windows",
        "https://learn.microsoft.com/intune/configmgr/core/clients/deploy/about-client-settings",
    ],
)
def software_update_window_hides_all_deployments_window(
    windows: MaintenanceWindows, wait: WindowWait | None
) -> Finding:
    if not windows.hidden:
        return undecided("maintenance-windows") if windows.restrict is None else ruled_out("no-hidden-window", windows)
    if wait and not wait.stands:
        return ruled_out("nothing-waits-for-window", wait)
    seconds = wait.seconds if wait else None
    hidden, own = windows.hidden_fit(seconds), windows.next(seconds)
    if hidden is None:
        return ruled_out("hidden-window-no-use", windows)
    if own and own.start <= hidden.start:
        return ruled_out("own-window-comes-first", windows)
    facts = {"update": wait.subject if wait else None, "hidden": hidden, "own": own}
    proof = (wait, *windows.of(windows.hidden), windows)
    if wait is None:
        return possible(*proof, settle=["evaluation-log"], facts=facts)
    if own:
        return possible(*proof, against=["own-window-comes-later"], facts=facts)
    return likely(*proof, facts=facts)
