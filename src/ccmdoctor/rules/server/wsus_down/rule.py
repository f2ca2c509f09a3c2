"""WSUS does not run on the update point: its service, web server or application pool is stopped."""

from __future__ import annotations

from ccmdoctor.evidence.wsus_server import UpdatePointServer
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains=["sup-503-wsuspool", "sup-port-blocked", "sup-sync-failed", "scan-fails"],
    sources=[
        "https://jpmem.github.io/blog/wsus/2022-05-23_01/",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-wsus-connection-failures",
    ],
)
def wsus_down(server: UpdatePointServer) -> Finding:
    facts = {"service": server.stopped_part}
    if server.stopped_service and server.scan_succeeded:
        return possible(*server.service_proof, against=["scan-succeeded"], facts=facts)
    if server.stopped_service or (server.pool_stopped and not server.scan_succeeded):
        return confirmed(server.pool_stopped, *server.service_proof, settle=["wsus-events"], facts=facts)
    if server.pool_stopped:
        return possible(server.pool_stopped, against=["scan-succeeded"], facts=facts)
    if server.reported:
        verdict = possible if server.scan_succeeded else likely
        against = ["scan-succeeded"] if server.scan_succeeded else []
        return verdict(server.reported, against=against, settle=["wsus-pool-state", "wsus-events"], facts=facts)
    if server.pool_started or server.services:
        return ruled_out("pool-runs", server.pool_started, *server.service_proof)
    return undecided("wsus-pool-state")
