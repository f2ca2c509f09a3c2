"""No deployment policy reached the client although its management point answers."""

from __future__ import annotations

from ccmdoctor.evidence.management_point import ManagementPointTraffic
from ccmdoctor.evidence.policy import Assignments
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="policy-not-received",
    sources=[
        "https://jpmem.github.io/blog/mecm/20250325_01/",
        "https://jpmem.github.io/blog/mecm/20250325_04/",
    ],
)
def policy_not_targeted_collection(assignments: Assignments, traffic: ManagementPointTraffic | None) -> Finding:
    if not assignments.complete:
        return undecided("assignments")
    if assignments.wanted:
        return ruled_out("deployment-present", assignments.wanted)
    if assignments.deployments and not assignments.target.update:
        return undecided("which-update")
    if traffic is None or traffic.current:
        return possible(
            assignments, count=len(assignments.deployments), settle=["management-point", "collection-membership"]
        )
    verdict = possible if assignments.deployments else likely
    return verdict(assignments, traffic.answering, count=len(assignments.deployments), settle=["collection-membership"])
