"""The site accepts the registration, and the client cannot store it."""

from __future__ import annotations

from ccmdoctor.evidence.registration import Registration
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, rule, ruled_out, undecided


@rule(
    explains=("client-broken", "client-not-registered"),
    sources=[
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/client-management/inactive-clients-not-send-inventory",
    ],
)
def registration_state_not_saved(registration: Registration) -> Finding:
    if registration.unsaved:
        verdict = confirmed if registration.accepted else likely
        facts = {"client": registration.client, "error": registration.error, "failures": len(registration.unsaved)}
        return verdict(registration.accepted, *registration.unsaved, facts=facts)
    if registration.rejected:
        return ruled_out("registration-answered", *registration.rejected)
    if registration.registered:
        return ruled_out("registration-saved", registration.registered)
    return undecided("registration-logs")
