"""Configuration Manager stopped the installation because its maximum run time was over."""

from __future__ import annotations

from ccmdoctor.evidence.install import InstallHistory
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out


@rule(
    explains="install-fails",
    sources=[
        "https://jpmem.github.io/blog/mecm/20250325_03/",
        "https://patchmypc.com/?p=74831",
        "https://learn.microsoft.com/intune/configmgr/sum/get-started/manage-settings-for-software-updates",
    ],
)
def max_run_time_exceeded(installs: InstallHistory) -> Finding:
    cancelled = installs.cancelled
    if cancelled is None:
        return ruled_out(installs.why_not, installs)
    facts = {"update": cancelled.name, "error": cancelled.error, "minutes": cancelled.minutes}
    if installs.ran_briefly:
        return ruled_out("cancelled-early", cancelled)
    if installs.ran_long or installs.timed_out:
        return likely(cancelled, settle=["run-time"], facts=facts)
    return possible(cancelled, against=["run-time-not-known"], settle=["install-logs", "run-time"], facts=facts)
