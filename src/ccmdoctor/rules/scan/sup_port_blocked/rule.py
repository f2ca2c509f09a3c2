"""No connection to the update point's port comes about."""

from __future__ import annotations

from ccmdoctor.evidence.proxy import WinHttpProxy
from ccmdoctor.evidence.update_point import UpdatePointAccess
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out


@rule(
    explains="scan-fails",
    sources=[
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-software-update-scan-failures",
        "https://learn.microsoft.com/windows/win32/wua_sdk/wua-networking-error-codes-",
    ],
)
def sup_port_blocked(access: UpdatePointAccess, proxy: WinHttpProxy | None) -> Finding:
    refused = access.probe_error in ("connect-failed", "closed")
    first = access.points_first_to("sup-port-blocked")
    if access.answers or not (first or refused):
        return ruled_out(access.why_not, access)
    facts = {"server": access.server, "error": access.error}
    if access.probe_ok:
        return possible(access, against=["probe-ok"], settle=["winhttp-proxy"], facts=facts)
    if proxy is not None and proxy.used_for(access.server):
        return possible(access, proxy, against=["proxy-in-path"], settle=["client-asmx"], facts=facts)
    return likely(access, settle=[] if refused else ["client-asmx"], facts=facts)
