"""The Windows Update agent was never told its update point."""

from __future__ import annotations

from ccmdoctor.evidence.scan import ScanHistory
from ccmdoctor.evidence.update_point import UpdatePointLocation, UpdateSource
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="update-source-not-set",
    sources=[
        "https://jpmem.github.io/blog/mecm/20230327_01/",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/track-software-update-compliance-assessment",
        "https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference",
    ],
)
def wuserver_not_set(source: UpdateSource, location: UpdatePointLocation | None, scans: ScanHistory | None) -> Finding:
    if not source.is_unset and not source.is_ignored:
        return ruled_out("wuserver-is-set", source) if source.is_set else undecided("windows-update-policy")
    last = scans.latest if scans and scans.latest.succeeded else None
    if last and source.is_outdated_by(last):
        return ruled_out("scan-succeeded", last)
    server = source.server or (location.server if location else None) or (last.server if last else None)
    if last:
        return possible(source, last, server=server, against=["scan-succeeded"], settle=["update-services"])
    if location and location.newest_reply_is_empty:
        return possible(source, location.last_empty, server=server, settle=["software-updates-client-config"])
    arrived = location.named if location else None
    if arrived or source.is_ignored or source.missed:
        return likely(source, arrived, server=server, settle=["sup-location"] if source.missed and not arrived else [])
    return possible(source, server=None, settle=["sup-location", "software-updates-client-config"])
