"""All updates of one job failed together, which often comes from a program that holds them."""

from __future__ import annotations

from ccmdoctor.evidence.install import InstallHistory
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out


@rule(
    explains="install-fails",
    sources=[
        "https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference",
        "https://learn.microsoft.com/troubleshoot/windows-client/installing-updates-features-roles/common-windows-update-errors",
    ],
)
def all_updates_failed_av(installs: InstallHistory) -> Finding:
    failed = installs.first_to("all-updates-failed-av")
    if failed is None:
        return ruled_out(installs.why_not, installs)
    if installs.quarantined:
        return likely(failed, installs.quarantined, error=failed.error, settle=["antivirus-log"])
    return possible(failed, against=["only-this-code"], settle=["install-logs", "antivirus-log"], error=failed.error)
