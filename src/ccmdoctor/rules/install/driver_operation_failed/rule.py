"""A driver that comes with the update cannot be installed, and the update is rolled back."""

from __future__ import annotations

from ccmdoctor.evidence.servicing import Servicing
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, possible, rule, ruled_out


@rule(
    explains="install-fails",
    sources=[
        "https://github.com/MicrosoftDocs/SupportArticles-docs/blob/main/support/windows-server/installing-updates-features-roles/troubleshoot-windows-update-error-0x80070490.md",
        "https://github.com/MicrosoftDocs/SupportArticles-docs/blob/main/support/windows-server/installing-updates-features-roles/error-invalid-data-startup-installing-updates.md",
        "https://github.com/MicrosoftDocs/SupportArticles-docs/blob/main/support/windows-server/installing-updates-features-roles/error-0x80070003-windows-update-fails.md",
        "https://github.com/MicrosoftDocs/SupportArticles-docs/blob/main/support/windows-server/installing-updates-features-roles/error-0x800719e4-windows-update-fails.md",
    ],
)
def driver_operation_failed(servicing: Servicing) -> Finding:
    steps = servicing.fault("inf")
    drivers = servicing.fault("driver")
    if drivers or steps or servicing.at_drivers:
        error = (drivers.error if drivers else None) or servicing.error
        return confirmed(steps, drivers, servicing.failed, inf=servicing.inf, error=error)
    coded = servicing.firstly("driver-operation-failed")
    if coded and not (servicing.store or servicing.orphan or servicing.fault("installer")):
        return possible(coded, against=["only-this-code"], settle=["servicing-log"], inf=None, error=coded.error)
    return ruled_out(servicing.why_not, servicing)
