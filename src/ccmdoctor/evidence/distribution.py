"""The way of content from the site to its distribution points (distmgr.log, PkgXferMgr.log), package by package.

    Sending thread starting for Job: 26, package: P0100012, Version: 1, Priority: 2, server: DP.CONTOSO.COM, ...
    CSendFileAction::SendFiles failed; 0x80070003
    ~ Sending failed. Failure count = 1, Restart time = ...
    Sent status to the distribution manager for pkg P0100012, version 14, status 4 and distribution point ...

The newest word about a package and a distribution point decides. A closed address stops the sending too, with a code;
it is a schedule and no fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import msgspec

from ccmdoctor.evidence.base import Bundle, Evidence, Proof, newest, ordered
from ccmdoctor.evidence.update_sync import follows, short
from ccmdoctor.model import Event

_BEGINS = ("package-sending", "package-processing")
_FAILS = (
    "package-send-failed", "package-send-retry", "package-exception", "package-snapshot-failed",
    "package-source-missing", "distribution-connect-failed", "distribution-point-web-failed", "package-status-error",
    "pull-transfer-failed", "package-status-unsaved",
)  # fmt: skip
_WAITS = (
    "package-not-arrived", "distribution-address-closed", "distribution-one-connection", "pull-point-full",
    "distribution-threads", "distribution-point-unready",
)  # fmt: skip
_SURE_WAITS = ("package-not-arrived", "distribution-address-closed", "pull-point-full", "distribution-point-unready")
_RETRIED = ("package-send-failed", "package-send-retry", "pull-transfer-failed")
_STATUSES = ("package-send-status", "package-status-good", "package-sent")
_SENT, _FAILED = "3", "4"
_ON_POINT, _PROCESSED = "2330", "2301"
_HRESULT = re.compile(r"HRESULT: (0x[0-9A-Fa-f]{8})")
_HTTP = re.compile(r"error: \((\d{3})\)")
_HOST = re.compile(r"([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)\\*\W*$")


class Delivery(msgspec.Struct, frozen=True):
    """One package on its way to one distribution point (either may be unknown), with its newest words."""

    package: str | None
    point: str | None
    failures: tuple[Event, ...]
    waits: tuple[Event, ...]
    good: Event | None

    @property
    def failing(self) -> tuple[Event, ...]:
        """The failures that no success is known to follow."""
        return tuple(one for one in self.failures if not self._cleared(one))

    def _cleared(self, event: Event) -> bool:
        # "processed" says that the source could be read, not that anything was sent
        if self.good is not None and self.good.fields.get("id") == _PROCESSED and event.log != "distmgr":
            return False
        return follows(self.good, event)

    @property
    def waiting(self) -> Event | None:
        """The newest reason to wait, when nothing failed and nothing was sent after it."""
        last = newest([one for one in self.waits if one.id in _SURE_WAITS]) or newest(self.waits)
        return None if last is None or self.failing or follows(self.good, last) else last

    @property
    def waits_told(self) -> tuple[Event, ...]:
        """The newest lines that tell why it waits, the surest reason last."""
        last = self.waiting
        return () if last is None else (*[one for one in self.waits if one is not last][-2:], last)

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The failures, else what it waits for, else the success."""
        rest = self.waiting or self.good
        return self.failing[-5:] or ((rest,) if rest else ())


class Distribution(Evidence, frozen=True):
    """All deliveries of which the site's logs tell, in the order of their newest word."""

    asks = "distribution-log"

    deliveries: tuple[Delivery, ...]

    @classmethod
    def read(cls, bundle: Bundle) -> Distribution | None:
        """None when neither log tells of a failure, of a wait or of a success."""
        found = _deliveries(bundle.events(*_BEGINS, *_FAILS, *_WAITS, *_STATUSES))
        return cls(deliveries=found) if found else None

    @property
    def failing(self) -> Delivery | None:
        """The delivery that failed last."""
        return next((one for one in reversed(self.deliveries) if one.failing), None)

    @property
    def waiting(self) -> Delivery | None:
        """The delivery that waits, the surest reason first."""
        found = [one for one in self.deliveries if one.waiting]
        return next((one for one in reversed(found) if one.waiting and one.waiting.id in _SURE_WAITS), None) or (
            found[-1] if found else None
        )

    @property
    def waits_surely(self) -> bool:
        """The reason to wait is one that keeps content back, not one that slows it down."""
        last = self.waiting.waiting if self.waiting else None
        return last is not None and last.id in _SURE_WAITS

    @property
    def error(self) -> str | None:
        """The newest code of the failing delivery, as written."""
        told = [_code(one) for one in self.failing.failing] if self.failing else []
        return next((one for one in reversed(told) if one), None)

    @property
    def reason(self) -> str | None:
        """The path, or the words, that the newest failure gives beside its code."""
        told = [
            one.fields.get("path") or one.fields.get("reason") for one in (self.failing.failing if self.failing else ())
        ]
        said = next((short(one) for one in reversed(told) if one), None)
        return None if said == self.error else said

    @property
    def is_stated(self) -> bool:
        """The site gave this delivery up, or tried it more than once."""
        return self.failing is not None and any(
            one.id not in _RETRIED or (one.fields.get("count", "").isdecimal() and int(one.fields["count"]) > 1)
            for one in self.failing.failing
        )

    @property
    def good(self) -> Event | None:
        """The newest success."""
        return newest(ordered(one.good for one in self.deliveries if one.good))


