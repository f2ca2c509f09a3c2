"""The servicing stack of the computer is too old for the update."""

from __future__ import annotations

from ccmdoctor.evidence.applicability import AskedUpdate, ServicingStack
from ccmdoctor.evidence.base import code_of
from ccmdoctor.evidence.servicing import Servicing
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, rule, ruled_out, undecided


@rule(
    explains=("update-not-offered", "install-fails"),
    sources=[
        "https://jpwinsup.github.io/blog/2022/06/04/WindowsUpdate/HowToFindNecessarySSU/",
        "https://github.com/MicrosoftDocs/SupportArticles-docs/blob/main/support/windows-server/installing-updates-features-roles/troubleshoot-windows-update-error-0x800f0823.md",
    ],
)
def ssu_missing(stack: ServicingStack, asked: AskedUpdate | None, servicing: Servicing | None) -> Finding:
    known = asked.known if asked else None
    if known and known.installed:
        return ruled_out("stack-not-refused", known)
    refused = (servicing.fault("stack") or servicing.coded("prerequisite-ssu-install")) if servicing else None
    if refused:
        return ruled_out("refused-at-install", refused)
    facts = {"stack": stack.title, "error": code_of(stack.reported)}
    if stack.reported:
        return likely(stack.reported, stack.listed, facts=facts, settle=["servicing-log"])
    if stack.listed and asked is not None and asked.is_absent:
        return likely(stack.listed, facts=facts, settle=["servicing-log"])
    return undecided("servicing-log")
