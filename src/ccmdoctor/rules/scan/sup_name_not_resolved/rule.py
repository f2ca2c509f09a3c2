"""The name of the update point cannot be resolved."""

from __future__ import annotations

from ccmdoctor.evidence.proxy import WinHttpProxy
from ccmdoctor.evidence.update_point import UpdatePointAccess
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out


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
    if not named and not (unresolved and not access.answers):
        return ruled_out(access.why_not, access)
    facts = {"server": access.server, "error": access.error}
    if access.probe_ok:
        return possible(access, against=["probe-ok"], settle=["winhttp-proxy"], facts=facts)
    if unresolved:
        return confirmed(access.failed, access.probe, facts=facts)
    through_proxy = proxy is not None and proxy.used_for(access.server)
    verdict = possible if through_proxy else likely
    against = ["proxy-in-path"] if through_proxy else []
    return verdict(access.failed, access.detail, against=against, settle=["client-asmx", "winhttp-proxy"], facts=facts)
