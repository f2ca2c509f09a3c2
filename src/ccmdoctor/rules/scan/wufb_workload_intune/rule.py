"""Intune, not Configuration Manager, manages Windows updates on this client."""

from __future__ import annotations

from ccmdoctor.evidence.co_management import UpdateWorkload
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, rule, ruled_out, undecided


@rule(
    explains="update-not-offered",
    sources=[
        "https://jpmem.github.io/blog/mecm/20241010_01/",
        "https://learn.microsoft.com/intune/configmgr/comanage/coexistence",
    ],
)
def wufb_workload_intune(workload: UpdateWorkload) -> Finding:
    if workload.at_intune:
        return likely(workload.by_intune)
    if workload.by_configmgr is None:
        return undecided("co-management-log")
    return ruled_out("workload-at-configmgr", workload.by_configmgr)
