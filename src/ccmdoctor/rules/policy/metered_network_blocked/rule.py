"""Client settings block traffic on the metered connection that the computer uses."""

from __future__ import annotations

from ccmdoctor.evidence.management_point import ManagementPointTraffic
from ccmdoctor.evidence.policy_state import MeteredConnection
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains=("policy-not-received", "download-fails"),
    sources=[
        "https://learn.microsoft.com/intune/configmgr/core/clients/deploy/about-client-settings",
        "https://learn.microsoft.com/intune/configmgr/develop/reference/core/clients/sdk/ccm_networksettings-client-wmi-class",
        "https://github.com/MicrosoftDocs/memdocs/blob/main/memdocs/configmgr/hotfix/2103/9210721.md",
        "https://gist.github.com/d3-X-t3r/1ba6908ff788e65dfee4a900d3eaccab",
    ],
)
def metered_network_blocked(metered: MeteredConnection, traffic: ManagementPointTraffic | None) -> Finding:
    facts = {"usage": metered.usage, "connection": metered.connection, "error": metered.error}
    if metered.refused:
        return likely(metered.refused, metered.setting, metered.marked, facts=facts)
    if metered.allows:
        return ruled_out("metered-allowed", metered.setting)
    if metered.usage is None:
        return undecided("metered-setting")
    if metered.marked is None:
        return ruled_out("not-metered", *metered.costs) if metered.costs else undecided("connection-cost")
    if traffic is not None and traffic.answering:
        return possible(metered.setting, metered.marked, traffic.answering, facts=facts, against=["traffic-succeeds"])
    return (likely if metered.blocks else possible)(metered.setting, metered.marked, facts=facts)
