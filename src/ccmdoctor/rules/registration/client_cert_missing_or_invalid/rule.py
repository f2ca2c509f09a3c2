"""The client has no certificate with which it can register or talk to its management point."""

from __future__ import annotations

from ccmdoctor.evidence.certificates import HeldCertificates
from ccmdoctor.evidence.registration import ClientCertificates
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains=(
        "client-broken",
        "client-not-registered",
        "registration-rejected",
        "mp-pki-cert-missing",
        "client-not-installed",
    ),
    sources=[
        "https://jpmem.github.io/blog/mecm/20250325_01/",
        "https://jpmem.github.io/blog/mecm/20170208_01/",
        "https://learn.microsoft.com/intune/configmgr/core/plan-design/security/plan-for-certificates",
        "https://github.com/AndersRodland/ConfigMgrClientHealth",
    ],
)
def client_cert_missing_or_invalid(certificates: ClientCertificates, held: HeldCertificates | None) -> Finding:
    facts = {"error": certificates.error, "subject": certificates.subject, "host": certificates.host}
    settle = [] if held else ["client-certificates"]
    if certificates.lost or certificates.expired:
        return likely(certificates, held, settle=settle, facts=facts)
    if certificates.not_selected and certificates.is_demanded:
        verdict = confirmed if certificates.is_demanded_for_long else likely
        return verdict(certificates, held, settle=settle, facts=facts)
    if certificates.is_demanded:
        if held is None or held.usable is not None:
            return undecided(*settle, "registration-logs")
        verdict = confirmed if certificates.is_demanded_for_long else likely
        return verdict(certificates, held, settle=["registration-logs"], facts=facts)
    if certificates.setup:
        return likely(certificates, held, settle=[*settle, "setup-log"], facts=facts)
    if certificates.works_without:
        return ruled_out("certificate-not-needed", certificates.registered, certificates.answer)
    if certificates.not_selected and certificates.enforced:
        return likely(certificates, held, settle=settle, facts=facts)
    if certificates.not_selected and certificates.unregistered:
        against = ["certificate-may-not-matter"]
        return possible(certificates, held, against=against, settle=[*settle, "mplist"], facts=facts)
    return undecided("registration-logs", "management-point")
