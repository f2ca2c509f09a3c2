"""The scan source policy sends a class of updates to Windows Update."""

from __future__ import annotations

from ccmdoctor.evidence.update_service import ServiceChoice
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="update-not-offered",
    sources=[
        "https://learn.microsoft.com/windows/deployment/update/wufb-wsus",
        "https://jpwinsup.github.io/blog/2026/03/18/WindowsUpdate/WUA/NotOfferAcceptedUpdates/",
    ],
)
def scan_source_policy_wu(choice: ServiceChoice) -> Finding:
    if choice.policies is None:
        return undecided("windows-update-policy")
    if not choice.policies.to_microsoft:
        return ruled_out("scan-source-not-microsoft", choice.policies)
    if choice.asks_wsus:
        return possible(
            *choice.policies.to_microsoft, choice.default, values=choice.source_names, against=["wsus-is-default"]
        )
    return likely(*choice.policies.to_microsoft, choice.default, values=choice.source_names, settle=["update-services"])
