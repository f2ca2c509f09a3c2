"""The WSUS database behind the update point is not maintained."""

from __future__ import annotations

from ccmdoctor.evidence.proxy import WinHttpProxy
from ccmdoctor.evidence.wsus_server import CatalogueLoad
from ccmdoctor.model import Finding, Verdict
from ccmdoctor.rules import possible, rule, ruled_out, undecided


@rule(
    explains=["sup-503-wsuspool", "sup-timeout"],
    sources=[
        "https://jpmem.github.io/blog/mecm/20250325_01/",
        "https://jpmem.github.io/blog/wsus/2022-05-09_01/",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/windows-server-update-services-best-practices",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/wsus-maintenance-guide",
        "https://learn.microsoft.com/intune/configmgr/core/plan-design/changes/whats-new-in-version-1906",
    ],
    at_most=Verdict.POSSIBLE,
)
def wsus_not_maintained(load: CatalogueLoad, proxy: WinHttpProxy | None) -> Finding:
    access = load.access
    if load.failed:
        error = access.error if access else None
        return possible(*load.failed, access, server=load.server, error=error, settle=["wsus-catalogue"])
    if access is None:
        return undecided("scan-history")
    offline = access.offline is not None and access.failed_on_the_way
    cause = "wsus-not-maintained"
    if access.answers or not (access.points_to(cause) or cause in access.asked_causes or offline):
        return undecided("scan-history") if access.untold(cause) else ruled_out(access.why_not, access)
    against = ["one-client-alone"]
    if access.probe_refused or access.probe_error == "name-not-resolved":
        against.append("probe-cannot-connect")
    if proxy is not None and proxy.used_for(access.server):
        against.append("proxy-in-path")
    return possible(
        access, access.offline, server=access.server, error=access.error, against=against, settle=["wsus-catalogue"]
    )
