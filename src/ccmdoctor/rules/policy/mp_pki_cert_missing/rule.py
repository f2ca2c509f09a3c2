"""The management point wants HTTPS and the client has no certificate that it can use."""

from __future__ import annotations

from ccmdoctor.evidence.certificates import HeldCertificates
from ccmdoctor.evidence.management_point import ManagementPointTraffic
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out


@rule(
    explains="mp-unreachable",
    sources=[
        "https://jpmem.github.io/blog/mecm/20250325_01/",
        "https://jpmem.github.io/blog/mecm/20250325_04/",
        "https://learn.microsoft.com/intune/configmgr/core/plan-design/network/pki-certificate-requirements",
    ],
)
def mp_pki_cert_missing(traffic: ManagementPointTraffic, held: HeldCertificates | None) -> Finding:
    failure = traffic.current
    if failure is None:
        return ruled_out("mp-answers", traffic.answering)
    if failure.kind != "client-certificate":
        return ruled_out("mp-other-failure", failure)
    settle = [] if held else ["client-certificates"]
    if traffic.doubts:
        return possible(failure, held, against=traffic.doubts, settle=settle, facts=traffic.facts)
    if traffic.lasting:
        return confirmed(failure, held, settle=settle, facts=traffic.facts)
    return likely(failure, held, settle=settle, facts=traffic.facts)
