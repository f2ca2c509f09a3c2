"""A WSUS site moved to port 80 has lost its binding and answers HTTP 500."""

from __future__ import annotations

from ccmdoctor.evidence.update_point import UpdatePointAccess
from ccmdoctor.model import Finding, Verdict
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="scan-fails",
    sources=[
        "https://jpmem.github.io/blog/mecm/20200729_01/",
    ],
    at_most=Verdict.LIKELY,
)
def sup_http_500_port_binding(access: UpdatePointAccess) -> Finding:
    cause = "sup-http-500-port-binding"
    if not (access.points_first_to(cause) or access.asked_first(cause)):
        return undecided("scan-history") if access.untold(cause) else ruled_out(access.why_not, access)
    if access.on_default_port:
        return ruled_out("default-port", access)
    facts = {"server": access.server, "error": access.error, "since": access.since, "failures": access.failures}
    if access.server is None:
        return possible(access, against=["only-this-code"], settle=["windows-update-policy", "sup-health"], facts=facts)
    return likely(access, settle=["sup-health"], facts=facts)
