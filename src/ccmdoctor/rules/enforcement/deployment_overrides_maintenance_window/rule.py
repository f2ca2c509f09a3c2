"""The deployment is allowed to install or to restart the computer outside of maintenance windows."""

from __future__ import annotations

from ccmdoctor.evidence.restart import WindowOverride
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains="restart-unplanned",
    sources=[
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-software-update-deployments",
        "https://learn.microsoft.com/intune/configmgr/develop/reference/sum/sms_updatesassignment-server-wmi-class",
    ],
    answer=True,
)
def deployment_overrides_maintenance_window(override: WindowOverride) -> Finding:
    facts = {"deployment": override.subject, "deadline": override.deadline}
    if not override.signs:
        return ruled_out("windows-respected", override)
    if override.restricts is False:
        return ruled_out("windows-do-not-restrict", override)
    unknown = override.restricts is None
    if unknown and (override.finished or not override.logged):
        return undecided("maintenance-windows")
    if override.others or not override.logged:
        return possible(override, against=override.others, settle=["evaluation-log"], facts=facts)
    if not unknown:
        return confirmed(override, facts=facts) if override.signs > 1 else likely(override, facts=facts)
    weight = likely if override.signs > 1 else possible
    return weight(override, settle=["maintenance-windows"], facts=facts)
