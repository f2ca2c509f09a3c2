"""WMI on the client is damaged: its repository or the client's providers do not work."""

from __future__ import annotations

from ccmdoctor.evidence.client_health import WmiHealth
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out


@rule(
    explains=("client-broken", "ccmexec-init-failed", "update-not-evaluated"),
    sources=[
        "https://jpmem.github.io/blog/mecm/20121030_03/",
        "https://learn.microsoft.com/windows/win32/wmisdk/winmgmt",
        "https://github.com/MicrosoftDocs/SupportArticles-docs/blob/main/support/mem/configmgr/setup-migrate-backup-recovery/management-points-fail-http-500-errors.md",
        "https://learn.microsoft.com/troubleshoot/windows-client/system-management-components/sms-agent-host-service-not-start",
    ],
)
def wmi_repository_corrupt(wmi: WmiHealth) -> Finding:
    facts = {"error": wmi.error, "reason": wmi.reason}
    if wmi.is_inconsistent:
        return confirmed(wmi, facts=facts)
    if wmi.is_consistent:
        return ruled_out("wmi-is-consistent", wmi.verified)
    if wmi.fails_its_test or wmi.is_hard:
        return likely(wmi, settle=["wmi-repository"], facts=facts)
    if wmi.fails and wmi.answered:
        return ruled_out("wmi-object-absent", wmi.answered)
    if wmi.fails:
        against = ["agent-start-explains" if wmi.agent_failed else "wmi-object-may-be-absent"]
        return possible(wmi, against=against, settle=["wmi-repository"], facts=facts)
    return ruled_out("wmi-checks-pass", *wmi.checks)
