"""Only some of the four scan source values are set."""

from __future__ import annotations

from ccmdoctor.evidence.policy_state import ScanSourceValues
from ccmdoctor.model import Finding, Verdict
from ccmdoctor.rules import possible, rule, ruled_out, undecided


@rule(
    explains="update-not-offered",
    sources=[
        "https://learn.microsoft.com/windows/deployment/update/wufb-wsus",
    ],
    at_most=Verdict.POSSIBLE,
)
def scan_source_policy_partial(values: ScanSourceValues) -> Finding:
    policies = values.policies
    if not values.present and not policies.exported:
        return undecided("windows-update-policy")
    if not values.is_partial:
        return ruled_out("sources-complete", values)
    if policies.knows_no_source or policies.source_switch is False:
        return ruled_out("scan-source-not-in-force", values)
    if policies.to_microsoft:
        return ruled_out("scan-source-explains", *policies.to_microsoft)
    if values.known:
        return ruled_out("update-is-known", values.known)
    if policies.source_switch is None:
        return undecided("windows-update-policy")
    return possible(values, present=values.present, absent=values.absent, settle=["update-services"])
