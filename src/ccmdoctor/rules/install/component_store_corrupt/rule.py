"""The component store of Windows is damaged, so an update cannot be put together."""

from __future__ import annotations

from ccmdoctor.evidence.servicing import Servicing
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, rule, ruled_out, undecided


@rule(
    explains="install-fails",
    sources=[
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/error-0x800f0831-installing-update",
        "https://github.com/MicrosoftDocs/SupportArticles-docs/blob/main/support/windows-server/installing-updates-features-roles/troubleshoot-windows-update-installation-error-corruption.md",
        "https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference",
        "https://jpwinsup.github.io/blog/2026/03/16/WindowsUpdate/QU/RepairSteps3/",
    ],
)
def component_store_corrupt(servicing: Servicing) -> Finding:
    if servicing.orphan:
        return ruled_out("orphan-reference-named", servicing.orphan)
    store = servicing.store
    if store:
        error = store.error or servicing.error
        package = store.field("package") or servicing.package
        return confirmed(store, servicing.damaged_item, servicing.failed, error=error, package=package)
    coded = servicing.coded("component-store-corrupt") or servicing.fault("payload") or servicing.fault("item")
    if coded:
        return likely(coded, error=coded.error, package=servicing.package, settle=["servicing-log"])
    if servicing.possibly("component-store-corrupt") and not servicing.fault("driver"):
        return undecided("servicing-log")
    return ruled_out(servicing.why_not, servicing)
