"""A proxy wants authentication from the scan, which cannot give it."""

from __future__ import annotations

from ccmdoctor.evidence.proxy import WinHttpProxy
from ccmdoctor.evidence.update_point import UpdatePointAccess
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains="scan-fails",
    sources=[
        "https://jpmem.github.io/blog/wsus/2023-06-16_01/",
        "https://learn.microsoft.com/windows/win32/wua_sdk/wua-networking-error-codes-",
    ],
)
def proxy_auth_required(access: UpdatePointAccess, proxy: WinHttpProxy | None) -> Finding:
    facts = {"server": access.server, "error": access.error, "proxy": proxy.setting if proxy else None}
    settle = [] if proxy else ["winhttp-proxy"]
    if access.points_first_to("proxy-auth-required"):
        return confirmed(access.failed, access.detail, proxy, settle=settle, facts=facts)
    if access.answers or access.probe_error != "proxy-auth":
        return undecided("scan-history") if access.untold("proxy-auth-required") else ruled_out(access.why_not, access)
    if access.failed:
        return possible(access, proxy, against=["scan-fails-otherwise"], settle=settle, facts=facts)
    return likely(access.probe, proxy, settle=[*settle, "scan-history"], facts=facts)
