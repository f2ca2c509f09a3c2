"""The update waits until presentation mode ends."""

from __future__ import annotations

from ccmdoctor.evidence.enforcement import PresentationMode, UpdateProgress
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, rule, ruled_out


@rule(
    explains="install-held",
    sources=[
        "https://learn.microsoft.com/intune/configmgr/develop/reference/core/clients/sdk/ccm_softwareupdate-client-wmi-class",
        "https://learn.microsoft.com/intune/configmgr/core/understand/software-center",
    ],
)
def presentation_mode(progress: UpdateProgress, presentation: PresentationMode | None) -> Finding:
    held = progress.held("wait-pres-mode-off")
    if held is None:
        return ruled_out("presentation-not-awaited", progress)
    if presentation and presentation.ended_after(held):
        return ruled_out("presentation-is-off", presentation)
    return confirmed(held, presentation, update=held.label, waiting_since=held.when)