def _code(event: Event) -> str | None:
    if event.fields.get("error"):
        return event.fields["error"]
    reason = event.fields.get("reason", "")
    if found := _HRESULT.search(reason):
        return found[1]
    if found := _HTTP.search(reason):
        return f"HTTP {found[1]}"
    code = event.fields.get("code")
    return f"Win32 {code}" if code else reason.strip(" ~*") if "#" in reason else None


def _deliveries(events: list[Event]) -> tuple[Delivery, ...]:
    current: dict[tuple[str, str], tuple[str | None, str | None]] = {}
    held: dict[tuple[str, str], bool] = {}
    told: list[_Told] = []
    recent: dict[tuple[str, str], list[_Told]] = {}
    for event in events:
        where = (event.stands.file, event.record.thread)
        package, point = current.get(where, (None, None))
        named, host = (event.fields.get("package") or "").strip(" <>"), _host(event.fields.get("dp"))
        if event.id in _BEGINS:
            recent.pop(where, None)
        elif (named and package is None) or (host and point is None):
            # what a line names holds for the lines before it as well, as far as they named nothing
            for one in recent.get(where, ()):
                one.package, one.point = one.package or named or None, one.point or host
        package, point = named or package, host or point
        current[where] = (package, point)
        kind = _kind(event, held.get(where, False))
        held[where] = kind == "wait" or (held.get(where, False) and kind != "begin")
        if kind in ("good", "bad", "wait"):
            told.append(_Told(package, point, kind, event))
            if package is None or point is None:
                recent.setdefault(where, []).append(told[-1])
    jobs: _Jobs = {}
    for one in told:
        jobs.setdefault((one.package, one.point), {}).setdefault(one.kind, []).append(one.event)
    return tuple(sorted((_delivery(key, jobs) for key in jobs), key=_last))


_Jobs = dict[tuple[str | None, str | None], dict[str, list[Event]]]


class _Told(msgspec.Struct):
    package: str | None
    point: str | None
    kind: str
    event: Event


def _kind(event: Event, held: bool) -> str:
    """begin, good, bad, wait or nothing; a failure right behind a closed address belongs to the wait."""
    if event.id in _BEGINS:
        return "begin"
    if event.id == "distribution-threads":
        full = event.fields["used"] == event.fields["allowed"] and event.fields["used"] != "0"
        return "wait" if full else "none"
    if event.id in _WAITS:
        return "wait"
    if event.id == "package-send-status":
        status = event.fields["status"]
        return "good" if status == _SENT else "bad" if status == _FAILED and not held else "none"
    if event.id == "package-status-good":
        return "good" if event.fields["id"] in (_ON_POINT, _PROCESSED) else "none"
    if event.id == "package-sent":
        return "good"
    return "none" if held and event.id in ("package-send-failed", "package-send-retry") else "bad"


def _host(text: str | None) -> str | None:
    found = _HOST.search(text or "")
    return found[1].lower() if found else None


def _delivery(key: tuple[str | None, str | None], jobs: _Jobs) -> Delivery:
    """One delivery; a success that names no distribution point, or a failure without one, speaks for all of them."""
    package, point = key
    good: list[Event] = []
    for (other, where), words in jobs.items():
        same = where == point or where is None or point is None
        if same and (other == package or (package is None and point is not None)):
            good += words.get("good", ())
    words = jobs[key]
    return Delivery(
        package=package,
        point=point,
        failures=tuple(words.get("bad", ())),
        waits=tuple(words.get("wait", ())),
        good=newest(ordered(good)),
    )


def _last(delivery: Delivery) -> tuple[str, int]:
    told: Iterable[Event] = (*delivery.failures, *delivery.waits, *((delivery.good,) if delivery.good else ()))
    last = newest(ordered(told))
    return (str(last.utc or ""), last.record.place.offset) if last else ("", 0)
