"""A remote management point cannot hand its files to the site server."""

from __future__ import annotations

from ccmdoctor.evidence.site_systems import SiteInboxes
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, rule, ruled_out


@rule(
    explains="not-reported",
    sources=[
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/track-software-update-compliance-assessment",
        "https://learn.microsoft.com/troubleshoot/mem/intune/comanage-configmgr/troubleshoot-co-management-bootstrap",
    ],
)
def mp_inbox_unreachable(inboxes: SiteInboxes) -> Finding:
    if not inboxes.failing:
        return ruled_out("inbox-reached", inboxes.moved)
    return confirmed(*inboxes.failing[-2:], since=inboxes.since, failures=len(inboxes.failing))
