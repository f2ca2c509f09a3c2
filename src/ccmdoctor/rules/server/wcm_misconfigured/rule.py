"""The site cannot connect to the update point, or cannot configure it."""

from __future__ import annotations

from ccmdoctor.evidence.update_sync import UpdatePointConfiguration
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, rule, ruled_out


@rule(
    explains="sup-sync-failed",
    sources=[
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-software-update-synchronization",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/software-update-point-installation-configuration",
        "https://learn.microsoft.com/intune/configmgr/hotfix/2103/9210721",
    ],
)
def wcm_misconfigured(configuration: UpdatePointConfiguration) -> Finding:
    if not configuration.failing:
        return ruled_out("update-point-configured", configuration.good)
    facts = {
        "server": configuration.server,
        "problem": configuration.problem,
        "status": configuration.status,
        "category": configuration.category,
    }
    proof = (*configuration.failing[-3:], configuration.bypass if configuration.through_proxy else None)
    if configuration.is_stated:
        return confirmed(*proof, facts=facts)
    return likely(*proof, settle=["sync-log"], facts=facts)
