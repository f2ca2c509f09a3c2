"""The transfer of content, as attempts: from which source, and with which error.

    Failed to send request to /SMS_DP_SMSPKG$/<id> at host dp.contoso.com, error 0x2efd
    [CCMHTTP] ERROR: URL=http://dp.contoso.com:80/SMS_DP_SMSPKG$/<id>, Port=80, Options=480, Code=12029, Text=...
    Error sending DAV request. HTTP code 600, status ''
    GetDirectoryList_HTTP mapping original error 0x80072efd to 0x800704cf.
    GetDirectoryList_HTTP('http://dp.contoso.com:80/SMS_DP_SMSPKG$/<id>') failed with code 0x800704cf.
    Error retrieving manifest (0x800704cf).  Will attempt retry 3 in 120 seconds.

0x800704cf is only a mask: the error itself stands in the lines before it. HTTP code 600 stands for "no answer".
DataTransferService.log also tells of policy downloads from the management point; they are not content and left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from ccmdoctor.evidence.base import Bundle, Evidence, Mark, Proof, newest, ordered, plain_id
from ccmdoctor.evidence.content import Successes, Trail
from ccmdoctor.formats.web_address import host_in
from ccmdoctor.knowledge import codes
from ccmdoctor.model import Event, HResult, Stage, State

_MASK = HResult(0x800704CF)
_REFUSED_CERTIFICATE = HResult(0x80072F8F)  # what WinHTTP calls a secure failure, 12175
_WIN32 = 0x80070000
_STATUSES = range(100, 600)
_FROM_PROXY = (407, 502, 504)
_REACHED = ("dp", "unknown")
_LONGEST = 12  # lines from the first to the last part of an attempt
_NAMED_BEFORE = 15  # lines from the address to the refusal of its certificate
_RIGHT_BEHIND = 2  # lines from an error to the status that belongs to it

_POLICY = ("sms_mp", "ccm_system", ".sms_pol", ".sms_dcm", ".sms_aut", "/bgb/", "ccm_proxy", "ccm_client", "ccm_sts")
_KINDS = (  # the first that fits the address decides
    ("cmg", ("downloadrestservice.svc", ".blob.core.windows.net")),
    ("peer", ("sccm_branchcache$",)),
    ("dp", ("sms_dp_smspkg", "sms_dp_smssig", "smspkg")),
    ("local", ("//localhost:", "//127.0.0.1:")),
)
_MICROSOFT = (".windowsupdate.com", ".microsoft.com", ".windowsupdate.microsoft.com", ".windows.com", ".msedge.net")
_FAILURES = (
    "transfer-request-failed", "http-error", "transfer-dav-failed", "transfer-error-mapped",
    "transfer-directory-failed", "transfer-manifest-failed", "transfer-bits-error", "transfer-file-failed",
    "transfer-proxy-failed", "setup-dav-failed", "agent-file-failed", "transfer-range-failed",
)  # fmt: skip
_LISTING = ("transfer-directory-failed", "transfer-manifest-failed")
_BY_BITS = ("transfer-bits-error", "transfer-file-failed", "transfer-range-failed")
_ADDRESSES = ("http-error", "transfer-address")
_CERTIFICATE = ("tls-failure", "tls-flag")
_ENDS = ("transfer-manifest-failed", "transfer-file-failed", "setup-dav-failed", "agent-file-failed")
_OF_CLIENT = ("ccmdts", "cmbits", "")


def source_of(url: str) -> str:
    """dp, cmg, peer, microsoft, wsus, local, policy or unknown: who stands behind an address."""
    lowered = url.lower()
    if not lowered:
        return "unknown"
    for kind, marks in _KINDS:
        if any(mark in lowered for mark in marks):
            return kind
    if any(mark in lowered for mark in _POLICY):
        return "policy"
    host = host_in(url)
    if f".{host}".endswith(_MICROSOFT):
        return "microsoft"
    return "wsus" if "/content/" in lowered else "unknown"


class Transfer(msgspec.Struct, frozen=True):
    """One attempt that failed. ``status``: what a web server answered; ``error``: the original code, not its mask."""

    proof: tuple[Proof, ...]
    kind: str
    host: str | None
    error: HResult | None
    status: int | None
    reason: str | None
    when: datetime | None

    @property
    def only_masked(self) -> bool:
        """Only the mask is known: the line with the original error is missing."""
        return self.error == _MASK and self.status is None

    @property
    def http_status(self) -> int | None:
        """The HTTP status, stated or inside a BITS code, when it is an error of the web server itself."""
        status = self.status or int(codes.forms(self.error).get("http", "0") if self.error else 0)
        return status if status and 400 <= status < 600 else None

    @property
    def listing_refused(self) -> bool:
        """The list of the folder was refused with a code that is none of the network, so the server answered."""
        listed = any(isinstance(one, Event) and one.id in _LISTING for one in self.proof)
        network = self.only_masked or self.certificate or self.points_to("dp-unreachable")
        return listed and self.error is not None and not network

    @property
    def from_proxy(self) -> bool:
        """The answer is one that a proxy or gateway on the way gives."""
        return self.http_status in _FROM_PROXY

    @property
    def of_setup(self) -> bool:
        """The client's setup asked; which server role answered is not in its line."""
        return any(isinstance(one, Event) and one.id == "setup-dav-failed" for one in self.proof)

    @property
    def by_agent(self) -> bool:
        """The Windows Update agent asked, maybe for somebody else."""
        return any(isinstance(one, Event) and one.id == "agent-file-failed" for one in self.proof)

    @property
    def by_bits(self) -> bool:
        """BITS itself gave the code."""
        return any(not isinstance(one, Event) or one.id in _BY_BITS for one in self.proof)

    @property
    def certificate(self) -> bool:
        """The certificate of the server was refused."""
        return self.error is not None and any("tls" in cause for cause in codes.points_to(self.error))

    def points_to(self, cause: str) -> bool:
        """Whether the code is one that points to this cause."""
        return self.error is not None and cause in codes.points_to(self.error)

    def points_first_to(self, cause: str) -> bool:
        """Whether this cause is the first that the code points to."""
        return self.error is not None and codes.points_to(self.error)[:1] == (cause,)


