"""A servicing transaction cannot be finished, and a restart does not clear it."""

from __future__ import annotations

from ccmdoctor.evidence.servicing import Servicing
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out


@rule(
    explains="install-fails",
    sources=[
        "https://github.com/MicrosoftDocs/SupportArticles-docs/blob/main/support/windows-server/installing-updates-features-roles/troubleshoot-windows-update-error-0x80070bc9.md",
        "https://github.com/MicrosoftDocs/SupportArticles-docs/blob/main/support/windows-server/installing-updates-features-roles/error-2359302-installing-windows-updates.md",
    ],
)
def pending_transaction_stuck(servicing: Servicing) -> Finding:
    pending, refused = servicing.fault("pending"), servicing.fault("refused")
    if pending:
        error = (refused.error if refused else None) or pending.error
        return likely(pending, refused, error=error)
    coded = refused or servicing.possibly("pending-transaction-stuck") or servicing.fault("already")
    if coded:
        return possible(coded, against=["only-this-code"], settle=["servicing-log"], error=coded.error)
    return ruled_out(servicing.why_not, servicing)
