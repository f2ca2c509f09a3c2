"""The TLS certificate on the way of the scan is not trusted, expired, or carries another name."""

from __future__ import annotations

from ccmdoctor.evidence.agent_faults import AgentFaults
from ccmdoctor.evidence.update_point import UpdatePointAccess
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out


@rule(
    explains="scan-fails",
    sources=[
        "https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference",
        "https://learn.microsoft.com/intune/configmgr/sum/get-started/software-update-point-ssl",
    ],
)
def sup_tls_cert_untrusted_or_expired(faults: AgentFaults, access: UpdatePointAccess | None) -> Finding:
    facts = {"server": faults.server, "error": faults.error}
    if faults.points_to("sup-tls-cert-untrusted-or-expired"):
        return likely(faults.failed, faults.certificate, settle=["client-asmx"], facts=facts)
    if access is not None and access.probe_error == "tls":
        return likely(access.probe, faults.failed, settle=["sup-health"], facts=facts)
    if faults.certificate and faults.failed is None:
        return possible(faults.certificate, settle=["scan-history"], facts=facts)
    return ruled_out("no-such-fault", faults.scans.latest if faults.scans else None)
