"""The update is installed on this client, so it is not offered any more."""

from __future__ import annotations

from ccmdoctor.evidence.updates import UpdateStates
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, rule, ruled_out, undecided


@rule(
    explains="not-shown",
    sources=[
        "https://jpmem.github.io/blog/mecm/20250325_01/",
        "https://learn.microsoft.com/intune/configmgr/develop/reference/core/clients/sdk/ccm_softwareupdate-client-wmi-class",
    ],
    answer=True,
)
def update_installed_already(updates: UpdateStates) -> Finding:
    update = updates.asked_for
    if update is None and not updates.target.update:
        return undecided("which-update")
    if update is None:
        return undecided("update-in-console" if updates.would_show_asked else "update-status")
    if update.missing:
        return ruled_out("update-is-missing", update)
    if not update.installed:
        return undecided("update-status")
    return confirmed(update, update=update.title or updates.target.update)
