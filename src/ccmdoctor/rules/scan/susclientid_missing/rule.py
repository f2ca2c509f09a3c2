"""The client has no WSUS identity: it asks for its cookie with an empty client id."""

from __future__ import annotations

from ccmdoctor.evidence.agent_faults import AgentFaults
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, rule, ruled_out, undecided


@rule(
    explains="scan-fails",
    sources=[
        "https://jpmem.github.io/blog/wsus/2022-05-18_01/",
        "https://github.com/MicrosoftDocs/SupportArticles-docs",
    ],
)
def susclientid_missing(faults: AgentFaults) -> Finding:
    if faults.no_identity:
        return likely(faults.no_identity, faults.failed, error=faults.error, server=faults.server)
    if faults.points_first_to("sup-soap-fault-prereq-limit"):
        return undecided("windowsupdate-log")
    return ruled_out("no-such-fault", faults.scans.latest if faults.scans else None)
