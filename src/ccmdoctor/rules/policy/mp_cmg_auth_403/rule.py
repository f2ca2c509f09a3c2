"""The cloud management gateway's connection point refuses the client."""

from __future__ import annotations

from ccmdoctor.evidence.management_point import ManagementPointTraffic
from ccmdoctor.model import Finding, Verdict
from ccmdoctor.rules import likely, possible, rule, ruled_out


@rule(
    explains="mp-unreachable",
    sources=[
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/cloud-management-gateway/troubleshoot-cloud-management-gateway",
    ],
    at_most=Verdict.LIKELY,
)
def mp_cmg_auth_403(traffic: ManagementPointTraffic) -> Finding:
    failure = traffic.current
    if failure is None:
        return ruled_out("mp-answers", traffic.answering)
    if failure.gateway_refusal is None:
        return ruled_out("gateway-not-refusing", failure)
    facts = {**traffic.facts, "status": failure.status, "reason": failure.gateway_refusal}
    verdict = possible if traffic.doubts else likely
    return verdict(failure, against=traffic.doubts, settle=["cmg-connector-log"], facts=facts)
