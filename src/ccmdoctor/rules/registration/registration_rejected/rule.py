"""The site rejects the client's registration."""

from __future__ import annotations

from ccmdoctor.evidence.registration import Registration
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, rule, ruled_out, undecided


@rule(
    explains=("client-broken", "client-not-registered"),
    sources=[
        "https://learn.microsoft.com/previous-versions/system-center/developer/cc144675(v=msdn.10)",
        "https://github.com/AndersRodland/ConfigMgrClientHealth",
        "https://learn.microsoft.com/intune/configmgr/hotfix/2203/14480034",
        "https://learn.microsoft.com/intune/configmgr/core/clients/manage/manage-clients",
    ],
)
def registration_rejected(registration: Registration) -> Finding:
    told, refused = registration.rejected, registration.refused_by_server
    facts = {"client": registration.client, "since": registration.since, "failures": len(told) or None}
    settle = ["device-approval", *([] if refused else ["mp-registration-log"])]
    if told and (refused or registration.is_rejected_again):
        return confirmed(*told, *refused, settle=settle, facts=facts)
    if told:
        return likely(*told, settle=settle, facts=facts)
    if registration.registered:
        return ruled_out("client-is-registered", registration.registered)
    if refused:
        return likely(*refused, against=["which-client-not-told"], settle=["registration-logs"], facts=facts)
    return undecided("registration-logs") if registration.requests else ruled_out("registration-not-rejected")
