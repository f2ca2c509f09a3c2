"""Something restarted the computer while the update was being installed."""

from __future__ import annotations

from ccmdoctor.evidence.servicing import Servicing
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, possible, rule, ruled_out


@rule(
    explains="install-fails",
    sources=[
        "https://github.com/MicrosoftDocs/SupportArticles-docs/blob/main/support/windows-server/installing-updates-features-roles/troubleshoot-error-0x8007045b.md",
    ],
)
def install_interrupted_by_restart(servicing: Servicing) -> Finding:
    hang = servicing.fault("hang")
    stopped = servicing.fault("shutdown") or servicing.coded("install-interrupted-by-restart")
    if stopped is None:
        return ruled_out(servicing.why_not, servicing)
    if hang:
        return ruled_out("servicing-hang-named", hang)
    if servicing.restarted_by:
        return confirmed(stopped, servicing.restarted_by, error=stopped.error, process=servicing.process)
    return possible(stopped, against=["only-this-code"], settle=["windows-events"], error=stopped.error, process=None)
