"""The console shows a summary that is older than the client's report."""

from __future__ import annotations

from ccmdoctor.evidence.reporting import Summaries
from ccmdoctor.model import Finding, Verdict
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="not-reported",
    sources=[
        "https://jpmem.github.io/blog/mecm/20230217_01/",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/track-software-update-compliance-assessment",
    ],
    at_most=Verdict.LIKELY,
    answer=True,
)
def compliance_summarization_delay(summaries: Summaries) -> Finding:
    if summaries.reported is None or summaries.is_older is None:
        return undecided("state-messages")
    if not summaries.is_older:
        return ruled_out("summary-is-newer", summaries.summed)
    facts = {"summed": summaries.summed.utc, "reported": summaries.reported.utc}
    if summaries.is_normal:
        return likely(summaries.summed, summaries.reported, facts=facts)
    against = ["summary-older-than-schedule"]
    return possible(summaries.summed, summaries.reported, against=against, settle=["statesys-log"], facts=facts)
