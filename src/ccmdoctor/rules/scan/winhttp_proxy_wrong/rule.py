"""The machine's proxy stands between the client and its update point and fails."""

from __future__ import annotations

from ccmdoctor.evidence.proxy import WinHttpProxy
from ccmdoctor.evidence.update_point import UpdatePointAccess
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="scan-fails",
    sources=[
        "https://jpmem.github.io/blog/mecm/20250325_01/",
        "https://learn.microsoft.com/windows/win32/wua_sdk/wua-networking-error-codes-",
    ],
)
def winhttp_proxy_wrong(access: UpdatePointAccess, proxy: WinHttpProxy | None) -> Finding:
    cause = "winhttp-proxy-wrong"
    gateway = access.points_first_to(cause) or access.asked_first(cause)
    unavailable = access.points_first_to("sup-503-wsuspool")
    if not (access.points_to(cause) or cause in access.asked_causes or access.never_answered or unavailable):
        return undecided("scan-history") if access.untold(cause) else ruled_out(access.why_not, access)
    facts = {"server": access.server, "error": access.error, "proxy": proxy.setting if proxy else None}
    quoted = (access.failed or access.probe, access.detail, proxy)
    if access.offline or access.probe_unavailable:
        against = ["server-says-503" if access.offline else "probe-unavailable"]
        return possible(*quoted, against=against, facts=facts) if gateway else ruled_out("other-error", access)
    if proxy is None:
        if gateway:
            return likely(*quoted, settle=access.unasked(proxy), facts=facts)
        return ruled_out("other-error", access) if unavailable else undecided("winhttp-proxy")
    in_path = proxy.used_for(access.server)
    away = "proxy-direct" if proxy.is_direct else "proxy-bypassed"
    if gateway:
        against = [away] if in_path is False else []
        return likely(*quoted, against=against, settle=access.unasked(proxy), facts=facts)
    if in_path is False:
        return ruled_out(away, proxy)
    if in_path is None:
        return possible(*quoted, settle=["sup-location"], facts=facts)
    if unavailable:
        return possible(*quoted, settle=access.unasked(proxy), facts=facts)
    if access.probe_fails_alike:
        return possible(*quoted, access.probe, against=["probe-fails-too"], facts=facts)
    return likely(*quoted, access.probe if access.probe_ok else None, settle=access.unasked(proxy), facts=facts)
