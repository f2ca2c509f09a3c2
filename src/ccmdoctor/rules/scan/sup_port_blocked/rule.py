"""No connection to the update point's port comes about."""

from __future__ import annotations

from ccmdoctor.evidence.proxy import WinHttpProxy
from ccmdoctor.evidence.update_point import UpdatePointAccess
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains="scan-fails",
    sources=[
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-software-update-scan-failures",
        "https://learn.microsoft.com/windows/win32/wua_sdk/wua-networking-error-codes-",
    ],
)
def sup_port_blocked(access: UpdatePointAccess, proxy: WinHttpProxy | None) -> Finding:
    first = access.points_first_to("sup-port-blocked")
    refused = access.probe_refused
    if access.answers or not (first or refused):
        return (
            undecided("scan-history")
            if access.unscanned and not access.probe_answered
            else ruled_out(access.why_not, access)
        )
    facts = {"server": access.server, "error": access.error}
    settle = access.unasked(proxy)
    if access.failed and not (first or access.never_answered):
        return possible(access, against=["scan-fails-otherwise"], facts=facts)
    if access.probe_answered:
        return possible(access, against=["probe-ok"], settle=settle, facts=facts)
    if access.probe_error == "name-not-resolved":
        return possible(access, against=["probe-cannot-connect"], settle=settle, facts=facts)
    if proxy is not None and proxy.used_for(access.server):
        return possible(access, proxy, against=["proxy-in-path"], settle=settle, facts=facts)
    if access.failed_before_as("sup-503-wsuspool") and not refused:
        return possible(access, against=["server-says-503"], settle=settle, facts=facts)
    verdict = confirmed if first and refused else likely
    return verdict(access, settle=[] if refused else settle, facts=facts)