class PointRequests(msgspec.Struct, frozen=True):
    """Requests of clients in the web server's log of a distribution point (IIS)."""

    refused: Event | None
    delivered: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> PointRequests | None:
        """None when no answer was logged. A file that was refused at first and then served is nothing."""
        newest_of: dict[str, Event] = {}
        for event in bundle.events("point-request"):
            newest_of[event.fields["path"].lower()] = event
        last = ordered(newest_of.values())
        refused = newest([one for one in last if _refused(one)])
        delivered = newest([one for one in last if int(one.fields["status"]) < 400])
        return cls(refused=refused, delivered=delivered) if refused or delivered else None

    @property
    def answer(self) -> str | None:
        """Status and sub-status as IIS counts them: 404.8."""
        return f"{self.refused.fields['status']}.{self.refused.fields['substatus']}" if self.refused else None


def _refused(request: Event) -> bool:
    """An error; 401.2 alone is the first leg of every authentication and tells nothing."""
    answer = request.fields["status"], request.fields["substatus"]
    return int(answer[0]) >= 400 and answer != ("401", "2")


class Transfers(Evidence, frozen=True):
    """Failed attempts of content transfers that no success is known to follow, those that one followed, the success."""

    asks = "content-logs"

    failing: tuple[Transfer, ...]
    recovered: tuple[Transfer, ...]
    success: Event | None
    gateway_log: Event | None = None
    requests: PointRequests | None = None

    @classmethod
    def read(cls, bundle: Bundle) -> Transfers | None:
        """None when no transfer of content was logged or listed."""
        trail = bundle.once(Trail.of)
        ledger = _Ledger(bundle, trail)
        failing: list[Transfer] = []
        recovered: list[Transfer] = []
        for attempt in _attempts(bundle):
            transfer, job = _transfer(attempt, ledger.urls)
            if transfer is None:
                continue
            (recovered if ledger.gone(attempt[-1], transfer, job) else failing).append(transfer)
        for address, *lines in certificates_of_content(bundle):
            transfer = _refused_certificate(address, lines)
            (recovered if ledger.gone(lines[-1], transfer, None) else failing).append(transfer)
        failing += _listed(bundle)
        success = ledger.last
        requests = PointRequests.read(bundle)
        if not failing and not recovered and success is None and requests is None:
            return None
        log = newest(bundle.events("gateway-content-failed"))
        return cls(tuple(failing), tuple(recovered), success, gateway_log=log, requests=requests)

    def from_source(self, *kinds: str) -> Transfer | None:
        """The newest failing attempt with one of these sources."""
        return next((one for one in reversed(self.failing) if one.kind in kinds), None)

    @property
    def _at_points(self) -> tuple[Transfer, ...]:
        """Attempts of the client at distribution points, or at a server that no line names."""
        return tuple(one for one in self.failing if one.kind in _REACHED and not one.by_agent)

    @property
    def refused(self) -> Transfer | None:
        """The newest attempt that a distribution point answered with an HTTP error."""
        told = next((one for one in reversed(self._at_points) if one.http_status), None)
        return told or next((one for one in reversed(self._at_points) if one.listing_refused), None)

    @property
    def unreached(self) -> Transfer | None:
        """The newest attempt at a distribution point that got no answer from it."""
        return next(
            (
                one
                for one in reversed(self._at_points)
                if (not one.http_status or one.from_proxy) and (one.points_to("dp-unreachable") or one.only_masked)
            ),
            None,
        )

    @property
    def microsoft_blocked(self) -> Transfer | None:
        """The newest attempt at Microsoft's own servers that did not get through."""
        return next(
            (
                one
                for one in reversed(self.failing)
                if one.kind == "microsoft" and (one.points_to("wumu-unreachable") or one.from_proxy)
            ),
            None,
        )

    @property
    def gateway(self) -> Transfer | None:
        """The newest attempt that the cloud management gateway refused, or whose certificate was refused."""
        return next(
            (one for one in reversed(self.failing) if one.kind == "cmg" and (one.http_status or one.certificate)), None
        )

    def since(self, transfer: Transfer) -> datetime | None:
        """When the failing attempts at the same host began (UTC)."""
        same = [one.when for one in self.failing if one.host == transfer.host and one.when]
        return min(same, default=None)

    def count(self, transfer: Transfer) -> int:
        """How many attempts at the same host failed."""
        return sum(one.host == transfer.host and one.kind == transfer.kind for one in self.failing)

    @property
    def why_not(self) -> str:
        """Why a cause of failing transfers is excluded (keys of the words files)."""
        if self.failing or self.refused_by_server:
            return "other-transfer-error"
        return "transfer-recovered" if self.recovered else "content-transferred"

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The newest failing attempt, else the newest success."""
        if self.failing:
            return self.failing[-1].proof
        told = self.success or (self.requests and (self.requests.delivered or self.requests.refused))
        return (told,) if told else ()

    @property
    def refused_by_server(self) -> Event | None:
        """The newest request that the web server's own log shows as refused."""
        return self.requests.refused if self.requests else None

    @property
    def serves_others(self) -> bool:
        """The same log shows other files as delivered."""
        return self.requests is not None and self.requests.delivered is not None

    def marks(self) -> Iterable[Mark]:
        """Moving content is the content stage; attempts at the update point's own content are a known detour."""
        bad = [one for one in self.failing if one.kind not in ("wsus", "local")]
        old = bad or [one for one in self.recovered if one.kind not in ("wsus", "local")]
        if self.success or old:
            yield Mark(Stage.CONTENT, "transfer", self.success, old[-1].proof[-1] if old else None, bool(bad))


