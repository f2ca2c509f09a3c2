"""The agent host (CcmExec) starts and gives up before it is ready."""

from __future__ import annotations

from ccmdoctor.evidence.client_host import AgentHost
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, rule, ruled_out


@rule(
    explains=("client-broken", "ccmexec-not-running"),
    sources=[
        "https://learn.microsoft.com/troubleshoot/windows-client/system-management-components/sms-agent-host-service-not-start",
    ],
)
def ccmexec_init_failed(agent: AgentHost) -> Finding:
    if not agent.failed:
        return ruled_out("agent-came-up" if agent.operational else "agent-runs", agent.operational, agent.service)
    if agent.runs:
        return ruled_out("agent-runs", agent.service)
    settle = ["wmi-repository"] if agent.is_of_wmi else []
    facts = {"error": agent.error, "reason": agent.reason}
    if agent.tells_twice or agent.is_down:
        return confirmed(agent, settle=settle, facts=facts)
    return likely(agent, settle=[*settle, "agent-service"], facts=facts)
