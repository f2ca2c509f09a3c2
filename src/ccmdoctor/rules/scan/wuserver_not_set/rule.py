"""The Windows Update agent was never told its update point."""

from __future__ import annotations

from ccmdoctor.evidence.scan import ScanHistory
from ccmdoctor.evidence.update_point import UpdatePointLocation, UpdateSource
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out


@rule(
    explains="update-source-not-set",
    sources=[
        "https://jpmem.github.io/blog/mecm/20230327_01/",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/track-software-update-compliance-assessment",
    ],
)
def wuserver_not_set(source: UpdateSource, location: UpdatePointLocation | None, scans: ScanHistory | None) -> Finding:
    if not source.is_unset and not source.is_ignored:
        return ruled_out("wuserver-is-set", source)
    if scans is not None and scans.latest.succeeded and not source.is_ignored:
        return possible(
            source,
            scans.latest,
            server=scans.latest.server,
            against=["scan-succeeded"],
            settle=["windows-update-policy"],
        )
    arrived = location.found if location else None
    if arrived or source.is_ignored:
        return likely(source, arrived, server=arrived.fields.get("server") if arrived else source.server)
    return possible(source, server=None, settle=["sup-location", "software-updates-client-config"])
