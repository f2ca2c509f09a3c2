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
    if access.failed is None or not access.points_to("winhttp-proxy-wrong"):
        return ruled_out(access.why_not, access)
    facts = {"server": access.server, "error": access.error, "proxy": proxy.server if proxy else None}
    if access.offline:
        return possible(access.failed, access.detail, against=["server-says-503"], facts=facts)
    first = access.points_first_to("winhttp-proxy-wrong")
    if proxy is None:
        if first:
            return likely(access.failed, access.detail, settle=["winhttp-proxy", "client-asmx"], facts=facts)
        return undecided("winhttp-proxy")
    if proxy.is_direct and not first:
        return ruled_out("proxy-direct", proxy)
    if not proxy.used_for(access.server):
        return (
            ruled_out("proxy-bypassed", proxy)
            if not first
            else possible(access.failed, access.detail, proxy, against=["proxy-bypassed"], facts=facts)
        )
    return likely(
        access.failed,
        access.detail,
        proxy,
        access.probe if access.probe_ok else None,
        settle=["client-asmx"],
        facts=facts,
    )
