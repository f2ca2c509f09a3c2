"""The gateway's connection point has no certificate that it can use at the management point."""

from __future__ import annotations

from ccmdoctor.evidence.site_systems import GatewayConnector
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, rule, ruled_out, undecided


@rule(
    explains=["mp-cmg-auth-403", "mp-http-error"],
    sources=[
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/client-management/cmg-communication-error",
        "https://learn.microsoft.com/troubleshoot/mem/intune/comanage-configmgr/troubleshoot-co-management-bootstrap",
    ],
)
def cmg_connection_point_cert(connector: GatewayConnector) -> Finding:
    facts = {"count": connector.usable, "status": connector.revocation and connector.revocation.fields.get("status")}
    if connector.has_none:
        return confirmed(connector.counted, connector.revocation, connector.refused, connector.client_side, facts=facts)
    if connector.has_certificate:
        return ruled_out("connector-has-certificate", connector.counted)
    if connector.refused_after_all:
        return likely(connector.refused_after_all, connector.client_side, settle=["cmg-connector-log"], facts=facts)
    if connector.served and not connector.failing:
        return ruled_out("connector-serves", connector.served)
    return undecided("cmg-connector-log")