class _Ledger:
    """The transfers that were made, and what succeeded, to tell which failures are past."""

    def __init__(self, bundle: Bundle, trail: Trail) -> None:
        self.urls = {plain_id(one.fields["job"]): one.fields["url"] for one in bundle.events("transfer-created")}
        self._trail = trail
        self._successes = Successes(bundle, trail)
        self._by_job: dict[str, Event] = {}
        self._by_host: dict[str, Event] = {}
        for event in bundle.events("transfer-completed"):
            job = plain_id(event.fields["job"])
            url = self.urls.get(job, "")
            self._by_job[job] = event
            if source_of(url) in ("policy", "unknown"):
                continue
            self._by_host[host_in(url)] = self._by_host[""] = event

    @property
    def last(self) -> Event | None:
        """The newest transfer of content that came to its end, else the newest verified content."""
        return self._by_host.get("") or self._successes.last

    def gone(self, last: Event, transfer: Transfer, job: str | None) -> bool:
        """Whether a success for the same job, content or host followed."""
        done = self._by_job.get(job or ""), self._by_host.get(transfer.host or "-")
        if any(one is not None and one.after(last) for one in done):
            return True
        content_job = self._trail.job_of_transfer.get(job or "")
        content = self._trail.content(None, job)
        return self._successes.after(last, content, None if content else content_job) is not None


