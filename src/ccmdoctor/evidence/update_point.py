"""The software update point: which one the client was told, and how it answered when it was asked directly.

WSUSLocationReply : <WSUSLocationReply ...><LocationRecord WSUSURL="http://sup.contoso.com:8530" Version="38"/>...
WSUS Path='http://sup.contoso.com:8530', Server='sup.contoso.com', Version='38'
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from ccmdoctor.evidence.base import Bundle, Evidence, Mark, Proof, newest
from ccmdoctor.evidence.policy import newest_state
from ccmdoctor.evidence.scan import AgentDetail, Scan, ScanHistory, site_of
from ccmdoctor.knowledge import codes
from ccmdoctor.knowledge.tables import table
from ccmdoctor.model import Event, Stage, State

_UNAVAILABLE = 503
_DETECTOIDS = datetime(2026, 7, 1, tzinfo=UTC)
_DEFAULT_PORTS = (":8530", ":8531")
_NOT_THE_SERVER = (407, 502, 504)  # a proxy or gateway answered
_ON_THE_WAY = ("winhttp-proxy-wrong", "sup-503-wsuspool", "sup-timeout", "sup-port-blocked", "wsus-not-maintained")
_NO_ANSWER = ("sup-timeout", "sup-port-blocked", "sup-name-not-resolved")
_URL = re.compile(r"WSUSURL=\"([^\"]*)\"", re.IGNORECASE)


class UpdatePointLocation(Evidence, frozen=True):
    """What the management point answered to the question for an update point. Events oldest first."""

    asks = "sup-location"

    requests: tuple[Event, ...]
    replies: tuple[Event, ...]
    callbacks: tuple[Event, ...]

    @classmethod
    def read(cls, bundle: Bundle) -> UpdatePointLocation | None:
        """None when no request, reply or callback was logged."""
        requests = bundle.events("sup-request", "sup-request-sent", "scan-location-requested")
        replies = bundle.events("sup-reply")
        callbacks = bundle.events("sup-callback", "scan-location-received")
        if not (requests or replies or callbacks):
            return None
        return cls(requests=tuple(requests), replies=tuple(replies), callbacks=tuple(callbacks))

    @property
    def newest_reply_is_empty(self) -> bool:
        """The newest reply holds no location record, and no location was handed on after it."""
        if not self.replies:
            return False
        last = self.replies[-1]
        if _URL.search(last.fields["reply"]):
            return False
        return not any(one.after(last) for one in self.callbacks)

    @property
    def found(self) -> Event | None:
        """The newest sign that an update point was named."""
        named = [one for one in self.replies if _URL.search(one.fields["reply"])]
        return newest([*named, *self.callbacks])

    @property
    def offered_version(self) -> int | None:
        """The catalogue version of the newest location that was named."""
        named = [one.fields["version"] for one in self.callbacks if one.fields.get("version", "").isdigit()]
        return int(named[-1]) if named else None

    @property
    def unanswered(self) -> bool:
        """Asked, and neither a reply nor a location was ever logged."""
        return bool(self.requests) and not self.replies and not self.callbacks

    @property
    def last_empty(self) -> Event | None:
        """The newest empty reply."""
        return newest([one for one in self.replies if not _URL.search(one.fields["reply"])])

    def marks(self) -> Iterable[Mark]:
        """Learning the update point is the location stage."""
        yield Mark(Stage.LOCATION, "sup", self.found, self.last_empty, self.newest_reply_is_empty)


class UpdatePointAccess(Evidence, frozen=True):
    """How the update point answers: the scans, a direct question to its web service, and its own web server's log.

    ``probe`` is what ``Invoke-WebRequest http://<sup>:8530/ClientWebService/client.asmx`` answered; it is asked when
    the evidence is collected, so it is newer than the logs. Any of the three may be missing, not all.
    """

    asks = "scan-history"

    scans: ScanHistory | None
    probe: State | None
    offline: Event | None
    detail: Event | None
    configured: str | None = None

    @classmethod
    def read(cls, bundle: Bundle) -> UpdatePointAccess | None:
        """None when nobody asked an update point anything."""
        scans, detail = ScanHistory.read(bundle), AgentDetail.read(bundle)
        answers = [
            state
            for state in bundle.states("web-answer")
            if state.values.get("target") in ("client.asmx", "wuident.cab")
        ]
        offline = newest(bundle.events("wsuspool-offline"))
        if scans is None and not answers and offline is None:
            return None
        failed = scans.latest if scans and not scans.latest.succeeded else None
        source = UpdateSource.read(bundle)
        return cls(
            scans=scans,
            probe=answers[-1] if answers else None,
            offline=offline,
            detail=detail.explaining(failed) if detail and failed else None,
            configured=source.server if source else None,
        )

    @property
    def failed(self) -> Scan | None:
        """The newest scan, when it failed."""
        return self.scans.latest if self.scans and not self.scans.latest.succeeded else None

    @property
    def answers(self) -> bool:
        """The newest scan succeeded, or there is none and the direct question was answered with 200."""
        return self.scans.latest.succeeded if self.scans else self.probe_ok

    @property
    def fails_over(self) -> bool:
        """Whether the code of the failed scan makes a client try another update point."""
        return self.failed is not None and self.failed.error is not None and codes.is_retry(self.failed.error)

    @property
    def over_tls(self) -> bool:
        """Whether the update point is addressed by HTTPS."""
        return str(self.server or "").lower().startswith("https:")

    @property
    def codes_in_a_row(self) -> str | None:
        """The distinct codes of the run of failed scans, oldest first; None when there is only one."""
        run = self.scans.failures_since_success if self.scans else ()
        codes = dict.fromkeys(str(scan.error) for scan in run)
        return ", ".join(codes) if len(codes) > 1 else None

    def mixed_codes(self, cause: str) -> bool:
        """Whether the run of failures holds at least two different codes that point to this cause."""
        run = self.scans.failures_since_success if self.scans else ()
        return len({scan.error for scan in run if scan.points_to(cause)}) > 1

    @property
    def in_detectoid_time(self) -> bool | None:
        """Whether the failed scan lies in or after the month of the test detectoids; None when it has no time.

        Source: https://jpmem.github.io/blog/wsus/2026-07-21_01/
        """
        when = self.failed.when if self.failed else None
        return None if when is None else when >= _DETECTOIDS

    @property
    def on_default_port(self) -> bool:
        """Whether the update point is addressed on one of WSUS's own ports."""
        return bool(self.server) and str(self.server).rstrip("/").endswith(_DEFAULT_PORTS)

    @property
    def unscanned(self) -> bool:
        """No scan is known; only a direct question or the server's log tells anything."""
        return self.scans is None

    @property
    def why_not(self) -> str:
        """Why a cause of failing scans is excluded: they succeed, or they fail otherwise (keys of the words files)."""
        if self.scans is None:
            return "update-point-answers"
        return "scan-succeeded" if self.answers else "other-error"

    @property
    def probe_ok(self) -> bool:
        """The direct question was answered with 200."""
        return self.probe is not None and self.probe.values.get("status") == 200

    @property
    def probe_status(self) -> int | None:
        """The HTTP status of the direct question."""
        status = self.probe.values.get("status") if self.probe else None
        return status if isinstance(status, int) else None

    @property
    def probe_error(self) -> str | None:
        """How it failed: timeout, name-not-resolved, connect-failed, closed, tls, proxy-auth, other; None: a status."""
        error = self.probe.values.get("error") if self.probe else None
        return str(error) if error else None

    @property
    def probe_answered(self) -> bool:
        """The server itself answered the direct question, with whatever status."""
        return self.probe_status is not None and self.probe_status not in _NOT_THE_SERVER

    @property
    def probe_refused(self) -> bool:
        """The direct question found the name and got no connection, or lost it at once."""
        return self.probe_error in ("connect-failed", "closed")

    @property
    def probe_failed(self) -> bool:
        """The direct question got no answer of the server."""
        return self.probe is not None and not self.probe_answered

    @property
    def probe_unavailable(self) -> bool:
        """The direct question was answered with HTTP 503."""
        return self.probe_status == _UNAVAILABLE

    @property
    def agent_unavailable(self) -> bool:
        """The agent saw HTTP 503 for the failed scan."""
        return self.agent_status == _UNAVAILABLE

    def points_to(self, cause: str) -> bool:
        """Whether the newest scan failed with a code that points to this cause."""
        return self.failed is not None and self.failed.points_to(cause)

    def points_first_to(self, cause: str) -> bool:
        """Whether it is the first cause that the code points to."""
        return self.failed is not None and self.failed.points_first_to(cause)

    def unasked(self, proxy: Evidence | None, *more: str) -> list[str]:
        """The questions that would settle how the update point is reached, without those that were answered."""
        asked = {"client-asmx": self.probe, "winhttp-proxy": proxy}
        return [*(question for question, answer in asked.items() if answer is None), *more]

    @property
    def failed_on_the_way(self) -> bool:
        """No scan is known, or it failed between client and update point or at the server's door."""
        return self.failed is None or any(self.failed.points_to(cause) for cause in _ON_THE_WAY)

    @property
    def never_answered(self) -> bool:
        """The newest scan failed before any server or gateway answered: no name, no connection, no reply in time."""
        return any(self.points_first_to(cause) for cause in _NO_ANSWER)

    @property
    def probe_fails_alike(self) -> bool:
        """The direct question failed in a way that explains the failed scan without any proxy."""
        if self.points_first_to("sup-timeout"):
            return self.probe_failed
        return self.points_first_to("sup-name-not-resolved") and self.probe_error == "name-not-resolved"

    @property
    def agent_status(self) -> int | None:
        """The HTTP status that the Windows Update agent saw for the failed scan."""
        status = self.detail.fields.get("status") if self.detail else None
        return int(status) if status else None

    @property
    def server(self) -> str | None:
        """The update point's address."""
        found = self.failed or (self.scans.latest if self.scans else None)
        asked = site_of(self.probe.name) if self.probe else None
        return (found.server if found else None) or self.configured or asked

    @property
    def error(self) -> str | None:
        """The code of the failed scan, as hex."""
        return str(self.failed.error) if self.failed else None

    @property
    def since(self) -> datetime | None:
        """When the run of failures began (UTC)."""
        return self.scans.failing_since if self.scans else None

    @property
    def failures(self) -> int:
        """How many scans failed in a row."""
        return len(self.scans.failures_since_success) if self.scans else 0

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The failed (or newest) scan, the agent's line for it, and the answer to the direct question."""
        scan = self.failed or (self.scans.latest if self.scans else None)
        return (*(scan.proof if scan else ()), *(one for one in (self.detail, self.probe) if one is not None))


