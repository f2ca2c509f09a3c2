"""The update point refuses the list of cached updates as too long."""

from __future__ import annotations

from ccmdoctor.evidence.agent_faults import AgentFaults
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, rule, ruled_out, undecided


@rule(
    explains="scan-fails",
    sources=[
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/error-80244007-when-wsus-client-scans-updates",
        "https://jpmem.github.io/blog/wsus/2022-05-09_01/",
    ],
)
def sup_soap_fault_cached_limit(faults: AgentFaults) -> Finding:
    if faults.cached:
        return confirmed(faults.cached, faults.failed, error=faults.error, server=faults.server)
    if faults.points_first_to("sup-soap-fault-prereq-limit"):
        return undecided("windowsupdate-log")
    return ruled_out("no-such-fault", faults.scans.latest if faults.scans else None)
