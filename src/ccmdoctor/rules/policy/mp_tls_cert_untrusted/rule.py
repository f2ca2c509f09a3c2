"""The certificate of the management point or gateway is not accepted by the client."""

from __future__ import annotations

from ccmdoctor.evidence.management_point import ManagementPointTraffic
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out


@rule(
    explains="mp-unreachable",
    sources=[
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/cloud-management-gateway/troubleshoot-cloud-management-gateway",
        "https://learn.microsoft.com/intune/configmgr/core/plan-design/network/pki-certificate-requirements",
    ],
)
def mp_tls_cert_untrusted(traffic: ManagementPointTraffic) -> Finding:
    failure = traffic.current
    if failure is None:
        return ruled_out("mp-answers", traffic.answering)
    if failure.kind != "tls":
        return ruled_out("mp-other-failure", failure)
    facts = {**traffic.facts, "flags": traffic.tls_reasons}
    verdict = possible if traffic.doubts else likely
    return verdict(failure, *traffic.tls_flags, against=traffic.doubts, settle=traffic.unasked, facts=facts)
