"""The update point's content folder has a damaged web.config, so no content is delivered."""

from __future__ import annotations

from ccmdoctor.evidence.wsus_server import WsusContent
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, rule, ruled_out, undecided


@rule(
    explains=["adr-or-package-download-failed", "download-fails"],
    sources=["https://jpmem.github.io/blog/wsus/2021-03-18_01/"],
)
def wsus_content_web_config(content: WsusContent) -> Finding:
    if content.failing:
        return confirmed(content.failing, path=content.path, code=content.code)
    if content.delivered:
        return ruled_out("wsus-content-delivered", content.delivered)
    return undecided("wsus-iis-log")
