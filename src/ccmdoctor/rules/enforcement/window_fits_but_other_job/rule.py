"""The time is right for the update, but a task of another agent holds the client."""

from __future__ import annotations

from ccmdoctor.evidence.enforcement import UpdateProgress
from ccmdoctor.evidence.window_wait import OtherWork, WindowWait
from ccmdoctor.evidence.windows import MaintenanceWindows
from ccmdoctor.model import Finding, Verdict
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="install-held",
    sources=[
        "https://learn.microsoft.com/intune/configmgr/core/plan-design/hierarchy/log-files",
        "https://learn.microsoft.com/intune/configmgr/develop/reference/core/clients/sdk/ccm_softwareupdate-client-wmi-class",
    ],
    at_most=Verdict.LIKELY,
)
def window_fits_but_other_job(
    other: OtherWork, progress: UpdateProgress | None, wait: WindowWait | None, windows: MaintenanceWindows | None
) -> Finding:
    if other.foreign is None:
        return ruled_out("no-other-task", other)
    turn = progress.held("wait-install") if progress else None
    held = turn or (progress.held("wait-service-window") if progress else None)
    if not held and not (wait and wait.stands):
        return ruled_out("update-not-held", progress) if progress else undecided("software-center-updates")
    if windows and windows.restrict and not windows.is_open:
        return ruled_out("window-not-open", windows)
    update = held.label if held else (wait.subject if wait else None)
    facts = {"update": update, "agent": other.agent, "since": other.since}
    if turn or windows:
        return likely(other, held or wait, facts=facts)
    return possible(other, held or wait, settle=["maintenance-windows"], facts=facts)
