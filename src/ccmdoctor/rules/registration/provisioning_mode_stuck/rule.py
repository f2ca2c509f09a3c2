"""The client stayed in provisioning mode, in which it takes no policy."""

from __future__ import annotations

from ccmdoctor.evidence.client_identity import ProvisioningMode
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out


@rule(
    explains=("client-broken", "policy-not-received"),
    sources=[
        "https://learn.microsoft.com/intune/configmgr/osd/understand/provisioning-mode",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/client-management/configmgr-client-left-in-provisioning-mode",
        "https://garytown.com/configmgr-client-provisioning-mode",
    ],
)
def provisioning_mode_stuck(provisioning: ProvisioningMode) -> Finding:
    facts = {"since": provisioning.since, "hours": provisioning.hours}
    if provisioning.is_on and provisioning.is_overdue:
        return confirmed(provisioning, facts=facts)
    if provisioning.may_be_right and provisioning.is_on:
        return possible(provisioning, against=["task-sequence-may-run"], facts=facts)
    if provisioning.is_on:
        return likely(provisioning, against=["task-sequence-may-run"], facts=facts)
    if provisioning.is_half_left:
        return possible(provisioning, settle=["agent-log"], facts=facts)
    return ruled_out("provisioning-is-off", provisioning)
