"""Windows ran out of memory or of room for its registry while it applied the update."""

from __future__ import annotations

from ccmdoctor.evidence.servicing import Servicing
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, rule, ruled_out


@rule(
    explains="install-fails",
    sources=[
        "https://learn.microsoft.com/troubleshoot/windows-client/installing-updates-features-roles/error-0x8007000e-0x800705aa-insufficient-virtual-memory",
        "https://github.com/MicrosoftDocs/SupportArticles-docs/blob/main/support/windows-server/installing-updates-features-roles/error-0x800705aa-windows-update-fails.md",
    ],
)
def system_resources_exhausted(servicing: Servicing) -> Finding:
    hive, told = servicing.fault("hive"), servicing.fault("resources")
    limit = servicing.size_limit if servicing.limits_registry else None
    if hive:
        verdict = confirmed if limit else likely
        return verdict(hive, limit, error=hive.error)
    if told:
        verdict = confirmed if servicing.low_memory else likely
        return verdict(told, servicing.low_memory, settle=["windows-events"], error=told.error)
    coded = servicing.coded("system-resources-exhausted")
    if coded:
        return likely(coded, servicing.low_memory, settle=["servicing-log", "windows-events"], error=coded.error)
    return ruled_out(servicing.why_not, servicing)
