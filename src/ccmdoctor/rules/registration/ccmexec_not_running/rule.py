"""The agent host (CcmExec) does not run, so the client does nothing at all."""

from __future__ import annotations

from ccmdoctor.evidence.client_host import AgentHost
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, rule, ruled_out, undecided


@rule(
    explains="client-broken",
    sources=[
        "https://jpmem.github.io/blog/mecm/20121030_03/",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/client-management/sms-agent-host-not-automatically-restarted",
    ],
)
def ccmexec_not_running(agent: AgentHost) -> Finding:
    if agent.runs:
        return ruled_out("agent-runs", agent.service)
    if agent.is_down and agent.is_automatic and not agent.stayed_down:
        return likely(agent, against=["only-in-this-moment"], settle=["agent-log"], facts=agent.facts)
    if agent.is_down:
        return confirmed(agent, settle=["agent-log"], facts=agent.facts)
    if agent.failed:
        return ruled_out("agent-start-failed", agent)
    if agent.check:
        return likely(agent, settle=["agent-service", "agent-log"], facts=agent.facts)
    if agent.stayed_down:
        return likely(agent, settle=["agent-service"], facts=agent.facts)
    return undecided("agent-service") if agent.stopped else ruled_out("agent-came-up", agent.operational)
