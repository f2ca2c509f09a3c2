"""Client settings leave installations to other software."""

from __future__ import annotations

from ccmdoctor.evidence.policy_transport import ClientAgentConfig
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, rule, ruled_out


@rule(
    explains="update-not-evaluated",
    sources=[
        "https://learn.microsoft.com/intune/configmgr/core/clients/deploy/about-client-settings",
    ],
)
def third_party_orchestration(config: ClientAgentConfig) -> Finding:
    if config.other_orchestration:
        return confirmed(config.row)
    return ruled_out("no-other-orchestration", config.row)
