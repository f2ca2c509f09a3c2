"""Software Center cannot run its own query, though WMI works."""

from __future__ import annotations

from ccmdoctor.evidence.software_center import SoftwareCenterQueries
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="not-shown",
    sources=[
        "https://github.com/MicrosoftDocs/memdocs/blob/main/memdocs/configmgr/hotfix/2010/4600089.md",
        "https://www.applepie.se/category/configmgr/client",
    ],
)
def software_center_query_failed(queries: SoftwareCenterQueries) -> Finding:
    if queries.is_wmi_damaged:
        return ruled_out("wmi-is-damaged", queries.wmi)
    if queries.fails:
        doubt = not (queries.answered or queries.is_wmi_sound)
        against, settle = (["wmi-may-be-damaged"], ["wmi-repository"]) if doubt else ([], [])
        return likely(queries, against=against, settle=settle, facts=queries.facts)
    if queries.raised or queries.answered:
        against = ["wmi-may-be-damaged"]
        settle = ["software-center-log", "wmi-repository"]
        return possible(queries, against=against, settle=settle, facts=queries.facts)
    return ruled_out("software-center-got-data", queries.worked) if queries.worked else undecided("software-center-log")
