"""The software update point: which one the client was told, and how it answered when it was asked directly.

WSUSLocationReply : <WSUSLocationReply ...><LocationRecord WSUSURL="http://sup.contoso.com:8530" Version="38"/>...
WSUS Path='http://sup.contoso.com:8530', Server='sup.contoso.com', Version='38'
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from ccmdoctor.evidence import probe_answer
from ccmdoctor.evidence.base import Bundle, Evidence, Mark, Proof, newest, ordered
from ccmdoctor.evidence.scan import AgentDetail, Scan, ScanHistory
from ccmdoctor.formats.web_address import site_in
from ccmdoctor.knowledge import codes
from ccmdoctor.knowledge.tables import table
from ccmdoctor.model import Event, Stage, State

_UNAVAILABLE = 503
_DETECTOIDS = datetime(2026, 7, 1, tzinfo=UTC)
_DEFAULT_PORTS = (":8530", ":8531")
_NOT_THE_SERVER = (407, 502, 504)  # a proxy or gateway answered
_ON_THE_WAY = ("winhttp-proxy-wrong", "sup-503-wsuspool", "sup-timeout", "sup-port-blocked", "wsus-not-maintained")
_NO_ANSWER = ("sup-timeout", "sup-port-blocked", "sup-name-not-resolved")
# lines in which the client works with an update point that it knows
WORKS_WITH_ONE = ("wua-server-enabling", "wua-server-existing", "update-source-added", "scan-completed")
_URL = re.compile(r"\bWSUSURL\s*=\s*[\"']([^\"']+)[\"']", re.IGNORECASE)
_OFFERED = re.compile(r"<LocationRecord\b[^>]*\bVersion\s*=\s*[\"'](\d+)[\"']", re.IGNORECASE)
_WANTED = re.compile(r"<Content\b[^>]*\bVersion\s*=\s*[\"'](\d+)[\"']", re.IGNORECASE)


class UpdatePointLocation(Evidence, frozen=True):
    """What the management point answered to the question for an update point. Events oldest first.

    ``used`` is the newest sign that the client worked with a location: it set the update source, or a scan ended well.
    """

    asks = "sup-location"

    requests: tuple[Event, ...]
    replies: tuple[Event, ...]
    callbacks: tuple[Event, ...]
    used: Event | None = None

    @classmethod
    def read(cls, bundle: Bundle) -> UpdatePointLocation | None:
        """None when no request, reply or callback was logged."""
        requests = bundle.events("sup-request", "sup-request-sent", "scan-location-requested")
        replies = bundle.events("sup-reply")
        callbacks = bundle.events("sup-callback", "scan-location-received")
        if not (requests or replies or callbacks):
            return None
        used = newest(bundle.events(*WORKS_WITH_ONE))
        return cls(requests=tuple(requests), replies=tuple(replies), callbacks=tuple(callbacks), used=used)

    @property
    def newest_reply_is_empty(self) -> bool:
        """The newest reply holds no location record, and no location was handed on or used after it."""
        if not self.replies:
            return False
        last = self.replies[-1]
        if _URL.search(last.fields["reply"]):
            return False
        return not any(one.after(last) for one in (*self.callbacks, self.used) if one is not None)

    @property
    def named(self) -> Event | None:
        """The newest reply or callback that names an update point."""
        replies = [one for one in self.replies if _URL.search(one.fields["reply"])]
        return newest(ordered([*replies, *self.callbacks]))

    @property
    def server(self) -> str | None:
        """The address of the update point that was named last."""
        if self.named is None:
            return None
        first = _URL.search(self.named.fields.get("reply", ""))
        return self.named.fields.get("server") or (first[1] if first else None)

    @property
    def found(self) -> Event | None:
        """The newest sign that an update point is known: it was named, or else used."""
        return self.named or self.used

    @property
    def offered_version(self) -> int | None:
        """The catalogue version of the newest location that was named."""
        if self.named is None:
            return None
        stated = self.named.fields.get("version") or max(
            _OFFERED.findall(self.named.fields.get("reply", "")), key=int, default=""
        )
        return int(stated) if stated.isdecimal() else None

    @property
    def wanted_version(self) -> int | None:
        """The catalogue version that the newest request asks for."""
        for one in reversed(self.requests):
            found = _WANTED.search(one.fields.get("request", ""))
            stated = one.fields.get("version") or (found[1] if found else "")
            if stated.isdecimal():
                return int(stated)
        return None

    @property
    def version_lags(self) -> bool:
        """An update point was named before, and the client now asks for a newer catalogue than it had then."""
        offered, wanted = self.offered_version, self.wanted_version
        return offered is not None and wanted is not None and offered < wanted

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
        scans, detail = bundle.evidence(ScanHistory), bundle.evidence(AgentDetail)
        answers = [
            state
            for state in bundle.states("web-answer")
            if state.values.get("target") in ("client.asmx", "wuident.cab")
        ]
        offline = newest(bundle.events("wsuspool-offline"))
        if scans is None and not answers and offline is None:
            return None
        failed = scans.latest if scans and not scans.latest.succeeded else None
        source = bundle.evidence(UpdateSource)
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
        return self.scans.latest.succeeded if self.scans and not self._probe_decides else self.probe_ok

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

    def failed_before_as(self, cause: str) -> Scan | None:
        """The newest earlier failure of the same run whose code points first to this cause."""
        run = self.scans.failures_since_success if self.scans else ()
        return next((scan for scan in reversed(run[:-1]) if scan.points_first_to(cause)), None)

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

    def untold(self, cause: str) -> bool:
        """Whether neither a scan nor the scan that a probe began can tell of this cause."""
        return self.scans is None and not probe_answer.tells_of(self.probe, cause)

    @property
    def asked_causes(self) -> tuple[str, ...]:
        """The causes that the probe's failed scan may come from, the most specific first; () when a scan decides."""
        return probe_answer.causes_of(self.probe) if self._probe_decides else ()

    @property
    def _probe_decides(self) -> bool:
        """The scan that a probe began is the newest: no other is known, or one that succeeded on this client before."""
        if not probe_answer.is_probe(self.probe):
            return False
        return self.scans is None or (self.scans.latest.succeeded and self.asked_on_client)

    def asked_first(self, cause: str) -> bool:
        """Whether it is the first cause that the probe's failed scan points to."""
        return self.asked_causes[:1] == (cause,)

    @property
    def why_not(self) -> str:
        """Why a cause of failing scans is excluded: they succeed, or they fail otherwise (keys of the words files)."""
        if self.asked_causes:
            return "probe-fails-otherwise"
        if self.scans is None:
            return "update-point-answers"
        return "scan-succeeded" if self.answers else "other-error"

    @property
    def probe_ok(self) -> bool:
        """The direct question was answered as it should be."""
        return self.probe is not None and probe_answer.is_content(self.probe)

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
        if self.probe is None or not probe_answer.is_of_the_server(self.probe):
            return False
        return self.probe_status is not None and self.probe_status not in _NOT_THE_SERVER

    @property
    def asked_on_client(self) -> bool:
        """The direct question was asked on the client itself."""
        return probe_answer.on_client(self.probe)

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
        """The server answered the direct question with HTTP 503."""
        return self.probe_status == _UNAVAILABLE and self.probe_answered

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
        asked = site_in(self.probe.name) if self.probe else None
        return (found.server if found else None) or self.configured or asked

    @property
    def error(self) -> str | None:
        """The code of the failed scan, or with which the probe's would have ended, as hex."""
        asked = probe_answer.code_of(self.probe) if self._probe_decides else None
        code = self.failed.error if self.failed else asked
        return str(code) if code else None

    @property
    def since(self) -> datetime | None:
        """When the run of failures began (UTC)."""
        return self.scans.failing_since if self.scans else None

    @property
    def failures(self) -> int:
        """How many scans failed in a row."""
        in_a_row = len(self.scans.failures_since_success) if self.scans else 0
        return in_a_row or int(bool(self.asked_causes))

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The failed (or newest) scan, the agent's line for it, and the answer to the direct question."""
        scan = self.failed or (self.scans.latest if self.scans else None)
        return (*(scan.proof if scan else ()), *(one for one in (self.detail, self.probe) if one is not None))

    def marks(self) -> Iterable[Mark]:
        """The scan that a probe began, where it is the newest."""
        if self._probe_decides and self.probe is not None:
            good, bad = (self.probe, None) if self.probe_ok else (None, self.probe)
            yield Mark(Stage.SCAN, "update-point", good, bad, bad is not None)


