"""A Windows update came onto the computer by another way than Configuration Manager."""

from __future__ import annotations

from ccmdoctor.evidence.co_management import UpdateWorkload
from ccmdoctor.evidence.reporting import ForeignInstalls
from ccmdoctor.model import Finding, Verdict
from ccmdoctor.rules import likely, possible, rule, ruled_out


@rule(
    explains="update-not-offered",
    sources=[
        "https://jpmem.github.io/blog/mecm/20230220_01/",
        "https://jpmem.github.io/blog/mecm/20230427_01/",
        "https://jpmem.github.io/blog/wsus/2018-02-02_01/",
    ],
    at_most=Verdict.LIKELY,
)
def unintended_external_update(installs: ForeignInstalls, workload: UpdateWorkload | None) -> Finding:
    if installs.last is None:
        return ruled_out("installed-by-client", installs.own)
    if workload and workload.at_intune:
        return ruled_out("updates-come-from-intune", workload.by_intune)
    facts = {"title": installs.title, "caller": installs.caller, "when": installs.when}
    settle = ["windows-update-policy", "update-services"]
    if installs.is_managed:
        return likely(installs.last, installs.own, settle=settle, facts=facts)
    return possible(installs.last, against=["may-be-installed-by-hand"], settle=settle, facts=facts)
