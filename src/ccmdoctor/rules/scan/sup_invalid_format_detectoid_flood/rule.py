"""Test detectoids flooded the WSUS catalogue in July 2026 and its answers became too large."""

from __future__ import annotations

from ccmdoctor.evidence.update_point import UpdatePointAccess
from ccmdoctor.model import Finding, Verdict
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="scan-fails",
    sources=[
        "https://jpmem.github.io/blog/wsus/2026-07-21_01/",
        "https://jpmem.github.io/blog/wsus/2026-08-05_01/",
    ],
    at_most=Verdict.LIKELY,
)
def sup_invalid_format_detectoid_flood(access: UpdatePointAccess) -> Finding:
    if not access.points_to("sup-invalid-format-detectoid-flood"):
        return undecided("scan-history") if access.unscanned else ruled_out(access.why_not, access)
    facts = {"server": access.server, "error": access.error, "codes": access.codes_in_a_row}
    if access.in_detectoid_time is False:
        return ruled_out("not-that-time", access)
    if access.in_detectoid_time and access.mixed_codes("sup-invalid-format-detectoid-flood"):
        return likely(access, settle=["wsus-detectoids"], facts=facts)
    return possible(access, against=["only-this-code"], settle=["wsus-detectoids"], facts=facts)