def _attempts(bundle: Bundle) -> Iterable[list[Event]]:
    """Failure lines that stand together and complete each other, oldest first."""
    events = [one for id in _FAILURES for one in bundle.events(id) if _is_content(one)]
    events += bundle.events("http-error-info")
    events.sort(key=lambda one: (one.stands.file, one.stands.offset))
    attempts: list[list[Event]] = []
    for event in events:
        if attempts and _belongs(attempts[-1], event):
            attempts[-1].append(event)
        elif event.id != "http-error-info":  # the status alone does not say what was asked for
            attempts.append([event])
    if all(one[-1].utc for one in attempts):
        return sorted(attempts, key=lambda one: (one[-1].utc, one[-1].record.place.offset))
    return sorted(attempts, key=lambda one: (one[-1].rotation, one[-1].record.place.offset))


def certificates_of_content(bundle: Bundle) -> list[list[Event]]:
    """Refusals of a certificate for content: the address, and the lines of the refusal.

    They name no address. Usually the error with the address follows at once and says it all; where none follows, the
    one that was asked before is meant.
    """
    found: list[list[Event]] = []
    address: Event | None = None
    events = bundle.events(*_ADDRESSES, *_CERTIFICATE)
    for event in sorted(events, key=lambda one: (one.stands.file, one.stands.offset)):
        if event.id in _ADDRESSES:
            if found and found[-1][0] is address and event.id == "http-error" and _beside(found[-1][-1], event):
                found.pop()
            address = event
        elif address is None or not _beside(address, event, _NAMED_BEFORE):
            address = None
        elif source_of(address.fields["url"]) in ("cmg", "dp", "peer"):
            if event.id == "tls-failure" or not found or found[-1][0] is not address:
                found.append([address, event])
            else:
                found[-1].append(event)
    return found


def _beside(one: Event, two: Event, lines: int = 4) -> bool:
    here, there = one.stands, two.stands
    return here.file == there.file and one.record.thread == two.record.thread and there.line - here.line <= lines


def _refused_certificate(address: Event, lines: Sequence[Event]) -> Transfer:
    url = address.fields["url"]
    return Transfer(
        proof=(address, *lines),
        kind=source_of(url),
        host=host_in(url) or None,
        error=_REFUSED_CERTIFICATE,
        status=None,
        reason=None,
        when=lines[-1].utc,
    )


