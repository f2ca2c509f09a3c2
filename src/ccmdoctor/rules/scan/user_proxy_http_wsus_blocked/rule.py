"""Only the user has a proxy, and the scan of an HTTP update point may not use it."""

from __future__ import annotations

from ccmdoctor.evidence.proxy import UserProxy, WinHttpProxy
from ccmdoctor.evidence.update_point import UpdatePointAccess
from ccmdoctor.model import Finding, Verdict
from ccmdoctor.rules import possible, rule, ruled_out, undecided


@rule(
    explains="scan-fails",
    sources=[
        "https://jpmem.github.io/blog/wsus/2020-09-08_01/",
    ],
    at_most=Verdict.POSSIBLE,
)
def user_proxy_http_wsus_blocked(access: UpdatePointAccess, user: UserProxy, machine: WinHttpProxy | None) -> Finding:
    if not user.in_use:
        return ruled_out("no-user-proxy", user)
    if not access.points_to("user-proxy-http-wsus-blocked") or access.over_tls:
        return undecided("scan-history") if access.unscanned else ruled_out(access.why_not, access)
    if machine is not None and not machine.is_direct:
        return ruled_out("no-user-proxy", machine)
    settle = [] if machine else ["winhttp-proxy"]
    return possible(
        access.failed, user, machine, server=access.server, error=access.error, proxy=user.server, settle=settle
    )
