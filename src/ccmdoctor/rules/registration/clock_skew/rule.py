"""The clock of the computer is wrong."""

from __future__ import annotations

from ccmdoctor.evidence.client_identity import Clock
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, possible, rule, ruled_out


@rule(
    explains=("client-broken", "scan-fails", "mp-tls-cert-untrusted", "cmg-token-invalid"),
    sources=[
        "https://learn.microsoft.com/windows-server/networking/windows-time-service/windows-time-service-tools-and-settings",
        "https://learn.microsoft.com/troubleshoot/windows-server/installing-updates-features-roles/troubleshoot-windows-update-error-0x80072f8f",
        "https://learn.microsoft.com/windows/win32/api/winhttp/nc-winhttp-winhttp_status_callback",
    ],
)
def clock_skew(clock: Clock) -> Finding:
    if clock.is_off:
        return confirmed(clock.offset, clock.dated, server=clock.server, seconds=clock.seconds)
    if clock.offset:
        return ruled_out("clock-in-step", clock.offset)
    facts = {"server": clock.server, "seconds": clock.seconds}
    return possible(clock.dated, against=["certificate-may-be-expired"], settle=["clock"], facts=facts)