class UpdateSource(Evidence, frozen=True):
    """Where the Windows Update agent is told to look: the registry's WUServer, or what WUAHandler wrote there."""

    asks = "windows-update-policy"

    value: State | None
    use: State | None
    exported: State | None
    handler: Event | None
    agent: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> UpdateSource | None:
        """None when neither the registry key nor a log tells."""
        keys = table("windows_update")["keys"]
        value = bundle.registry(keys["policy"], "WUServer")
        use = bundle.registry(keys["automatic"], "UseWUServer")
        exported = newest_state(bundle.states("registry", f"HKLM\\{keys['policy']}", f"HKLM\\{keys['automatic']}"))
        handler, agent = (
            newest(bundle.events("wua-server-enabling", "wua-server-existing")),
            newest(bundle.events("wu-server")),
        )
        if value is None and exported is None and handler is None and agent is None:
            return None
        return cls(value=value, use=use, exported=exported, handler=handler, agent=agent)

    @property
    def server(self) -> str | None:
        """The update point's address, by the best witness."""
        if self.value is not None:
            return str(self.value.values.get("value") or "") or None
        if self.exported is not None:
            return None
        for event in (self.handler, self.agent):
            if event is not None and event.fields["server"].strip("(<>)").lower() != "null":
                return event.fields["server"].rstrip(".")
        return None

    @property
    def is_unset(self) -> bool:
        """The key was exported and holds no WUServer, or the agent says that there is none."""
        if self.value is not None:
            return not self.value.values.get("value")
        if self.exported is not None:
            return True
        said = self.agent is not None and self.agent.fields["server"].strip("(<>)").lower() == "null"
        return said and not (self.handler and self.agent and self.handler.after(self.agent))

    @property
    def is_ignored(self) -> bool:
        """WUServer is set, but UseWUServer is not 1."""
        return self.value is not None and self.use is not None and self.use.values.get("value") != 1

    @property
    def proof(self) -> tuple[Proof, ...]:
        """What shows the setting or its absence."""
        return (
            tuple(
                one for one in (self.value or self.exported, self.use if self.is_ignored else None) if one is not None
            )
            or tuple(one for one in (self.handler, self.agent) if one is not None)[-1:]
        )
