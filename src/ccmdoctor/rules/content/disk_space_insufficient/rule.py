"""The disk has too little room for the content of an update."""

from __future__ import annotations

from ccmdoctor.evidence.cache import ContentRoom
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, possible, rule, ruled_out, undecided


@rule(
    explains=["download-fails", "install-fails"],
    sources=[
        "https://jpmem.github.io/blog/mecm/20250325_02/",
        "https://jpmem.github.io/blog/mecm/20220511_01/",
        "https://learn.microsoft.com/troubleshoot/windows-server/installing-updates-features-roles/troubleshoot-windows-update-error-0x80070070",
    ],
)
def disk_space_insufficient(room: ContentRoom) -> Finding:
    failure = room.first_pointing("disk-space-insufficient")
    facts = {"error": failure and failure.error, "free": room.free, "since": failure.when if failure else room.when}
    if failure is not None:
        if room.disk_has_room:
            return possible(failure, room.disk, facts=facts, against=["disk-has-room"], settle=["free-disk"])
        verdict = confirmed if room.disk_is_short else likely
        return verdict(failure, room.disk, facts=facts, settle=["free-disk"])
    if room.nothing_to_delete is not None and not room.disk_is_short:
        return ruled_out("cache-limit-named", room)
    if room.refused is not None or room.nothing_to_delete is not None:
        verdict = likely if room.disk_is_short else possible
        return verdict(room, facts=facts, settle=["free-disk", "cache-state"])
    if room.disk_has_room:
        return ruled_out("disk-has-room", room.disk)
    return ruled_out("room-not-refused", room.success) if room.success else undecided("free-disk")
