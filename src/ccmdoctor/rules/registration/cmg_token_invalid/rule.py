"""The cloud management gateway refuses the client's token."""

from __future__ import annotations

from ccmdoctor.evidence.registration import GatewayToken
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains=("client-broken", "mp-http-error"),
    sources=[
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/client-management/cmg-communication-error",
        "https://learn.microsoft.com/intune/configmgr/core/clients/deploy/deploy-clients-cmg-token",
    ],
)
def cmg_token_invalid(token: GatewayToken) -> Finding:
    failure = token.traffic.current if token.traffic else None
    if token.is_refused and token.expired:
        return confirmed(failure, token.expired, facts=token.facts)
    if token.is_refused:
        verdict = possible if token.doubts else likely
        return verdict(failure, against=token.doubts, settle=["token-log", "clock"], facts=token.facts)
    if token.is_answered:
        return ruled_out("mp-answers", token.answer)
    if token.expired:
        against = ["which-client-not-told"]
        return possible(token.expired, against=against, settle=["management-point"], facts=token.facts)
    return ruled_out("token-not-refused", failure) if failure else undecided("management-point")
