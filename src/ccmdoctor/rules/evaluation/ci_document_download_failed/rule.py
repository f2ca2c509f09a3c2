"""The client does not get the document of a configuration item from the management point."""

from __future__ import annotations

from ccmdoctor.evidence.applicability import ItemDocuments
from ccmdoctor.evidence.management_point import ManagementPointTraffic
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule, ruled_out, undecided


@rule(
    explains="update-not-evaluated",
    sources=[
        "https://jpmem.github.io/blog/mecm/20170208_01/",
        "https://github.com/jonasatgit/scriptrepo",
    ],
)
def ci_document_download_failed(documents: ItemDocuments, traffic: ManagementPointTraffic | None) -> Finding:
    facts = {"error": documents.error, "item": documents.name}
    if documents.job is None and documents.item is None:
        return ruled_out("documents-received", documents.evaluated) if documents.evaluated else undecided("item-logs")
    if traffic is not None and traffic.current:
        return possible(documents.job, documents.item, facts=facts, against=["mp-fails-itself"])
    return likely(documents.job, documents.item, facts=facts, settle=[] if documents.item else ["item-logs"])
