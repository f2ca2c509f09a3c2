"""The traffic between a client and its management points.

    [CCMHTTP] ERROR: URL=http://mp.contoso.com, Port=80, Options=1248, Code=12002, Text=ERROR_WINHTTP_TIMEOUT
    [CCMHTTP] ERROR INFO: StatusCode=503 StatusText=Service Unavailable
    OutgoingMessage(Queue='mp_[http]mp_locationmanager', ID={GUID}): Delivered successfully to host 'mp.contoso.com'.

Requests of the notification channel and of distribution points write the same lines; their addresses tell them apart.
A working client has failures too: only what no later success follows counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import msgspec

from ccmdoctor.evidence.base import Bundle, Evidence, Mark, Proof, ordered
from ccmdoctor.knowledge.tables import table
from ccmdoctor.model import Event, HResult, Stage, State

_NOT_POLICY = (
    "/bgb/", "sms_dp_smspkg", "downloadrestservice", "/nocert_sms_dp", "/content/", "clientwebservice", "windowsupdate.com",
    "delivery.mp.microsoft.com", "/msdownload/",
)  # fmt: skip
_GATEWAY = ("ccm_proxy", "cmg")
_CONNECTOR = "cmgconnector_"


class Failure(msgspec.Struct, frozen=True):
    """One request that failed. ``kind`` is of knowledge/transport.toml; ``status`` the HTTP status, when one came."""

    proof: tuple[Proof, ...]
    kind: str
    host: str
    symbol: str
    status: int | None = None
    reason: str | None = None
    when: datetime | None = None

    @property
    def last(self) -> Event | None:
        """The newest log line of it; None when it was a probe."""
        found = self.proof[-1]
        return found if isinstance(found, Event) else None

    @property
    def gateway_refusal(self) -> str | None:
        """The word with which the cloud management gateway's connector refused, from the status text."""
        reason = self.reason or ""
        return reason if reason.lower().startswith(_CONNECTOR) else None

    @property
    def over_gateway(self) -> bool:
        """Whether a cloud management gateway stood in the path."""
        words = " ".join(one.record.text if isinstance(one, Event) else one.text for one in self.proof).lower()
        return any(mark in words for mark in _GATEWAY)


class ManagementPointTraffic(Evidence, frozen=True):
    """Requests to management points that failed, and those that came through, each in written order.

    ``probe`` is what the series' own command answered (``Invoke-WebRequest http://<mp>/sms_mp/.sms_aut?mplist``);
    it is asked when the evidence is collected, so it is newer than the logs.
    """

    asks = "management-point"

    failures: tuple[Failure, ...]
    successes: tuple[Event, ...]
    probe: State | None = None
    tls_flags: tuple[Event, ...] = ()

    @classmethod
    def read(cls, bundle: Bundle) -> ManagementPointTraffic | None:
        """None when neither a log nor the command tells of a request to a management point."""
        answers = [state for state in bundle.states("web-answer") if state.values.get("target") == "mplist"]
        found = cls(
            failures=tuple(_failures(bundle)),
            successes=tuple(_successes(bundle)),
            probe=answers[-1] if answers else None,
            tls_flags=tuple(bundle.events("tls-flag")[-8:]),
        )
        return found if found.failures or found.successes or found.probe else None

    @property
    def current(self) -> Failure | None:
        """The newest failure that no success is known to follow, or None: the management point answers."""
        if self.probe is not None:
            return _probed(self.probe)
        run = self._run
        return run[-1] if run else None

    @property
    def _run(self) -> tuple[Failure, ...]:
        """The failures behind the newest success."""
        return tuple(
            one for one in self.failures if one.last is None or not any(good.after(one.last) for good in self.successes)
        )

    @property
    def tls_reasons(self) -> str | None:
        """What WinHTTP found wrong with the server's certificate, as its flags say."""
        return ", ".join(dict.fromkeys(event.fields["flag"] for event in self.tls_flags)) or None

    @property
    def recovered(self) -> Failure | None:
        """The newest failure, when a success followed it."""
        return self.failures[-1] if self.failures and self.current is None else None

    @property
    def answering(self) -> Event | State | None:
        """The newest success, when nothing failed after it."""
        if self.current is not None:
            return None
        return self.probe or (self.successes[-1] if self.successes else None)

    @property
    def failing_since(self) -> datetime | None:
        """The first failure behind the newest success (UTC), where known."""
        return self._run[0].when if self._run and self.current else None

    @property
    def brief(self) -> bool:
        """A working client also fails now and then: fewer than three failures within half an hour after successes."""
        run = self._run
        if self.probe is not None or not self.successes or not run or len(run) > 2:
            return False
        first, last = run[0].when, run[-1].when
        return first is not None and last is not None and last - first < _BRIEF

    def marks(self) -> Iterable[Mark]:
        """Reaching the management point."""
        current = self.current
        good = self.answering or (self.successes[-1] if self.successes else None)
        bad = current.proof[-1] if current else (self.failures[-1].proof[-1] if self.failures else None)
        yield Mark(Stage.POLICY, "management-point", good, bad, current is not None and not self.brief)


