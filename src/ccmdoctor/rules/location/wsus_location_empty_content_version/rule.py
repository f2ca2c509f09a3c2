"""The update point has not synchronised the catalogue version that policy asks for."""

from __future__ import annotations

from ccmdoctor.evidence.policy_transport import ScanPolicy
from ccmdoctor.evidence.update_point import UpdatePointLocation
from ccmdoctor.model import Finding, Verdict
from ccmdoctor.rules import likely, rule, ruled_out, undecided


@rule(
    explains="no-sup-location",
    sources=[
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-software-update-scan-failures",
    ],
    at_most=Verdict.LIKELY,
)
def wsus_location_empty_content_version(location: UpdatePointLocation, policy: ScanPolicy) -> Finding:
    if location.offered_version is None or not policy.versions:
        return undecided("sup-location", "update-source-class")
    wanted = max(policy.versions)
    if location.offered_version >= wanted:
        return ruled_out("version-fits", location.found)
    return likely(location.found, *policy.rows, offered=location.offered_version, wanted=wanted, settle=["sup-health"])
