"""Software updates are on, and policy names no update source."""

from __future__ import annotations

from ccmdoctor.evidence.policy import SoftwareUpdatesFeature
from ccmdoctor.evidence.policy_transport import ScanPolicy
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out


@rule(
    explains="no-sup-location",
    sources=[
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-software-update-scan-failures",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/track-software-update-compliance-assessment",
    ],
)
def update_source_policy_missing(policy: ScanPolicy, feature: SoftwareUpdatesFeature | None) -> Finding:
    if policy.rows:
        return ruled_out("update-source-present", *policy.rows)
    if feature is not None and feature.is_known and not feature.is_off:
        return likely(policy.empty, feature)
    return possible(policy.empty, settle=["software-updates-client-config"])
