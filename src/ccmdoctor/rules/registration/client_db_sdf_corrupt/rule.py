"""A local database of the client is damaged or missing."""

from __future__ import annotations

from ccmdoctor.evidence.client_health import ClientDatabase
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains=("client-broken", "not-reported"),
    sources=[
        "https://github.com/AndersRodland/ConfigMgrClientHealth",
        "https://jpmem.github.io/blog/mecm/20121030_03/",
    ],
)
def client_db_sdf_corrupt(database: ClientDatabase) -> Finding:
    facts = {"count": database.count, "reason": database.reason}
    if database.is_failing or database.is_central_missing:
        return likely(database, settle=[] if database.listing else ["client-database"], facts=facts)
    if database.are_few or database.has_error_log:
        return possible(database, against=["databases-vary"], settle=["agent-log"], facts=facts)
    if database.good:
        return ruled_out("databases-usable", *database.good)
    return undecided("client-database")
