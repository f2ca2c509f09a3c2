"""The name of the update point cannot be resolved."""

from __future__ import annotations

from ccmdoctor.evidence.proxy import WinHttpProxy
from ccmdoctor.evidence.update_point import UpdatePointAccess
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains="scan-fails",
    sources=[
        "https://learn.microsoft.com/windows/win32/wua_sdk/wua-networking-error-codes-",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-software-update-scan-failures",
    ],
)
def sup_name_not_resolved(access: UpdatePointAccess, proxy: WinHttpProxy | None) -> Finding:
    named = access.points_first_to("sup-name-not-resolved")
    unresolved = access.probe_error == "name-not-resolved"
    if access.answers or not (named or unresolved):
        return (
            undecided("scan-history")
            if access.untold("sup-name-not-resolved") and not access.probe_answered
            else ruled_out(access.why_not, access)
        )
    facts = {"server": access.server, "error": access.error}
    settle = access.unasked(proxy)
    if access.failed and not access.never_answered:
        return possible(access, against=["scan-fails-otherwise"], facts=facts)
    if access.probe_answered:
        return possible(access, against=["probe-ok"], settle=settle, facts=facts)
    if proxy is not None and proxy.used_for(access.server):
        verdict = likely if unresolved else possible
        return verdict(access, proxy, against=["proxy-in-path"], settle=settle, facts=facts)
    if access.probe_refused or access.probe_error == "timeout":
        return possible(access, against=["probe-finds-name"], settle=settle, facts=facts)
    verdict = confirmed if named and unresolved else likely
    return verdict(access, settle=[] if unresolved else settle, facts=facts)
