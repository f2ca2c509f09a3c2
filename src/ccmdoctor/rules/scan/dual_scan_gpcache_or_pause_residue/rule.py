"""Left-over deferral values or a pause make the agent take Windows updates from Windows Update."""

from __future__ import annotations

from ccmdoctor.evidence.update_point import UpdateSource
from ccmdoctor.evidence.update_service import ServiceChoice
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, possible, rule, ruled_out, undecided


@rule(
    explains="update-not-offered",
    sources=[
        "https://jpwinsup.github.io/blog/2026/03/18/WindowsUpdate/WUA/NotOfferAcceptedUpdates/",
    ],
)
def dual_scan_residue(choice: ServiceChoice, source: UpdateSource | None) -> Finding:
    if source is not None and source.is_unset:
        return ruled_out("no-update-point-set", source)
    if choice.asks_wsus:
        return ruled_out("wsus-is-default", choice.default)
    if choice.deferral:
        return ruled_out("deferral-value-set", *choice.deferral)
    facts = {"values": choice.residue_names}
    if choice.residue:
        verdict = confirmed if choice.asks_microsoft and choice.policy_key else possible
        return verdict(
            *choice.residue,
            choice.default,
            settle=["update-services", "windows-update-policy"] if verdict is possible else [],
            facts=facts,
        )
    if choice.asks_microsoft:
        return possible(choice.default, settle=["windows-update-policy"], facts=facts)
    return undecided("update-services")
