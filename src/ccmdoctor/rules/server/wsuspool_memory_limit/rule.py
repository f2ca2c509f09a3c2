"""The application pool of WSUS hits its private memory limit and is stopped in the end."""

from __future__ import annotations

from ccmdoctor.evidence.wsus_server import UpdatePointServer
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains=["sup-503-wsuspool", "wsus-down"],
    sources=[
        "https://jpmem.github.io/blog/wsus/2022-05-23_01/",
        "https://jpmem.github.io/blog/wsus/2022-05-09_01/",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/windows-server-update-services-best-practices",
    ],
)
def wsuspool_memory_limit(server: UpdatePointServer) -> Finding:
    facts = {"limit": server.limit_value, "count": len(server.recycled)}
    if server.recycled and (server.disabled or server.limit_is_small or server.pool_stopped):
        return confirmed(*server.recycled[-2:], server.disabled, server.limit, server.pool_stopped, facts=facts)
    if server.recycled:
        return likely(*server.recycled[-3:], settle=["wsus-pool-state"], facts=facts)
    if server.disabled:
        return possible(server.disabled, against=["pool-failed-otherwise"], settle=["wsus-pool-state"], facts=facts)
    if server.limit_is_small and (server.pool_stopped or server.offline):
        return likely(server.limit, server.pool_stopped, server.offline, settle=["wsus-events"], facts=facts)
    if server.limit_is_small is False and (server.pool_started or server.scan_succeeded):
        return ruled_out("memory-limit-raised", server.limit, server.pool_started)
    return undecided("wsus-events", "wsus-pool-state")
