"""Downloads in ranges: the agent asks the client's own listener on this computer (localhost:8005), which asks BITS.

    Download timed out with 5 minutes of no progress. Cancelling download job
    Failed to send HTTP Response. Error=800704cd
    Unexpected HRESULT for downloading complete: 0x80d02002

Delivery Optimization gives up after five minutes without progress. 0x80d02002 says only that; the listener's own log
says why. Locally published (third-party) updates are first looked for in the update point's own content.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ccmdoctor.evidence.base import Bundle, Evidence, Mark, Proof, newest
from ccmdoctor.evidence.content import Downloads, Failed, Successes, Trail
from ccmdoctor.evidence.transfer import source_of
from ccmdoctor.model import Event, Stage

_CAUSE = "delta-download-timeout"


class DeltaDownloads(Evidence, frozen=True):
    """What the listener and the agent say of downloads in ranges, as far as no download succeeded since."""

    asks = "delta-log"

    timed_out: Event | None
    not_started: Event | None
    broken_reply: Event | None
    coded: Failed | None
    recovered: Event | None
    success: Event | None
    local: Event | None
    gateway: Event | None
    timed_out_before: Event | None = None

    @classmethod
    def read(cls, bundle: Bundle) -> DeltaDownloads | None:
        """None when neither the listener nor a code of Delivery Optimization was seen, and no download succeeded."""
        successes = Successes(bundle, bundle.once(Trail.of))
        downloads = bundle.evidence(Downloads)
        told = {
            id: newest(bundle.events(id)) for id in ("delta-timed-out", "delta-start-failed", "delta-response-failed")
        }
        open_, past = {}, []
        for id, event in told.items():
            gone = event is not None and successes.after(event)
            open_[id] = None if gone else event
            past += [event] if gone and event else []
        coded = downloads.first_pointing(_CAUSE) if downloads else None
        old = [one.proof[-1] for one in downloads.recovered if one.points_first_to(_CAUSE)] if downloads else []
        past += [one for one in old if isinstance(one, Event)]
        if not any(told.values()) and coded is None and not past and successes.last is None:
            return None
        asked = bundle.events(
            "transfer-proxy-failed", "transfer-created", "content-job-started", "transfer-file-failed"
        )
        return cls(
            timed_out=open_["delta-timed-out"],
            not_started=open_["delta-start-failed"],
            broken_reply=open_["delta-response-failed"],
            coded=coded,
            recovered=past[-1] if past else None,
            success=successes.last,
            local=_newest_of(asked, "wsus"),
            gateway=_newest_of(asked, "cmg"),
            timed_out_before=newest(bundle.events("delta-timed-out")[:-1]),
        )

    def marks(self) -> Iterable[Mark]:
        """A download in ranges that was given up fails the content stage."""
        bad = self.timed_out or self.not_started
        if bad or self.recovered:
            yield Mark(Stage.CONTENT, "ranges", self.success, bad or self.recovered, bad is not None)

    @property
    def fails(self) -> bool:
        """A download in ranges fails, by any of the signs."""
        return bool(self.timed_out or self.not_started or self.broken_reply or self.coded)

    @property
    def error(self) -> str | None:
        """The code in the newest sign."""
        if self.coded:
            return str(self.coded.error)
        event = self.not_started or self.broken_reply
        return event.fields["error"] if event else None

    @property
    def since(self) -> datetime | None:
        """When the newest sign was seen (UTC)."""
        signs = [one.utc for one in (self.timed_out, self.not_started, self.broken_reply) if one and one.utc]
        return min(signs, default=self.coded.when if self.coded else None)

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The signs, else the success."""
        before = self.timed_out_before if self.timed_out else None
        signs = tuple(one for one in (self.not_started, before, self.timed_out, self.broken_reply) if one is not None)
        coded = self.coded.proof if self.coded else ()
        return (*signs, *coded) or ((self.success,) if self.success else ())


def _newest_of(events: list[Event], kind: str) -> Event | None:
    return newest([one for one in events if source_of(one.fields.get("url") or "") == kind])
