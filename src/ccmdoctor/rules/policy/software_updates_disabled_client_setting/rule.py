"""Software updates are switched off for this client by client settings."""

from __future__ import annotations

from ccmdoctor.evidence.management_point import ManagementPointTraffic
from ccmdoctor.evidence.policy import SoftwareUpdatesFeature
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains="feature-off",
    sources=[
        "https://jpmem.github.io/blog/mecm/20230427_01/",
        "https://jpmem.github.io/blog/mecm/20230327_01/",
        "https://learn.microsoft.com/intune/configmgr/core/clients/deploy/about-client-settings",
    ],
)
def software_updates_disabled(feature: SoftwareUpdatesFeature, traffic: ManagementPointTraffic | None) -> Finding:
    ask = "software-updates-client-config"
    if feature.is_off and feature.setting:
        return confirmed(feature, since=feature.since)
    if feature.is_off and feature.lasts:
        return likely(feature, since=feature.since, settle=[ask])
    if feature.is_off:
        return possible(feature, since=feature.since, against=["feature-may-still-start"], settle=[ask])
    if feature.is_known:
        return ruled_out("feature-on", feature)
    if feature.waits_for_policy and traffic is not None and traffic.current:
        return possible(feature, since=feature.since, against=["feature-waits-for-policy", "mp-fails-itself"])
    if feature.waits_for_policy:
        return possible(feature, since=feature.since, against=["feature-waits-for-policy"], settle=["policy-agent-log"])
    if feature.absent and feature.quiet is None:
        return undecided("policy-agent-log")
    return possible(feature, since=None, against=["other-reasons-for-silence"], settle=[ask, "sup-location"])
