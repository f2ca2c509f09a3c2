"""Synchronisation on the site's side: how it ended, and whether the update point could be configured for it.

    sync: WSUS synchronizing updates, processed 130 out of 130 items (100%)
    Sync failed: WSUS server not configured. Please refer to WCM.log for configuration error details.
    Sync failed. Will retry in 60 minutes
    Failed to set Subscriptions on the WSUS Server. Error:(-2147467259)Unspecified error

100 % is the progress of one phase. Only `Sync succeeded.` (status 6702) is a success.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from ccmdoctor.evidence.base import Bundle, Evidence, newest, ordered
from ccmdoctor.knowledge.logs import by_component, by_file
from ccmdoctor.model import Event

_ONE_ATTEMPT = timedelta(minutes=5)
_WCM_LOG = "wcm.log"
_CONNECTION = ("wcm-remote-failed", "update-point-web-error", "wsus-control-failed", "wcm-assembly-missing")
_SETTINGS = ("wcm-configuration-failed", "wcm-subscription-failed", "wcm-category-unknown")
_STATED = (*_SETTINGS, "wcm-assembly-missing")
_ABOUT_CONFIGURATION = ("WCM", "WSUSCtrl")


def follows(good: Event | None, bad: Event) -> bool:
    """Whether the good one is known to be newer; what cannot be ordered cancels nothing."""
    return good is not None and good.after(bad) is True


def short(text: str, limit: int = 160) -> str | None:
    """The first line of what a log says, without its marks, cut where it is long; None when nothing is left."""
    said = next((line.strip(" ~*.") for line in text.splitlines() if line.strip(" ~*.")), "")
    return (f"{said[:limit].rstrip()}…" if len(said) > limit else said) or None


class UpdateSync(Evidence, frozen=True):
    """The synchronisations that failed, oldest first, and the newest that succeeded (wsyncmgr.log)."""

    asks = "sync-log"

    failures: tuple[Event, ...]
    succeeded: Event | None
    complete: Event | None  # the newest line with 100 %
    upstream: Event | None = None  # the newest request of WSUS itself to its source that failed

    @classmethod
    def read(cls, bundle: Bundle) -> UpdateSync | None:
        """None when no synchronisation's end and no progress is told."""
        found = cls(
            failures=tuple(bundle.events("sync-failed", "sync-update-failed")),
            succeeded=newest(bundle.events("sync-succeeded")),
            complete=newest(bundle.events("sync-all-items")),
            upstream=newest(bundle.events("wsus-upstream-failed")),
        )
        return found if found.failures or found.succeeded or found.complete or found.upstream else None

    @property
    def source_failing(self) -> Event | None:
        """A request of WSUS to its source that failed, and that no successful synchronisation is known to follow."""
        return None if self.upstream is None or follows(self.succeeded, self.upstream) else self.upstream

    @property
    def source_reason(self) -> str | None:
        """Why it failed, in the log's own words."""
        fields = self.upstream.fields if self.upstream else {}
        return short(fields.get("reason") or fields.get("path") or "")

    @property
    def source_unsure(self) -> bool:
        """WSUS says that it asks again, so it may have succeeded since, or misses a file of one update only."""
        return self.upstream is not None and bool({"action", "path"} & self.upstream.fields.keys())

    @property
    def failing(self) -> tuple[Event, ...]:
        """The failures that no success is known to follow."""
        return tuple(one for one in self.failures if not follows(self.succeeded, one))

    @property
    def telling(self) -> Event | None:
        """The newest of them that gives a reason, else the newest."""
        return newest([one for one in self.failing if _plain(one.fields.get("reason"))]) or newest(self.failing)

    @property
    def reason(self) -> str | None:
        """The reason in the log's own words."""
        return _plain(self.telling.fields.get("reason")) if self.telling else None

    @property
    def names_configuration(self) -> bool:
        """The reason is that the update point could not be configured."""
        return _WCM_LOG in (self.reason or "").lower()

    @property
    def since(self) -> datetime | None:
        """The first of the failures (UTC), where known."""
        return self.failing[0].utc if self.failing else None

    @property
    def attempts(self) -> int:
        """How many attempts failed in a row: the lines of one attempt stand close together."""
        return attempts(self.failing)

    @property
    def complete_before(self) -> Event | None:
        """100 % of the attempt that failed afterwards: newer than the last success, not newer than the failure."""
        last = newest(self.failing)
        if self.complete is None or last is None or follows(self.succeeded, self.complete):
            return None
        return None if self.complete.after(last) else self.complete

    @property
    def unfinished(self) -> bool:
        """100 % was reached, and nothing tells how the synchronisation ended."""
        return self.complete is not None and not self.failing and not follows(self.succeeded, self.complete)


