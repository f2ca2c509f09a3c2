"""The update point refuses the list of installed prerequisites as too long."""

from __future__ import annotations

from ccmdoctor.evidence.agent_faults import AgentFaults
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, rule, ruled_out, undecided


@rule(
    explains="scan-fails",
    sources=[
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/error-80244007-when-wsus-client-scans-updates",
    ],
)
def sup_soap_fault_prereq_limit(faults: AgentFaults) -> Finding:
    if faults.prerequisites:
        return confirmed(faults.prerequisites, faults.failed, error=faults.error, server=faults.server)
    if faults.points_first_to("sup-soap-fault-prereq-limit"):
        return undecided("windowsupdate-log")
    return ruled_out("no-such-fault", faults.scans.latest if faults.scans else None)
