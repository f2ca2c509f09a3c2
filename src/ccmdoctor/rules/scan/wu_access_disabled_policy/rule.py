"""A policy takes the access to Windows Update features away, and the scan with it."""

from __future__ import annotations

from ccmdoctor.evidence.update_service import UpdateAccess
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains="scan-fails",
    sources=[
        "https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference",
        "https://jpmem.github.io/blog/mecm/20230220_01/",
    ],
)
def wu_access_disabled_policy(policy: UpdateAccess) -> Finding:
    access, value = policy.scanned, policy.disabled
    if access is None:
        return possible(value, settle=["scan-history"], facts={"server": None, "error": None})
    facts = {"server": access.server, "error": access.error}
    if access.points_first_to("wu-access-disabled-policy"):
        verdict = confirmed if value else likely
        return verdict(
            access.failed, access.detail, value, settle=[] if value else ["windows-update-policy"], facts=facts
        )
    if value and access.failed:
        return possible(value, access.failed, against=["only-this-code"], facts=facts)
    return undecided("scan-history") if access.unscanned else ruled_out(access.why_not, access)
