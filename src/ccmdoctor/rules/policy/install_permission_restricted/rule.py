"""Not every user may start installations from Software Center."""

from __future__ import annotations

from ccmdoctor.evidence.policy_state import InstallRights
from ccmdoctor.model import Finding, Verdict
from ccmdoctor.rules import possible, rule, ruled_out, undecided


@rule(
    explains="install-held",
    sources=[
        "https://learn.microsoft.com/intune/configmgr/core/clients/deploy/about-client-settings",
        "https://learn.microsoft.com/powershell/module/configurationmanager/set-cmclientsettingcomputeragent",
    ],
    at_most=Verdict.POSSIBLE,
)
def install_permission_restricted(rights: InstallRights) -> Finding:
    if rights.who is None:
        return undecided("client-agent-config")
    if rights.is_open:
        return ruled_out("all-users-may-install", rights.settings)
    return possible(rights.settings, who=rights.who, against=["refusal-not-shown"])
