"""Windows Installer cannot find the package of the product that the update belongs to."""

from __future__ import annotations

from ccmdoctor.evidence.install import InstallHistory
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, rule, ruled_out


@rule(
    explains="install-fails",
    sources=[
        "https://patchmypc.com/kb/system-error-1612-installation-source",
        "https://support.microsoft.com/kb/971187",
        "https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference",
    ],
)
def msi_source_missing(installs: InstallHistory) -> Finding:
    failed = installs.first_to("msi-source-missing") or installs.to("msi-source-missing")
    if failed is None and installs.no_source and installs.is_silent:
        return likely(installs.no_source, update=None, error=None, settle=["install-logs"])
    if failed is None:
        return ruled_out(installs.why_not, installs)
    facts = {"update": failed.name, "error": failed.error}
    if installs.no_source:
        return confirmed(failed, installs.no_source, facts=facts)
    if failed.points_first_to("msi-source-missing"):
        return likely(failed, settle=["installer-log"], facts=facts)
    return ruled_out("other-install-error", failed)
