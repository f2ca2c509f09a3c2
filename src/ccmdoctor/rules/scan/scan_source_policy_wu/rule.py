"""The scan source policy sends a class of updates to Windows Update."""

from __future__ import annotations

from ccmdoctor.evidence.scan import ScanHistory
from ccmdoctor.evidence.update_service import ServiceChoice
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains="update-not-offered",
    sources=[
        "https://learn.microsoft.com/windows/deployment/update/wufb-wsus",
        "https://jpwinsup.github.io/blog/2026/03/18/WindowsUpdate/WUA/NotOfferAcceptedUpdates/",
        "https://jpmem.github.io/blog/mecm/20260403_01/",
    ],
)
def scan_source_policy_wu(choice: ServiceChoice, scans: ScanHistory | None) -> Finding:
    policies = choice.policies
    if policies is None or (not policies.source and not choice.policy_key):
        return undecided("windows-update-policy")
    if choice.has_update_point is False:
        return ruled_out("no-update-point-set", choice.no_dual_scan)
    if not policies.to_microsoft:
        return ruled_out("scan-source-not-microsoft", policies)
    if policies.knows_no_source or not any(
        choice.sends_to_microsoft(kind) for kind in ("quality", "feature", "driver", "other")
    ):
        return ruled_out("scan-source-not-in-force", *policies.to_microsoft)
    if not any(choice.sends_to_microsoft(kind) for kind in ("quality", "feature", "other")):
        return ruled_out("only-drivers-from-microsoft", *policies.to_microsoft)
    asked = choice.updates.asked_for if choice.updates else None
    if asked and asked.missing and not choice.asks_microsoft:
        return ruled_out("update-is-known", asked)
    against = ["wsus-is-default"] if choice.asks_wsus else []
    if choice.updates and choice.updates.offers_windows:
        against = [*against, "windows-updates-listed"]
    if scans is not None and not scans.latest.succeeded:
        against = [*against, "scan-fails-first"]
    verdict = possible
    if choice.has_update_point and choice.sends_asked_to_microsoft and not choice.asks_wsus:
        if choice.source_is_certain:
            verdict = confirmed if choice.asks_microsoft and not against else likely
        elif choice.asks_microsoft:
            verdict = likely
    return verdict(
        *policies.to_microsoft,
        choice.default,
        values=choice.source_names,
        against=against,
        settle=[] if choice.services else ["update-services"],
    )
