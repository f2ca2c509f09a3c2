"""The restart is due and waits for a maintenance window."""

from __future__ import annotations

from ccmdoctor.evidence.restart import RestartRequest
from ccmdoctor.evidence.windows import MaintenanceWindows
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains="restart-outstanding",
    sources=[
        "https://sccmpeek.wordpress.com/tag/maintenance-window/",
        "https://learn.microsoft.com/intune/configmgr/core/clients/manage/collections/use-maintenance-windows",
    ],
    answer=True,
)
def restart_waits_for_window(request: RestartRequest, windows: MaintenanceWindows | None) -> Finding:
    facts = {"asked": request.asked.utc, "deadline": request.by_when}
    if request.is_allowed:
        return ruled_out("restart-allowed", request)
    if request.free:
        return ruled_out("restart-needs-no-window", request.free)
    if request.is_refused and request.others:
        return possible(request, against=request.others, facts=facts)
    if request.is_refused:
        return confirmed(request, windows, facts=facts)
    if request.without_time:
        return undecided("assignment-details")
    if request.is_due is False:
        return ruled_out("restart-not-due", request)
    if windows is None:
        return undecided("maintenance-windows")
    if not windows.restrict:
        return ruled_out("windows-do-not-restrict", windows)
    if windows.is_open:
        return ruled_out("window-is-open-now", windows)
    if request.is_due and not request.others:
        return likely(request, windows, facts=facts)
    return possible(request, windows, against=request.others, facts=facts)
