"""The update is expired, or a newer one replaces it."""

from __future__ import annotations

from ccmdoctor.evidence.applicability import ConsoleUpdates
from ccmdoctor.evidence.updates import UpdateStates
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains="update-not-offered",
    sources=[
        "https://jpmem.github.io/blog/mecm/20201110_01/",
        "https://learn.microsoft.com/intune/configmgr/sum/understand/software-updates-introduction",
    ],
    answer=True,
)
def superseded_or_expired(console: ConsoleUpdates, updates: UpdateStates | None) -> Finding:
    row = console.asked_for
    if not console.target.update:
        return undecided("which-update")
    if row is None:
        return undecided("update-in-console")
    if not console.expired and not console.superseded:
        return ruled_out("update-current", row)
    known = updates.asked_for if updates else None
    if known and known.missing and not console.expired:
        return possible(row, known, update=console.title, against=["update-still-listed"])
    verdict = confirmed if console.expired else likely
    return verdict(row, known, update=console.title, settle=[] if updates else ["update-status"])
