"""The update waits for a restart that its deployment suppresses, so nobody forces it."""

from __future__ import annotations

from ccmdoctor.evidence.pending_restart import PendingRestarts
from ccmdoctor.evidence.restart import RestartRequest, RestartSuppression
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains="restart-outstanding",
    sources=[
        "https://jpmem.github.io/blog/mecm/20220714_01/",
        "https://learn.microsoft.com/intune/configmgr/develop/reference/sum/sms_updatesassignment-server-wmi-class",
    ],
    answer=True,
)
def restart_suppressed(
    pending: PendingRestarts, suppression: RestartSuppression | None, request: RestartRequest | None
) -> Finding:
    deployment = suppression.deployment if suppression else None
    facts = {**pending.facts, "deployment": deployment.label if deployment else None}
    if not pending.awaits:
        return ruled_out("restarted-since" if pending.restarted else "no-restart-awaited", pending)
    if request and request.moved:
        return ruled_out("restart-under-way", request)
    if suppression is None:
        if request and request.without_time:
            return possible(request, pending, settle=["assignment-details"], facts=facts)
        return undecided("assignment-details")
    if deployment is None:
        return ruled_out("restart-not-suppressed", suppression)
    if pending.troubles:
        return possible(suppression, pending, against=pending.troubles, facts=facts)
    if request and not request.without_time:
        return possible(suppression, request, pending, against=["restart-was-timed"], facts=facts)
    if suppression.is_sure:
        return confirmed(suppression, pending, request, facts=facts)
    return likely(
        suppression, pending, request, against=["update-may-not-belong"], settle=["restart-state"], facts=facts
    )
