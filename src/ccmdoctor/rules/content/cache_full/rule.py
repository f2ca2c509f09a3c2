"""The client cache has reached its limit with content that may not be deleted yet."""

from __future__ import annotations

from ccmdoctor.evidence.cache import ContentRoom
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains="download-fails",
    sources=[
        "https://jpmem.github.io/blog/mecm/20220511_01/",
        "https://learn.microsoft.com/intune/configmgr/core/clients/manage/configure-client-cache",
        "https://lab-geek.com/2016/04/08/configmgr-2012-cache-management-surprise/",
    ],
)
def cache_full(room: ContentRoom) -> Finding:
    failure = room.first_pointing("cache-full")
    facts = {"size": room.size, "used": room.used, "error": failure and failure.error, "since": room.when}
    if room.nothing_to_delete is not None and not room.disk_is_short:
        verdict = confirmed if room.cache_is_full else likely
        return verdict(room, failure, facts=facts, settle=["cache-state", "free-disk"])
    if failure is not None:
        return likely(failure, room, facts=facts, settle=["cache-state", "free-disk"])
    if room.refused is not None and not room.disk_is_short:
        verdict = likely if room.cache_is_full else possible
        return verdict(room, facts=facts, settle=["cache-state", "free-disk"])
    if room.recovered is not None:
        return ruled_out("transfer-recovered", room.recovered)
    return ruled_out("room-not-refused", room.success) if room.success else undecided("cache-state")
