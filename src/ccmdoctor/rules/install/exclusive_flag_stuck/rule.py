"""A finished servicing session left its exclusive flag behind, so every further update is put off."""

from __future__ import annotations

from ccmdoctor.evidence.servicing import Servicing
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out


@rule(
    explains="install-fails",
    sources=[
        "https://jpwinsup.github.io/blog/2024/07/23/WindowsUpdate/QU/Exclusiveflag/",
    ],
)
def exclusive_flag_stuck(servicing: Servicing) -> Finding:
    told = servicing.fault("exclusive") or servicing.coded("exclusive-flag-stuck")
    if servicing.is_not_exclusive:
        return ruled_out("session-flag-clear", servicing.exclusive_value)
    if told and servicing.is_exclusive:
        return confirmed(told, servicing.exclusive_value, error=told.error)
    if told:
        return likely(told, settle=["sessions-pending"], error=told.error)
    if servicing.is_exclusive:
        return possible(
            servicing.exclusive_value, against=["restart-may-clear-flag"], settle=["servicing-log"], error=None
        )
    return ruled_out(servicing.why_not, servicing)
