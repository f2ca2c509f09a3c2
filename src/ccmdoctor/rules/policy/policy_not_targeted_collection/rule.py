"""No deployment policy reached the client although its management point answers."""

from __future__ import annotations

from ccmdoctor.evidence.management_point import ManagementPointTraffic
from ccmdoctor.evidence.policy import Assignments, SoftwareUpdatesFeature
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="policy-not-received",
    sources=[
        "https://jpmem.github.io/blog/mecm/20250325_01/",
        "https://jpmem.github.io/blog/mecm/20250325_04/",
    ],
)
def policy_not_targeted_collection(
    assignments: Assignments, traffic: ManagementPointTraffic | None, feature: SoftwareUpdatesFeature | None
) -> Finding:
    if assignments.wanted:
        return ruled_out("deployment-present", assignments.wanted)
    if not assignments.complete:
        return undecided("assignments")
    if assignments.deployments and not assignments.target.update:
        return undecided("which-update")
    count = len(assignments.deployments)
    against = [
        *(["mp-fails-itself"] if traffic is not None and traffic.current else []),
        *(["feature-is-off"] if feature is not None and feature.is_off else []),
        *(["feature-waits-for-policy"] if feature is not None and feature.waits_for_policy else []),
        *(["other-deployments-may-hold-it"] if count else []),
    ]
    settle = [
        *(traffic.unasked if traffic is not None else ["management-point"]),
        "collection-membership",
        *([] if feature is not None and feature.is_known else ["software-updates-client-config"]),
    ]
    if against or traffic is None:
        return possible(assignments, feature, count=count, against=against, settle=settle)
    return likely(assignments, traffic.answering, count=count, settle=settle)