def _is_content(event: Event) -> bool:
    """Lines that requests to management points write as well count only with an address of content."""
    if event.id not in ("http-error", "transfer-request-failed"):
        return True
    return source_of(_url([event])) not in ("policy", "unknown")


def _belongs(attempt: Sequence[Event], event: Event) -> bool:
    last, first = attempt[-1], attempt[0]
    one, two = first.stands, event.stands
    if one.file != two.file or first.record.thread != event.record.thread or two.line - one.line > _LONGEST:
        return False
    if event.id in {part.id for part in attempt} or last.id in _ENDS:
        return False
    if event.id == "http-error-info":
        return last.id == "http-error" and two.line - last.stands.line <= _RIGHT_BEHIND
    if event.id == "transfer-bits-error" or (last.id == "transfer-bits-error") != (event.id == "transfer-proxy-failed"):
        return False
    job = next((part.fields["job"] for part in attempt if part.fields.get("job")), None)
    return not (job and event.fields.get("job") and plain_id(job) != plain_id(event.fields["job"]))


def _transfer(attempt: Sequence[Event], urls: dict[str, str]) -> tuple[Transfer | None, str | None]:
    """The attempt, or None when it is about policy or tells no error at all; and its job, where a line names it."""
    parts = {event.id: event for event in attempt}
    named = next((event.fields["job"] for event in attempt if event.fields.get("job")), None)
    job = plain_id(named) if named else None
    url = _url(attempt) or (urls.get(job or "") or "")
    kind = source_of(url)
    dav = parts.get("transfer-dav-failed") or parts.get("setup-dav-failed") or parts.get("http-error-info")
    status = int(dav.fields["status"]) if dav else None
    error = _error(parts)
    if kind == "policy" or (error is None and status not in _STATUSES):
        return None, job
    return (
        Transfer(
            proof=tuple(attempt),
            kind=kind,
            host=host_in(url) or None,
            error=error,
            status=status if status in _STATUSES else None,
            reason=(dav.fields.get("reason") or None) if dav else None,
            when=attempt[-1].utc,
        ),
        job,
    )


def _url(attempt: Sequence[Event]) -> str:
    for event in attempt:
        if event.fields.get("url"):
            return event.fields["url"]
        if event.id == "transfer-request-failed":
            return f"http://{event.fields['host']}{event.fields['path']}"
    return ""


_TRUEST = (
    "transfer-error-mapped", "http-error", "transfer-request-failed", "transfer-bits-error", "transfer-file-failed",
    "transfer-range-failed", "agent-file-failed", "transfer-directory-failed", "transfer-manifest-failed",
)  # fmt: skip


def _error(parts: dict[str, Event]) -> HResult | None:
    """The code of the line that tells most; Win32 numbers get the frame of an HRESULT."""
    for id in _TRUEST:
        event = parts.get(id)
        found = HResult.parse(event.fields.get("error") or event.fields.get("code", "")) if event else None
        if found is not None and found.value:
            return found if found.value > 0xFFFF else HResult(_WIN32 + found.value)
    return None


def _listed(bundle: Bundle) -> list[Transfer]:
    """Jobs of ConfigMgr that BITS itself lists with an error; it is asked last of all."""
    return [
        Transfer(
            proof=(job,),
            kind=source_of(str(job.values.get("url") or "")),
            host=host_in(str(job.values.get("url") or "")) or None,
            error=HResult.parse(str(job.values["error"])),
            status=None,
            reason=None,
            when=None,
        )
        for job in bundle.states("bits-job")
        if job.values.get("error") and _is_of_updates(job)
    ]


def _is_of_updates(job: State) -> bool:
    display = str(job.values.get("display") or "").lower()
    url = str(job.values.get("url") or "")
    return any(display.startswith(name) if name else not display for name in _OF_CLIENT) or source_of(url) in (
        "dp", "cmg", "peer",
    )  # fmt: skip
