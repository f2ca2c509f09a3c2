"""The gateway's connection point cannot build its connections out to the gateway."""

from __future__ import annotations

from ccmdoctor.evidence.site_systems import GatewayConnector
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains=["mp-http-error", "mp-timeout"],
    sources=[
        "https://learn.microsoft.com/intune/configmgr/core/clients/manage/cmg/data-flow",
        "https://github.com/ConfigMatt/configmatt.com/blob/HEAD/_posts/2017-06-22-cloud-management-gateway-finally-connected.md",
    ],
)
def cmg_connector_unreachable(connector: GatewayConnector) -> Finding:
    if not connector.failing:
        return ruled_out("connector-serves", connector.served) if connector.served else undecided("cmg-connector-log")
    facts = {"server": connector.gateway, "ports": connector.ports, "protocols": connector.protocols}
    if connector.over_all_protocols:
        return likely(*connector.failing[-3:], facts=facts)
    return possible(*connector.failing[-3:], against=["may-fall-back-to-https"], facts=facts)
