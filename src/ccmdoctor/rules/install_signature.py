"""Rules that are pure signature: an installation failed with a code that points first to the cause."""

from __future__ import annotations

from collections.abc import Sequence

from ccmdoctor.evidence.install import InstallHistory
from ccmdoctor.evidence.servicing import Servicing
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, ruled_out


def by_install_code(cause: str, installs: InstallHistory, settle: Sequence[str] = ()) -> Finding:
    """Likely when the newest outcome of an update carries such a code; ruled out by success or by another code."""
    failed = installs.first_to(cause)
    if failed:
        return likely(failed, update=failed.name, error=failed.error, settle=settle)
    return ruled_out(installs.why_not, installs)


def by_servicing_code(cause: str, servicing: Servicing, settle: Sequence[str] = ()) -> Finding:
    """The same, where a failed session of the servicing stack counts as well, unless it names what failed."""
    failed = servicing.firstly(cause)
    if failed is None:
        return ruled_out(servicing.why_not, servicing)
    if servicing.names_other_cause:
        return ruled_out("other-install-error", servicing)
    return likely(failed, update=failed.name, error=failed.error, settle=settle)
