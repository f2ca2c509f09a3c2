"""The distribution point answers the request for content with an HTTP error."""

from __future__ import annotations

from ccmdoctor.evidence.transfer import Transfers
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out

_ID = "dp-http-error-iis-filtering"


@rule(
    explains="download-fails",
    sources=[
        "https://github.com/MicrosoftDocs/SupportArticles-docs/blob/main/support/mem/configmgr/app-management/issues/clients-fail-download-content-http-405-errors.md",
        "https://learn.microsoft.com/intune/configmgr/core/plan-design/network/prepare-windows-servers",
    ],
)
def dp_http_error_iis_filtering(transfers: Transfers) -> Finding:
    refused, logged = transfers.refused, transfers.refused_by_server
    answer = transfers.requests.answer if transfers.requests else None
    if refused is None:
        if logged is None:
            return ruled_out(transfers.why_not, transfers)
        verdict = possible if transfers.serves_others else likely
        return verdict(
            logged, host=logged.fields["host"], status=logged.fields["status"], reason=answer, error=None,
            since=logged.utc, failures=1, settle=["content-logs"],
        )  # fmt: skip
    against = []
    if refused.host is None:
        against.append("source-not-named")
    if refused.from_proxy:
        against.append("answer-may-be-of-proxy")
    unsure = refused.of_setup or refused.from_proxy or not (refused.http_status or refused.points_to(_ID))
    verdict = possible if unsure else likely if against or not refused.http_status else confirmed
    return verdict(
        refused, logged, host=refused.host, status=refused.http_status, reason=refused.reason or answer,
        error=refused.error, since=transfers.since(refused), failures=transfers.count(refused), against=against,
        settle=["dp-iis-log"],
    )  # fmt: skip
