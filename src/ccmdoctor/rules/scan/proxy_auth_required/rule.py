"""A proxy wants authentication from the scan, which cannot give it."""

from __future__ import annotations

from ccmdoctor.evidence.update_point import UpdatePointAccess
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, rule, ruled_out


@rule(
    explains="scan-fails",
    sources=[
        "https://jpmem.github.io/blog/wsus/2023-06-16_01/",
        "https://learn.microsoft.com/windows/win32/wua_sdk/wua-networking-error-codes-",
    ],
)
def proxy_auth_required(access: UpdatePointAccess) -> Finding:
    facts = {"server": access.server, "error": access.error}
    if access.points_first_to("proxy-auth-required"):
        return confirmed(access.failed, access.detail, facts=facts)
    if access.probe_error == "proxy-auth":
        return likely(access.probe, facts=facts)
    return ruled_out(access.why_not, access)
