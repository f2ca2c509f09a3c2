"""The installation of an update failed with a code that names no single cause."""

from __future__ import annotations

from ccmdoctor.evidence.servicing import Servicing
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out


@rule(
    explains="install-fails",
    sources=[
        "https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference",
        "https://learn.microsoft.com/troubleshoot/windows-client/installing-updates-features-roles/common-windows-update-errors",
        "https://jpwinsup.github.io/blog/2026/03/16/WindowsUpdate/QU/RepairSteps1/",
    ],
    generic=True,
)
def install_code_generic(servicing: Servicing) -> Finding:
    failed = servicing.newest
    if failed is None:
        return ruled_out(servicing.why_not, servicing)
    facts = {"update": failed.name, "error": failed.error, "symbol": servicing.symbol}
    settle = ["servicing-log", "installer-log"]
    verdict = likely if servicing.is_unexplained else possible
    return verdict(failed, settle=settle, facts=facts)
