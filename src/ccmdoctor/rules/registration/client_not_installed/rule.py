"""There is no client on the computer: its installation failed or never took place."""

from __future__ import annotations

from ccmdoctor.evidence.client_host import ClientSetup
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out


@rule(
    explains=("client-broken", "update-source-not-set"),
    sources=[
        "https://learn.microsoft.com/intune/configmgr/core/clients/deploy/about-client-installation-properties",
        "https://jpmem.github.io/blog/mecm/20211122_02/",
        "https://jpmem.github.io/blog/mecm/20230427_01/",
    ],
)
def client_not_installed(setup: ClientSetup) -> Finding:
    facts = {"code": setup.code, "reason": setup.reason}
    if setup.alive or setup.is_there:
        return ruled_out("client-works", setup.alive, setup.service)
    if setup.is_absent:
        verdict = confirmed if setup.failed or setup.no_namespace else likely
        return verdict(setup, settle=[] if setup.ended else ["setup-log"], facts=facts)
    if setup.wants_restart:
        return ruled_out("setup-wants-restart", setup.ended)
    if setup.failed and (setup.lived or setup.service):
        return possible(setup, against=["client-worked-before"], settle=["agent-service"], facts=facts)
    if setup.failed:
        return likely(setup, settle=["agent-service"], facts=facts)
    if setup.no_namespace:
        return possible(setup, against=["wmi-object-may-be-absent"], settle=["agent-service", "setup-log"], facts=facts)
    return ruled_out("setup-succeeded", setup.ended)
