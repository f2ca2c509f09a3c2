"""The client does not send its state messages, so the site does not learn of its updates."""

from __future__ import annotations

from ccmdoctor.evidence.reporting import StateMessages
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="not-reported",
    sources=[
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/state-messaging-description",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/track-software-update-compliance-assessment",
        "https://jpmem.github.io/blog/mecm/20170208_01/",
    ],
)
def state_messages_not_sent(messages: StateMessages) -> Finding:
    facts = {"count": messages.count}
    if messages.waiting and messages.is_dated:
        return likely(*messages.waiting[:3], messages.failed, settle=["management-point"], facts=facts)
    if messages.waiting:
        against = ["message-age-unknown"]
        return possible(*messages.waiting[:3], against=against, settle=["management-point"], facts=facts)
    if messages.failed:
        return possible(messages.failed, against=["only-this-code"], settle=["state-messages"], facts=facts)
    if messages.sent or messages.forwarded:
        return ruled_out("states-sent", messages.forwarded or messages.sent[-1])
    return undecided("state-messages")