def attempts(events: Sequence[Event]) -> int:
    """Attempts behind lines of which several tell of one; without times a line that stands twice is two attempts."""
    count, before, seen = 0, None, set[str]()
    for event in events:
        apart = before is not None and event.utc is not None and event.utc - before > _ONE_ATTEMPT
        again = event.utc is None and event.record.text in seen
        if count == 0 or apart or again:
            count, seen = count + 1, set()
        seen.add(event.record.text)
        before = event.utc
    return count


def _plain(text: str | None) -> str | None:
    return (text or "").strip(" .~\"'") or None


class UpdatePointConfiguration(Evidence, frozen=True):
    """What went wrong when the site configured WSUS or connected to it (WCM.log, WSUSCtrl.log)."""

    asks = "wcm-log"

    failing: tuple[Event, ...]
    good: Event | None
    bypass: Event | None
    addressed: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> UpdatePointConfiguration | None:
        """None when neither log tells of a connection or of the configuration."""
        settings = bundle.events(*_SETTINGS)
        told = bundle.events("wcm-connected", "wcm-configured", "wcm-connecting", "wcm-remote-failed", *_SETTINGS)
        files = {one.record.place.file for one in told}
        connection = [one for one in bundle.events(*_CONNECTION) if _concerns(one, files)]
        installed = newest(bundle.events("wcm-assembly-found"))
        connection = [one for one in connection if one.id != "wcm-assembly-missing" or not follows(installed, one)]
        connected = newest(bundle.events("wcm-connected", "wcm-configured"))
        configured = newest(bundle.events("wcm-configured"))
        failing = [
            *(one for one in settings if not follows(configured, one)),
            *(one for one in connection if not follows(connected, one)),
        ]
        found = cls(
            failing=tuple(ordered(failing)),
            good=connected,
            bypass=newest(bundle.events("wcm-bypasses-proxy")),
            addressed=newest(bundle.events("wcm-connected", "wcm-connecting")),
        )
        return found if settings or connection or found.good else None

    @property
    def category(self) -> str | None:
        """The product or classification that WSUS does not know."""
        return next((one.fields["category"] for one in reversed(self.failing) if one.fields.get("category")), None)

    @property
    def status(self) -> int | None:
        """The HTTP status with which the update point, or a proxy before it, answered."""
        told = next((one.fields["status"] for one in reversed(self.failing) if one.fields.get("status")), None)
        return int(told) if told else None

    @property
    def server(self) -> str | None:
        """The update point that was addressed."""
        return self.addressed.fields.get("server") if self.addressed else None

    @property
    def problem(self) -> str | None:
        """The newest line in which something failed, short."""
        last = newest(self.failing)
        lines = [line.strip(" ~*") for line in last.record.text.splitlines()] if last else []
        # an exception names its kind first; what happened stands on the next line
        said = " ".join(lines[:2]) if lines and lines[0].endswith(":") else "".join(lines[:1])
        return short(said)

    @property
    def is_stated(self) -> bool:
        """The site itself says that the configuration failed, and not only that a request did."""
        return any(one.id in _STATED for one in self.failing)

    @property
    def through_proxy(self) -> bool:
        """The site then tried to go around a proxy."""
        return self.bypass is not None and bool(self.failing)


def _concerns(event: Event, files: set[str]) -> bool:
    """Whether a line in common words is one of these logs: by its file, its writer, or its neighbours."""
    if event.id != "update-point-web-error":
        return True
    writer = by_component(event.record.component) if event.record.component else None
    known = by_file(event.record.place.file).log
    return writer in _ABOUT_CONFIGURATION or known in _ABOUT_CONFIGURATION or event.record.place.file in files
