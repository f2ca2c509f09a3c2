"""Settings of a task sequence were left over on the client."""

from __future__ import annotations

from ccmdoctor.evidence.policy_state import AgentConfig
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains=("policy-not-received", "update-not-evaluated", "install-held"),
    sources=[
        "https://github.com/AndersRodland/ConfigMgrClientHealth",
        "https://jpmem.github.io/blog/mecm/20170208_01/",
    ],
)
def task_sequence_policy_residue(agent: AgentConfig) -> Finding:
    if agent.residue and agent.paused:
        return likely(agent.residue, agent.paused, error=agent.pause_code)
    if agent.residue:
        return possible(agent.residue, error=agent.pause_code, against=["task-sequence-may-run"])
    if agent.source:
        return ruled_out("no-task-sequence-policy", agent.settings)
    return undecided("default-agent-config")
