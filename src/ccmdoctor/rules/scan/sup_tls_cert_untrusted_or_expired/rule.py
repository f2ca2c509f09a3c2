"""The TLS certificate on the way of the scan is not trusted, expired, or carries another name."""

from __future__ import annotations

from ccmdoctor.evidence.agent_faults import ServerTrust
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out


@rule(
    explains="scan-fails",
    sources=[
        "https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference",
        "https://learn.microsoft.com/intune/configmgr/sum/get-started/software-update-point-ssl",
    ],
)
def sup_tls_cert_untrusted_or_expired(trust: ServerTrust) -> Finding:
    facts = {"server": trust.server, "error": trust.error}
    if trust.by_code and trust.faults:
        return likely(trust.failed, trust.faults.certificate, settle=["client-asmx"], facts=facts)
    if trust.by_question:
        return likely(trust.by_question, trust.failed, settle=["sup-health"], facts=facts)
    if trust.by_line:
        return possible(trust.by_line, settle=["scan-history"], facts=facts)
    return ruled_out("no-such-fault", trust.newest)
