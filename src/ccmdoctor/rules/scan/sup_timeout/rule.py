"""The scan times out at the software update point."""

from __future__ import annotations

from ccmdoctor.evidence.proxy import WinHttpProxy
from ccmdoctor.evidence.update_point import UpdatePointAccess
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="scan-fails",
    sources=[
        "https://jpmem.github.io/blog/mecm/20250325_01/",
        "https://jpmem.github.io/blog/wsus/2022-05-09_01/",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-software-update-scan-failures",
    ],
)
def sup_timeout(access: UpdatePointAccess, proxy: WinHttpProxy | None) -> Finding:
    first = access.points_first_to("sup-timeout")
    slow = access.probe_error == "timeout"
    if access.answers or not (first or slow):
        return undecided("scan-history") if access.untold("sup-timeout") else ruled_out(access.why_not, access)
    facts = {"server": access.server, "error": access.error, "since": access.since, "failures": access.failures}
    if access.failed and not first:
        return possible(access, against=["scan-fails-otherwise"], facts=facts)
    if access.probe_refused or access.probe_error == "name-not-resolved":
        return possible(access, against=["probe-cannot-connect"], facts=facts)
    if access.probe_unavailable:
        return possible(access, against=["probe-unavailable"], facts=facts)
    settle = access.unasked(proxy, "sup-health")
    if proxy is not None and proxy.used_for(access.server):
        verdict = likely if slow else possible
        return verdict(access, proxy, against=["proxy-in-path"], settle=settle, facts=facts)
    return likely(access, against=["probe-ok"] if access.probe_ok else [], settle=settle, facts=facts)
