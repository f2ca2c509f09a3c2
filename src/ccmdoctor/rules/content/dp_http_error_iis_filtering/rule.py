"""The distribution point answers the request for content with an HTTP error."""

from __future__ import annotations

from ccmdoctor.evidence.transfer import Transfers
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out


@rule(
    explains="download-fails",
    sources=[
        "https://github.com/MicrosoftDocs/SupportArticles-docs/blob/main/support/mem/configmgr/app-management/issues/clients-fail-download-content-http-405-errors.md",
        "https://learn.microsoft.com/intune/configmgr/core/plan-design/network/prepare-windows-servers",
    ],
)
def dp_http_error_iis_filtering(transfers: Transfers) -> Finding:
    refused = transfers.refused
    if refused is None:
        return ruled_out(transfers.why_not, transfers)
    against = []
    if refused.host is None:
        against.append("source-not-named")
    if refused.from_proxy:
        against.append("answer-may-be-of-proxy")
    verdict = possible if refused.of_setup or refused.from_proxy else likely if against else confirmed
    return verdict(
        refused, host=refused.host, status=refused.http_status, reason=refused.reason, error=refused.error,
        since=transfers.since(refused), failures=transfers.count(refused), against=against, settle=["dp-iis-log"],
    )  # fmt: skip
