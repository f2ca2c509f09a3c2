"""The product or classification of the update is not synchronised."""

from __future__ import annotations

from ccmdoctor.evidence.applicability import UpdateCategories
from ccmdoctor.evidence.updates import UpdateStates
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, rule, ruled_out, undecided


@rule(
    explains="update-not-offered",
    sources=[
        "https://jpmem.github.io/blog/mecm/20260129_01/",
        "https://learn.microsoft.com/intune/configmgr/develop/reference/sum/sms_updatecategoryinstance-server-wmi-class",
    ],
)
def product_classification_not_selected(categories: UpdateCategories, updates: UpdateStates | None) -> Finding:
    known = updates.asked_for if updates else None
    if not categories.target.update:
        return undecided("which-update")
    if known:
        return ruled_out("update-is-known", known)
    if categories.unselected:
        return likely(categories.unselected, category=categories.name, update=categories.target.update)
    if categories.all_selected:
        return ruled_out("categories-selected", *categories.named)
    return undecided("update-in-console")
