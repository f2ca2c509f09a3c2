"""Left-over deferral values or a pause make the agent take Windows updates from Windows Update."""

from __future__ import annotations

from ccmdoctor.evidence.scan import ScanHistory
from ccmdoctor.evidence.update_service import ServiceChoice
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains="update-not-offered",
    sources=[
        "https://jpwinsup.github.io/blog/2026/03/18/WindowsUpdate/WUA/NotOfferAcceptedUpdates/",
        "https://github.com/puppetlabs/puppetlabs-wsus_client/pull/225",
    ],
)
def dual_scan_residue(choice: ServiceChoice, scans: ScanHistory | None) -> Finding:
    excluded = choice.no_dual_scan
    if excluded:
        return ruled_out(excluded.why, excluded)
    if choice.deferral_acts:
        return ruled_out("deferral-value-set", *choice.deferral)
    if not choice.residue and choice.policy_key and choice.cache_key and not choice.asks_microsoft:
        return ruled_out("no-residue", choice.cache_key)
    if not choice.residue and not choice.asks_microsoft:
        return undecided("windows-update-cache" if choice.services else "update-services")
    against = choice.doubts
    if scans is not None and not scans.latest.succeeded:
        against = [*against, "scan-fails-first"]
    alone = choice.has_update_point and choice.policy_key and choice.residue_acts
    verdict, settle = (
        possible,
        (["windows-update-policy"] if choice.services else ["update-services", "windows-update-policy"]),
    )
    if alone and choice.asks_microsoft:
        verdict, settle = (likely if against else confirmed), []
    elif alone and choice.hides_windows and not against:
        verdict, settle = likely, ["update-services"]
    elif choice.asks_microsoft and not choice.residue and choice.cache_key:
        against = [*against, "no-residue"]
    elif choice.asks_microsoft:
        settle = ["windows-update-cache"] if choice.policy_key else ["windows-update-policy", "windows-update-cache"]
    return verdict(
        choice.default,
        *choice.residue,
        choice.hides_windows,
        values=choice.residue_names,
        against=against,
        settle=settle,
    )
