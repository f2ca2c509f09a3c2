"""The Windows Update service is disabled on the client."""

from __future__ import annotations

from ccmdoctor.evidence.agent_faults import AgentService
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains="scan-fails",
    sources=[
        "https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-software-update-scan-failures",
    ],
)
def wua_service_disabled(agent: AgentService) -> Finding:
    access, disabled = agent.access, agent.disabled
    facts = {"server": agent.server, "error": agent.error}
    if access and agent.fails_so:
        verdict = confirmed if disabled else likely
        settle = [] if agent.known else ["windows-services"]
        return verdict(access.failed, access.detail, disabled, settle=settle, facts=facts)
    if access and access.failed and disabled:
        return possible(disabled, access.failed, against=["scan-fails-otherwise"], facts=facts)
    if access and access.answers and disabled:
        return possible(disabled, access, against=["scan-succeeded"], facts=facts)
    if disabled:
        return likely(disabled, facts=facts, settle=["scan-history"])
    if access is None or access.unscanned:
        return undecided("scan-history")
    return ruled_out(access.why_not, access)