class UpdateSource(Evidence, frozen=True):
    """Where the Windows Update agent is told to look: the registry's WUServer, or what WUAHandler wrote there.

    ``exported`` is the whole policy key, ``automatic`` the whole key below it. ``missed`` is the newest scan, when it
    ended with the code for a missing WUServer.
    """

    asks = "windows-update-policy"

    value: State | None
    use: State | None
    exported: State | None
    handler: Event | None
    agent: Event | None
    automatic: State | None = None
    missed: Scan | None = None
    undone: bool = False  # what WUAHandler wrote last did not come to stand

    @classmethod
    def read(cls, bundle: Bundle) -> UpdateSource | None:
        """None when neither the registry key nor a log tells."""
        keys = table("windows_update")["keys"]
        value = bundle.registry(keys["policy"], "WUServer")
        below = bundle.states("registry", f"HKLM\\{keys['automatic']}")
        exported = newest(
            [one for one in bundle.states("registry", f"HKLM\\{keys['policy']}") if below or _is_whole(one)]
        )
        handler, agent = (
            newest(bundle.events("wua-server-enabling", "wua-server-existing")),
            newest(bundle.events("wu-server")),
        )
        scans = bundle.evidence(ScanHistory)
        missed = scans.latest if scans and scans.latest.points_first_to("wuserver-not-set") else None
        if value is None and exported is None and handler is None and agent is None and missed is None:
            return None
        refused = newest(bundle.events("update-source-failed", "gpo-overwritten"))
        return cls(
            value=value,
            use=bundle.registry(keys["automatic"], "UseWUServer"),
            exported=exported,
            handler=handler,
            agent=agent,
            automatic=newest([one for one in below if _is_whole(one)]),
            missed=missed,
            undone=bool(handler and refused and refused.after(handler)),
        )

    @property
    def server(self) -> str | None:
        """The update point's address, by the best witness."""
        if self.value is not None:
            return str(self.value.values.get("value") or "") or None
        if self.exported is not None:
            return None
        for event in (self.handler, self.agent):
            if event is not None and _said(event):
                return event.fields["server"].rstrip(".")
        return None

    @property
    def is_unset(self) -> bool:
        """The key was exported and holds no WUServer, a scan missed it, or the agent says that there is none."""
        if self.value is not None:
            return not self.value.values.get("value")
        if self.exported is not None or self.missed is not None:
            return True
        said = self.agent is not None and not _said(self.agent)
        return said and not (self.handler and self.agent and self.handler.after(self.agent))

    def is_outdated_by(self, scan: Scan) -> bool:
        """Only a line of the agent says that there is no server, and this scan ended well after it."""
        known = self.value or self.exported or self.missed
        end = scan.proof[-1]
        return (
            known is None
            and self.agent is not None
            and isinstance(end, Event)
            and scan.succeeded
            and end.after(self.agent) is True
        )

    @property
    def is_ignored(self) -> bool:
        """WUServer is set, but UseWUServer is not 1 or not there at all."""
        if self.value is None or not self.value.values.get("value"):
            return False
        return self.use.values.get("value") != 1 if self.use is not None else self.automatic is not None

    @property
    def is_set(self) -> bool:
        """The registry holds a WUServer that is in force, or the newest word of a log names one that came to stand."""
        if self.is_unset or self.is_ignored:
            return False
        written = self.handler is not None and not self.undone
        return self.value is not None or written or (self.agent is not None and _said(self.agent))

    @property
    def proof(self) -> tuple[Proof, ...]:
        """What shows the setting or its absence."""
        shown = (self.value or self.exported, (self.use or self.automatic) if self.is_ignored else None)
        return (
            tuple(one for one in shown if one is not None)
            or (self.missed.proof if self.missed else ())
            or tuple(one for one in (self.handler, self.agent) if one is not None)[-1:]
        )


def _is_whole(key: State) -> bool:
    """Whether the text is the whole key and not the answer to a question for one value."""
    return key.text.lstrip().startswith("[") or len(key.values) > 1


def _said(event: Event) -> bool:
    """Whether the line names a server, and not the agent's word for none."""
    return event.fields["server"].strip("(<>)").lower() not in ("null", "")
