"""The client does not trust the signature of the update's content."""

from __future__ import annotations

from ccmdoctor.evidence.install import InstallHistory
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, rule, ruled_out


@rule(
    explains="install-fails",
    sources=[
        "https://github.com/PatchMyPCTeam/kbs.patchmypc.com/blob/main/wsus/common-issues-and-error-codes/third-party-updates-fail-to-install-with-error-0x800b0109-in-sccm.md",
        "https://learn.microsoft.com/intune/configmgr/sum/deploy-use/third-party-software-updates",
        "https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference",
    ],
)
def signature_not_trusted(installs: InstallHistory) -> Finding:
    failed = installs.first_to("signature-not-trusted")
    if failed is None:
        return ruled_out(installs.why_not, installs)
    facts = {"update": failed.name, "error": failed.error}
    if installs.refuses_publishers:
        return confirmed(failed, installs.accepts_publishers, facts=facts)
    return likely(failed, settle=["publisher-certificates", "windows-update-policy"], facts=facts)
