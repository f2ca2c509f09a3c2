"""Several computers use the same client identifier."""

from __future__ import annotations

from ccmdoctor.evidence.client_identity import ClientIds
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, rule, ruled_out, undecided


@rule(
    explains="client-broken",
    sources=[
        "https://jpmem.github.io/blog/mecm/20210922_01/",
        "https://learn.microsoft.com/intune/configmgr/core/clients/deploy/deploy-clients-to-windows-computers",
    ],
)
def duplicate_client_guid(identifiers: ClientIds) -> Finding:
    if identifiers.shared:
        return confirmed(identifiers, client=identifiers.shared, computers=identifiers.sharing)
    if len(identifiers.computers) > 1:
        return ruled_out("client-ids-differ", identifiers)
    return undecided("client-ids")
