"""The policy reply is larger than the client accepts."""

from __future__ import annotations

from ccmdoctor.evidence.policy_transport import PolicyTransport
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, rule, ruled_out


@rule(
    explains="policy-not-received",
    sources=[
        "https://learn.microsoft.com/intune/configmgr/hotfix/2107/10096997",
    ],
)
def policy_reply_too_large(transport: PolicyTransport) -> Finding:
    if transport.too_large is None:
        return ruled_out("policy-fits", transport.received)
    fields = transport.too_large.fields
    return confirmed(transport.too_large, size=fields["size"], limit=fields["limit"])
