"""An installation ended well, and the update is found missing afterwards."""

from __future__ import annotations

from ccmdoctor.evidence.reporting import RepeatedNeed
from ccmdoctor.model import Finding, Verdict
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="install-fails",
    sources=["https://jpwinsup.github.io/blog/2022/06/04/WindowsUpdate/HowToFindNecessarySSU/"],
    at_most=Verdict.LIKELY,
)
def false_success_ssu_only(need: RepeatedNeed) -> Finding:
    facts = {"title": need.title, "error": need.error}
    if need.missing and need.wants_restart is False:
        return likely(need, settle=["servicing-log"], facts=facts)
    if need.missing:
        return possible(need, against=["restart-may-be-outstanding"], settle=["servicing-log"], facts=facts)
    if need.reported:
        return possible(need, against=["success-followed-by-need"], settle=["servicing-log"], facts=facts)
    if need.known:
        return ruled_out("no-false-success", need.success)
    return undecided("install-and-scan")
