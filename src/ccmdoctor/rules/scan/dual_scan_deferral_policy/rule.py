"""A deferral policy makes the agent take Windows updates from Windows Update (dual scan)."""

from __future__ import annotations

from ccmdoctor.evidence.scan import ScanHistory
from ccmdoctor.evidence.update_service import ServiceChoice
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains="update-not-offered",
    sources=[
        "https://jpmem.github.io/blog/mecm/20250325_01/",
        "https://jpwinsup.github.io/blog/2026/03/18/WindowsUpdate/WUA/NotOfferAcceptedUpdates/",
        "https://jpmem.github.io/blog/mecm/20260403_01/",
        "https://learn.microsoft.com/windows/deployment/update/wufb-wsus",
    ],
)
def dual_scan_deferral_policy(choice: ServiceChoice, scans: ScanHistory | None) -> Finding:
    excluded = choice.no_dual_scan
    if excluded:
        return ruled_out(excluded.why, excluded)
    if choice.policy_key and not choice.deferral:
        return ruled_out("no-deferral-value", choice.policy_key)
    if not (choice.asks_microsoft or choice.said or choice.deferral or choice.hides_windows or choice.set_by):
        return undecided("windows-update-policy")
    against = choice.doubts
    if scans is not None and not scans.latest.succeeded:
        against = [*against, "scan-fails-first"]
    verdict, settle = possible, ["update-services", "windows-update-policy"]
    if choice.has_update_point and choice.asks_microsoft and choice.deferral_acts:
        verdict, settle = (likely if against else confirmed), ["gpresult"]
    elif choice.has_update_point and choice.asks_microsoft and not choice.deferral:
        verdict, settle = (possible if against else likely), ["windows-update-policy"]
    elif choice.has_update_point and choice.hides_windows and choice.deferral_acts and not against:
        verdict, settle = likely, ["update-services"]
    elif choice.said and not against:
        verdict, settle = likely, [] if choice.deferral else ["windows-update-policy", "co-management-log"]
    elif choice.asks_microsoft:
        settle = ["windows-update-policy", "windows-update-cache"]
    return verdict(
        choice.default,
        choice.said,
        *choice.deferral,
        choice.hides_windows,
        *choice.set_by,
        values=choice.deferral_names,
        gpo=choice.gpo,
        against=against,
        settle=settle,
    )
