"""A deferral policy makes the agent take Windows updates from Windows Update (dual scan)."""

from __future__ import annotations

from ccmdoctor.evidence.update_point import UpdateSource
from ccmdoctor.evidence.update_service import ServiceChoice
from ccmdoctor.evidence.updates import UpdateStates
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out


@rule(
    explains="update-not-offered",
    sources=[
        "https://jpmem.github.io/blog/mecm/20250325_01/",
        "https://jpwinsup.github.io/blog/2026/03/18/WindowsUpdate/WUA/NotOfferAcceptedUpdates/",
        "https://jpmem.github.io/blog/mecm/20260403_01/",
        "https://learn.microsoft.com/windows/deployment/update/wufb-wsus",
    ],
)
def dual_scan_deferral_policy(
    choice: ServiceChoice, updates: UpdateStates | None, source: UpdateSource | None
) -> Finding:
    if source is not None and source.is_unset:
        return ruled_out("no-update-point-set", source)
    if choice.quality_from_wsus:
        return ruled_out("scan-source-is-wsus", *choice.source_values)
    if choice.asks_wsus:
        return ruled_out("wsus-is-default", choice.default)
    facts = {"values": choice.deferral_names}
    hidden = updates is not None and updates.lists_no_windows
    if choice.asks_microsoft and choice.deferral:
        return confirmed(choice.default, *choice.deferral, facts=facts)
    if choice.asks_microsoft and choice.policy_key is None:
        return likely(choice.default, settle=["windows-update-policy"], facts=facts)
    if not choice.deferral:
        return ruled_out("no-deferral-value", choice.policy_key)
    against = ["dual-scan-disabled"] if choice.dual_scan_disabled else []
    verdict = likely if hidden and not against else possible
    return verdict(
        *choice.deferral,
        updates if hidden else None,
        against=against,
        settle=["update-services", "update-status"],
        facts=facts,
    )
