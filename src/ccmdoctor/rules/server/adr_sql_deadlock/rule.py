"""A run of an automatic deployment rule lost a deadlock of the database and was not repeated."""

from __future__ import annotations

from ccmdoctor.evidence.deployment_rules import RuleDeadlock
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, rule, ruled_out


@rule(
    explains="policy-not-received",
    sources=["https://learn.microsoft.com/intune/configmgr/hotfix/2010/4599442"],
)
def adr_sql_deadlock(run: RuleDeadlock) -> Finding:
    if run.failing:
        return confirmed(run.failing, rule=run.rule_name, when=run.failing.utc)
    if run.applied:
        return ruled_out("deployment-rule-applied", run.applied)
    return ruled_out("deadlock-retried", run.retried)
