"""A restart is due before anything else may be installed."""

from __future__ import annotations

from ccmdoctor.evidence.pending_restart import RestartRefusals
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out


@rule(
    explains=[
        "install-held",
        "install-fails",
        "restart-pending",
        "wu-busy-or-mandatory-restart",
        "install-code-generic",
    ],
    sources=[
        "https://jpmem.github.io/blog/mecm/20170208_01/",
        "https://learn.microsoft.com/intune/configmgr/develop/reference/core/clients/sdk/ccm_softwareupdate-client-wmi-class",
        "https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference",
    ],
)
def pending_restart_blocks(refusals: RestartRefusals) -> Finding:
    facts = refusals.facts
    if refusals.is_hard or (refusals.is_refused and refusals.is_own and refusals.is_known):
        return confirmed(refusals, facts=facts)
    if refusals.is_refused and refusals.is_own:
        return likely(refusals, settle=["restart-state"], facts=facts)
    if (refusals.is_refused or refusals.unclear) and refusals.is_known:
        return likely(refusals, facts=facts)
    if refusals.is_refused:
        against = ["only-this-code", *(["renames-are-common"] if refusals.renames else [])]
        return possible(refusals, against=against, settle=["restart-state"], facts=facts)
    if refusals.restarted:
        return ruled_out("restarted-since", refusals.restarted)
    return ruled_out("nothing-refused-for-restart", refusals)
