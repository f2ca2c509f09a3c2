"""The client asks its site for registration again and again and gets no answer."""

from __future__ import annotations

from ccmdoctor.evidence.management_point import ManagementPointTraffic
from ccmdoctor.evidence.registration import Registration
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="client-broken",
    sources=[
        "https://jpmem.github.io/blog/mecm/20211122_02/",
        "https://learn.microsoft.com/intune/configmgr/core/clients/manage/manage-clients",
    ],
)
def client_not_registered(registration: Registration, traffic: ManagementPointTraffic | None) -> Finding:
    facts = {"client": registration.client, "error": registration.error, "since": registration.since}
    if registration.rejected or registration.unsaved:
        return ruled_out("registration-answered", *registration.rejected, *registration.unsaved)
    settle = ["mplist", "device-approval", "mp-registration-log"]
    if registration.is_unanswered and traffic and traffic.current and not traffic.doubts:
        asked = registration.requests
        return possible(*asked, traffic.current, against=["registration-needs-mp"], settle=["mplist"], facts=facts)
    if registration.is_unanswered:
        asked = (*registration.requests, *registration.pending, *registration.unsent)
        return likely(*asked, settle=settle, facts=facts)
    if registration.falls_back:
        against = ["registration-goes-on"]
        return possible(*registration.last_request, against=against, settle=["registration-logs"], facts=facts)
    if registration.unsent:
        return possible(*registration.last_request, settle=["registration-logs", "mplist"], facts=facts)
    if registration.registered and not registration.requests:
        return ruled_out("client-is-registered", registration.registered)
    return undecided("registration-logs")
