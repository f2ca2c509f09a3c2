"""A user profile was unloaded while the update worked in it during the restart."""

from __future__ import annotations

from ccmdoctor.evidence.servicing import Servicing
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, rule, ruled_out, undecided


@rule(
    explains="install-fails",
    sources=[
        "https://jpwinsup.github.io/blog/2023/09/14/WindowsUpdate/QU/UnloadUserProfile/",
    ],
)
def profile_unload_rollback(servicing: Servicing) -> Finding:
    failed = servicing.rolled_back
    if servicing.held_before_rollback and failed:
        return likely(failed, servicing.profile_held, error=failed.error)
    if failed and not servicing.fault("installer"):
        return undecided("windows-events")
    return ruled_out(servicing.why_not, servicing)
