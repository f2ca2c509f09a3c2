"""A user restarted the computer, not the client and not a policy."""

from __future__ import annotations

from ccmdoctor.evidence.restart import RestartByUser
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains="restart-unplanned",
    sources=[
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-software-update-deployments",
        "https://learn.microsoft.com/intune/configmgr/core/clients/deploy/device-restart-notifications",
    ],
    answer=True,
)
def restart_by_user(restart: RestartByUser) -> Finding:
    facts = {"when": restart.at, "user": restart.user}
    if restart.is_old:
        return ruled_out("restart-long-ago", restart)
    if not restart.is_told and not restart.by_shell:
        return ruled_out("restart-by-another", restart)
    if restart.finished:
        return ruled_out("restart-finished-updates", restart, restart.finished)
    if not restart.is_told and not restart.awaited:
        return undecided("notification-log")
    if restart.others:
        return possible(restart, against=restart.others, facts=facts)
    return confirmed(restart, facts=facts) if restart.is_told else likely(restart, restart.awaited, facts=facts)
