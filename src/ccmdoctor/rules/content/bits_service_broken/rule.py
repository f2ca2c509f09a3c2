"""BITS itself does not work on this computer."""

from __future__ import annotations

from ccmdoctor.evidence.bits import BitsClient
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains="download-fails",
    sources=[
        "https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference",
        "https://learn.microsoft.com/windows/win32/bits/bits-return-values",
    ],
)
def bits_service_broken(client: BitsClient) -> Finding:
    service = client.service("bits")
    failure = client.first_pointing("bits-service-broken")
    facts = {"error": failure and failure.error, "since": failure and client.since(failure)}
    if service is not None and service.is_disabled:
        verdict = confirmed if client.failing else likely
        return verdict(service, failure, facts=facts, settle=["bits-jobs"])
    if failure is not None:
        return likely(failure, facts=facts, settle=["services", "bits-jobs"])
    other = client.by_bits("bits-service-broken")
    if other is not None:
        return possible(other, error=other.error, since=other.when, settle=["services", "bits-jobs"])
    if service is not None and not client.failing:
        return ruled_out("service-runs", service)
    return ruled_out(client.why_not, client) if client.tells_downloads else undecided("services")
