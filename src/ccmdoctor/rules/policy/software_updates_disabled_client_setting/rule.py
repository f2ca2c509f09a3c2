"""Software updates are switched off for this client by client settings."""

from __future__ import annotations

from ccmdoctor.evidence.policy import SoftwareUpdatesFeature
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out


@rule(
    explains="feature-off",
    sources=[
        "https://jpmem.github.io/blog/mecm/20230427_01/",
        "https://jpmem.github.io/blog/mecm/20230327_01/",
        "https://learn.microsoft.com/intune/configmgr/core/clients/deploy/about-client-settings",
    ],
)
def software_updates_disabled(feature: SoftwareUpdatesFeature) -> Finding:
    if feature.is_off:
        verdict = confirmed if feature.setting else likely
        return verdict(feature, settle=[] if feature.setting else ["software-updates-client-config"])
    if feature.is_known:
        return ruled_out("feature-on", feature)
    return possible(
        feature, against=["other-reasons-for-silence"], settle=["software-updates-client-config", "sup-location"]
    )
