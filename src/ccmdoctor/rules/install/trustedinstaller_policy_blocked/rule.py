"""The service Windows Modules Installer is disabled, so no update can be installed."""

from __future__ import annotations

from ccmdoctor.evidence.servicing import Servicing
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, possible, rule, ruled_out, undecided


@rule(
    explains="install-fails",
    sources=[
        "https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference",
        "https://learn.microsoft.com/troubleshoot/windows-client/installing-updates-features-roles/common-windows-update-errors",
    ],
)
def trustedinstaller_policy_blocked(servicing: Servicing) -> Finding:
    service = servicing.trusted_installer
    failed = servicing.possibly("trustedinstaller-policy-blocked") or servicing.fault("refused")
    if service and not service.is_disabled:
        return ruled_out("modules-installer-startable", service)
    if service and failed:
        return confirmed(service, failed, error=failed.error)
    if service:
        return possible(service, against=["only-this-code"], settle=["install-logs"], error=servicing.error)
    return undecided("modules-installer") if failed else ruled_out(servicing.why_not, servicing)
