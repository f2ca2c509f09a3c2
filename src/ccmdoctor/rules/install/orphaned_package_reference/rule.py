"""The registry of the servicing stack refers to a package whose files are not there."""

from __future__ import annotations

from ccmdoctor.evidence.servicing import Servicing
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, rule, ruled_out


@rule(
    explains="install-fails",
    sources=[
        "https://gist.github.com/suuhm/19a1758caf21a14c4a72770d0c6cecf0",
        "https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference",
    ],
)
def orphaned_package_reference(servicing: Servicing) -> Finding:
    orphan = servicing.orphan
    if orphan is None:
        return ruled_out(servicing.why_not, servicing)
    return confirmed(orphan, servicing.failed, package=orphan.field("package"), error=orphan.error or servicing.error)
