"""The WSUS server fails while it computes the answer to the scan."""

from __future__ import annotations

from ccmdoctor.evidence.agent_faults import AgentFaults
from ccmdoctor.evidence.update_point import UpdatePointAccess
from ccmdoctor.model import Finding, Verdict
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="scan-fails",
    sources=[
        "https://learn.microsoft.com/windows/win32/wua_sdk/wua-networking-error-codes-",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-software-update-scan-failures",
    ],
    at_most=Verdict.LIKELY,
)
def sup_soap_server_fault(access: UpdatePointAccess, faults: AgentFaults | None) -> Finding:
    cause = "sup-soap-server-fault"
    if not (access.points_first_to(cause) or access.asked_first(cause)):
        return undecided("scan-history") if access.untold(cause) else ruled_out(access.why_not, access)
    named = faults.server_fault if faults else None
    facts = {"server": access.server, "error": access.error, "since": access.since, "failures": access.failures}
    if faults is not None and faults.no_identity:
        return possible(access.failed, access.detail, against=["only-this-code"], settle=["sup-health"], facts=facts)
    return likely(
        access.failed or access.probe, access.detail, named, settle=["sup-health", "wsus-catalogue"], facts=facts
    )
