"""The installation of the client waits for a restart of the computer."""

from __future__ import annotations

from ccmdoctor.evidence.client_host import ClientSetup
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, rule, ruled_out, undecided


@rule(
    explains=("client-broken", "client-not-registered"),
    sources=[
        "https://jpmem.github.io/blog/mecm/20260819_03/",
        "https://learn.microsoft.com/intune/configmgr/core/clients/deploy/about-client-installation-properties",
    ],
)
def ccmsetup_reboot_pending(setup: ClientSetup) -> Finding:
    if setup.ended is None:
        return undecided("setup-log")
    if not setup.wants_restart:
        return ruled_out("setup-ended-otherwise", setup.ended)
    if setup.restarted:
        return ruled_out("restarted-since", setup.started)
    if setup.alive:
        return ruled_out("client-works", setup.alive)
    since = setup.ended.utc
    if setup.restarted is False:
        return confirmed(setup.ended, setup.started, since=since)
    return likely(setup.ended, settle=["last-boot"], since=since)
