"""The management point fails at the site database and drops what clients ask."""

from __future__ import annotations

from ccmdoctor.evidence.site_systems import ManagementPointDatabase
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, rule, ruled_out, undecided


@rule(
    explains=["no-sup-location", "content-not-located", "policy-not-received", "mp-http-error"],
    sources=[
        "https://learn.microsoft.com/intune/configmgr/hotfix/2503/31909343",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/errors-servicing-server-group",
    ],
)
def mp_sql_error(database: ManagementPointDatabase) -> Finding:
    if not database.failing:
        if database.answered and not database.discarded:
            return ruled_out("mp-database-answers", database.answered)
        return undecided("mp-server-log")
    facts = {"reason": database.reason, "object": database.object}
    if database.is_certain:
        return confirmed(database, facts=facts)
    return likely(database, facts=facts)