_BRIEF = timedelta(minutes=30)
_PROBE_KINDS = {
    "name-not-resolved": "name",
    "timeout": "timeout",
    "connect-failed": "connect",
    "closed": "connect",
    "tls": "tls",
    "proxy-auth": "status",
}


def _probed(answer: State) -> Failure | None:
    status, error = answer.values.get("status"), answer.values.get("error")
    if status == 200:
        return None
    kind = "status" if isinstance(status, int) else _PROBE_KINDS.get(str(error), "other")
    symbol = f"HTTP {status}" if isinstance(status, int) else str(error)
    return Failure(
        proof=(answer,),
        kind=kind,
        host=urlsplit(answer.name).hostname or "",
        symbol=symbol,
        status=status if isinstance(status, int) else None,
    )


def _is_policy(event: Event, url: str) -> bool:
    lowered = url.lower()
    if any(mark in lowered for mark in _NOT_POLICY):
        return False
    return event.log not in ("DataTransferService", "CcmNotificationAgent") or "sms_mp" in lowered


def _failures(bundle: Bundle) -> Iterable[Failure]:
    found: list[Failure] = []
    infos = bundle.events("http-error-info")
    used: set[Event] = set()
    for event in bundle.events("http-error"):
        info = next((one for one in infos if one not in used and _belongs(event, one)), None)
        if info:
            used.add(info)
        if _is_policy(event, event.fields["url"]):
            found.append(_failure(event, info))
    found += [
        _failure(None, info)
        for info in infos
        if info not in used and _is_policy(info, "") and not _content_before(info, bundle)
    ]
    for event in bundle.events("http-status", "mp-post-failed"):
        code = HResult.parse(event.fields["error"])
        if (
            code
            and not code.ok
            and event.log not in ("DataTransferService", "CcmNotificationAgent")
            and event.record.component != "CcmNotificationAgent"
        ):
            status = event.fields.get("status")
            host = event.fields.get("host") or urlsplit(event.fields.get("url", "")).hostname or ""
            found.append(
                Failure(
                    proof=(event,),
                    kind="other",
                    host=host,
                    symbol=str(code),
                    status=int(status) if status and int(status) else None,
                    when=event.utc,
                )
            )
    place = {event: index for index, event in enumerate(ordered(one.last for one in found if one.last))}
    return sorted(found, key=lambda one: place[one.last] if one.last else -1)


def _belongs(error: Event, info: Event) -> bool:
    """The status line follows its error line in the same file, on the same thread, a moment later."""
    one, two = error.record, info.record
    if one.place.file != two.place.file or two.place.offset < one.place.offset or one.thread != two.thread:
        return False
    return two.place.line - one.place.line <= 12


def _content_before(info: Event, bundle: Bundle) -> bool:
    return any(
        _belongs(error, info) and not _is_policy(error, error.fields["url"]) for error in bundle.events("http-error")
    )


def _failure(event: Event | None, info: Event | None) -> Failure:
    proof = tuple(one for one in (event, info) if one is not None)
    symbol = event.fields["symbol"] if event else "CCM_E_BAD_HTTP_STATUS_CODE"
    url = event.fields["url"] if event else ""
    kind = table("transport").get(symbol, {}).get("kind", "other")
    return Failure(
        proof=proof,
        kind=kind,
        host=urlsplit(url if "//" in url else f"//{url}").hostname or url,
        symbol=symbol,
        status=int(info.fields["status"]) if info else None,
        reason=(info.fields["reason"].strip() or None) if info else None,
        when=proof[-1].utc,
    )


def _successes(bundle: Bundle) -> list[Event]:
    fine = [
        event
        for event in bundle.events("http-status")
        if (code := HResult.parse(event.fields["error"])) and code.ok and event.fields.get("status") in ("0", "200")
    ]
    answered = [
        event
        for event in fine
        if event.log in ("CcmMessaging", "LocationServices") and "notification" not in event.record.component.lower()
    ]
    return ordered([*bundle.events("mp-delivered", "policy-received", "policy-downloaded"), *answered])
