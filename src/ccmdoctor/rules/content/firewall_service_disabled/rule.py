"""The service of the Windows firewall does not run, which BITS needs."""

from __future__ import annotations

from ccmdoctor.evidence.bits import BitsClient
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains="download-fails",
    sources=[
        "https://jpmem.github.io/blog/wsus/2022-03-25_01/",
        "https://learn.microsoft.com/windows/security/operating-system-security/network-security/windows-firewall/",
    ],
)
def firewall_service_disabled(client: BitsClient) -> Finding:
    service = client.service("mpssvc")
    failure = client.first_pointing("firewall-service-disabled")
    facts = {"error": failure and failure.error, "since": failure and client.since(failure)}
    if service is not None and (service.is_disabled or service.is_stopped):
        verdict = confirmed if failure else possible
        return verdict(service, failure or client, facts=facts, settle=["bits-jobs"])
    if service is not None and service.is_running:
        if failure is None:
            return ruled_out("service-runs", service)
        return possible(failure, facts=facts, against=["service-runs"], settle=["bits-jobs"])
    if failure is not None:
        return likely(failure, facts=facts, settle=["services"])
    return ruled_out(client.why_not, client) if client.tells_downloads else undecided("services")
