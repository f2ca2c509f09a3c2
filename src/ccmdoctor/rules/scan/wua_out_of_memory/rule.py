"""The Windows Update agent runs out of memory while it reads the catalogue."""

from __future__ import annotations

from ccmdoctor.evidence.agent_faults import AgentFaults
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, rule, ruled_out


@rule(
    explains="scan-fails",
    sources=[
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-software-update-scan-failures",
        "https://jpmem.github.io/blog/wsus/2022-05-09_01/",
    ],
)
def wua_out_of_memory(faults: AgentFaults) -> Finding:
    if faults.memory or faults.points_to("wua-out-of-memory"):
        return likely(faults.memory, faults.failed, server=faults.server, settle=["wsus-catalogue"])
    return ruled_out("no-such-fault", faults.scans.latest if faults.scans else None)
