"""Another device management owns this client, and Configuration Manager steps back."""

from __future__ import annotations

from ccmdoctor.evidence.co_management import UpdateWorkload
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, rule, ruled_out


@rule(
    explains="update-not-offered",
    sources=[
        "https://learn.microsoft.com/intune/configmgr/comanage/coexistence",
    ],
)
def third_party_mdm_coexistence(workload: UpdateWorkload) -> Finding:
    if workload.foreign is None:
        return ruled_out("no-foreign-mdm", workload.by_configmgr or workload.by_intune)
    return likely(workload.foreign)
