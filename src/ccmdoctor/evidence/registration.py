"""Whether the client is assigned to a site and registered there: the ground that everything else stands on.

[RegTask] - Client is not registered. Sending registration request for GUID:... ...
[RegTask] - Client is registered. Server assigned ClientID is GUID:.... Approval status 1
[RegTask] - Server rejected registration 3
SetRegistrationState failed (0x80071770)
RegTask: Failed to refresh site code. Error: 0x80070032
LSVerifySiteAssignment : Client cannot be assigned to site <P01>.

A request is normal until its answer comes, and a client is without a site for a moment whenever it is assigned anew:
only what no later success follows counts.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from datetime import datetime, timedelta

from ccmdoctor.evidence.base import Bundle, Evidence, Mark, Proof, code_of, newest, standing
from ccmdoctor.evidence.management_point import ManagementPointTraffic
from ccmdoctor.knowledge import codes
from ccmdoctor.model import Event, HResult, Stage, State

_ANSWER = timedelta(hours=1)  # an answer takes a minute or two; the client asks again after that
_STANDING = timedelta(minutes=30)
_REGISTERED = ("registered", "already-registered")
_NO_CERTIFICATE = "client-cert-missing-or-invalid"
# what only a client with a site writes
_OF_A_MEMBER = (
    "site-assigned",
    "site-joined",
    *_REGISTERED,
    "policy-requested",
    "policy-received",
    "policy-downloaded",
    "policy-applying",
    "mp-delivered",
)
_OF_REGISTRATION = (
    *_REGISTERED,
    "not-registered",
    "registration-pending",
    "registration-rejected",
    "registration-send-failed",
    "registration-not-saved",
)


class Registration(Evidence, frozen=True):
    """How the newest attempt to register stands. ``registered`` is the newest success that the client could keep."""

    asks = "registration-logs"

    registered: Event | None = None
    requests: tuple[Event, ...] = ()
    pending: tuple[Event, ...] = ()  # the site has not made up its mind
    unsent: tuple[Event, ...] = ()
    fallback: Event | None = None
    rejected: tuple[Event, ...] = ()
    unsaved: tuple[Event, ...] = ()
    accepted: Event | None = None  # the server's yes that could not be kept
    refused_by_server: tuple[Event, ...] = ()
    trouble: Event | None = None  # the newest rejection or failure to save, recovered or not
    until: datetime | None = None

    @classmethod
    def read(cls, bundle: Bundle) -> Registration | None:
        """None when no log tells of a registration."""
        walk = _Walk(bundle.events(*_OF_REGISTRATION))
        policy = newest(bundle.events("policy-received", "policy-downloaded"))
        found = cls(
            registered=walk.registered,
            requests=standing(walk.requests, [policy]),
            pending=standing(walk.pending, [policy]),
            unsent=standing(walk.unsent, [policy]),
            fallback=newest(bundle.events("registration-fallback")),
            rejected=standing(walk.rejected, [policy]),
            unsaved=tuple(walk.unsaved),
            accepted=walk.accepted if walk.unsaved else None,
            refused_by_server=tuple(bundle.events("mp-registration-failed", "registration-record-invalid")),
            trouble=newest(bundle.events("registration-rejected", "registration-not-saved")),
            until=bundle.reading.last,
        )
        return found if any(getattr(found, name) for name in found.__struct_fields__ if name != "until") else None

    @property
    def is_unanswered(self) -> bool:
        """Asked for more than once, or more than an hour ago, without a success."""
        first, last = self.since, self.until
        waited = first is not None and last is not None and last - first >= _ANSWER
        asked = len(self.requests) > 1 or len(self.pending) > 2
        return asked or (bool(self.requests or self.pending) and waited)

    @property
    def falls_back(self) -> bool:
        """The newest failure to send was of the first way only; the client goes on with the other one."""
        return bool(self.unsent and self.fallback and self.unsent[-1].after(self.fallback) is not True)

    @property
    def is_rejected_again(self) -> bool:
        """Rejected more than once."""
        return len(self.rejected) > 1

    @property
    def since(self) -> datetime | None:
        """The first request without success (UTC)."""
        asked = (*self.requests, *self.pending)
        return asked[0].utc if asked else None

    @property
    def client(self) -> str | None:
        """The identifier of the client."""
        told = (*self.requests, *self.pending, *((self.accepted,) if self.accepted else ()))
        return told[-1].fields.get("client") if told else None

    @property
    def error(self) -> HResult | None:
        """The code with which a request could not be sent, or the answer not be saved."""
        return code_of(newest(self.unsaved)) or code_of(newest(self.unsent))

    @property
    def last_request(self) -> tuple[Event, ...]:
        """The newest request with what became of it."""
        return tuple(one for one in (newest(self.requests), newest(self.unsent)) if one is not None)

    @property
    def _unanswered(self) -> Event | None:
        return newest((*self.requests, *self.pending)) if self.is_unanswered else None

    def marks(self) -> Iterable[Mark]:
        """Registration alone; the assignment to a site is another subject."""
        bad = newest(self.rejected) or newest(self.unsaved) or self._unanswered
        yield Mark(Stage.REGISTRATION, "registered", self.registered, bad or self.trouble, bad is not None)


class _Walk:
    """The attempts in written order. A success cancels what stands before it, unless it could not be saved."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.registered: Event | None = None
        self.accepted: Event | None = None
        self.pending: list[Event] = []
        self.requests: list[Event] = []
        self.unsent: list[Event] = []
        self.rejected: list[Event] = []
        self.unsaved: list[Event] = []
        kept: Event | None = None
        before: list[Event] = []
        for event in events:
            if event.id in _REGISTERED:
                kept, before = self.registered, self.unsaved
                self.registered = self.accepted = event
                self.requests, self.unsent, self.rejected, self.unsaved, self.pending = [], [], [], [], []
            elif event.id == "registration-not-saved":
                if self.registered is self.accepted:
                    self.registered, self.unsaved = kept, before
                self.unsaved = [*self.unsaved, event]
            else:
                self._note(event)

    def _note(self, event: Event) -> None:
        if event.id == "registration-pending":
            self.pending.append(event)
        else:
            kinds = {"not-registered": self.requests, "registration-send-failed": self.unsent}
            kinds.get(event.id, self.rejected).append(event)


def _site_code(event: Event | None) -> str | None:
    """The code of a site, without the brackets and marks around it in a log or on a web page."""
    return (html.unescape(event.fields["site"]).strip(" <>*\\'.") or None) if event else None


class SiteAssignment(Evidence, frozen=True):
    """Which site the client is assigned to, and what keeps it from being assigned."""

    asks = "site-log"

    assigned: Event | None = None
    failed: tuple[Event, ...] = ()
    refused: Event | None = None
    incompatible: Event | None = None
    by_policy: Event | None = None
    none: Event | None = None
    no_authority: State | None = None
    authority: State | None = None
    trouble: Event | None = None  # the newest failure, recovered or not

    @classmethod
    def read(cls, bundle: Bundle) -> SiteAssignment | None:
        """None when nothing tells of a site."""
        good = [newest(bundle.events(id)) for id in _OF_A_MEMBER]
        failed = standing(bundle.events("site-refresh-failed"), good)
        taken = newest(bundle.events("site-accepted"))
        refused = newest(standing(bundle.events("site-refused"), [*good, taken]))
        found = cls(
            assigned=newest(bundle.events("site-assigned", "site-joined", *_REGISTERED)),
            failed=failed,
            refused=refused,
            incompatible=newest(standing(bundle.events("site-incompatible"), good)) if refused else None,
            by_policy=newest(bundle.events("site-by-policy")) if refused else None,
            none=newest(standing(bundle.events("site-none"), good)),
            no_authority=newest(bundle.states("wmi-empty", "SMS_Authority")),
            authority=newest([row for row in bundle.states("wmi", "SMS_Authority") if row.values.get("name")]),
            trouble=newest(bundle.events("site-refresh-failed", "site-refused")),
        )
        return found if any(getattr(found, name) for name in found.__struct_fields__) else None

    @property
    def is_without_site(self) -> bool:
        """The client says so by a failure, or its authority is not there."""
        return bool(self.failed or self.refused or (self.no_authority and self.authority is None))

    @property
    def lasts(self) -> bool:
        """Failing for half an hour or more."""
        first, last = (self.failed[0].utc, self.failed[-1].utc) if self.failed else (None, None)
        return first is not None and last is not None and last - first >= _STANDING

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The refusal with its reason, the newest failure, and the missing authority."""
        told = (self.by_policy, self.incompatible, self.refused, newest(self.failed), self.none, self.no_authority)
        return tuple(one for one in told if one is not None)

    @property
    def facts(self) -> dict[str, object]:
        """What every finding about a missing site states."""
        return {
            "site": _site_code(self.refused),
            "version": self.incompatible.fields["version"] if self.incompatible else None,
            "error": code_of(newest(self.failed)),
            "since": self.failed[0].utc if self.failed else None,
            "failures": len(self.failed) or None,
        }

    def marks(self) -> Iterable[Mark]:
        """Assignment alone; registration is another subject."""
        bad = newest(self.failed) or self.refused or self.no_authority or self.trouble
        good = self.assigned or self.authority
        yield Mark(Stage.REGISTRATION, "site", good, bad, self.is_without_site)


class SiteOverlap(Evidence, frozen=True):
    """Whether Active Directory names more than one site for the place where the client stands."""

    asks = "site-log"

    overlap: Event | None
    first_valid: Event | None
    tried: Event | None
    by_policy: Event | None
    assigned: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> SiteOverlap | None:
        """None when nothing tells how the client found its site."""
        several = [one for one in bundle.events("site-overlap") if int(one.fields["count"]) > 1]
        found = cls(
            overlap=newest(several),
            first_valid=newest(bundle.events("site-first-valid")),
            tried=newest(bundle.events("site-tried")),
            by_policy=newest(bundle.events("site-by-policy")),
            assigned=newest(bundle.events("site-assigned", "site-accepted")),
        )
        return found if any(getattr(found, name) for name in found.__struct_fields__) else None

    @property
    def site(self) -> str | None:
        """The site that the client took."""
        return _site_code(self.tried or self.assigned)

    @property
    def count(self) -> int | None:
        """How many entries fit."""
        return int(self.overlap.fields["count"]) if self.overlap else None

    @property
    def is_set_by_policy(self) -> bool:
        """Group policy names the site, after or without the search."""
        return self.by_policy is not None and (self.overlap is None or self.by_policy.after(self.overlap) is True)


class ClientCertificates(Evidence, frozen=True):
    """What the client says of its certificates, and whether it needs one.

    A client of a site that works without HTTPS finds no PKI certificate and says so at every start: that is no fault.
    """

    asks = "client-certificates"

    not_selected: Event | None
    lost: Event | None
    expired: Event | None
    traffic: ManagementPointTraffic | None
    registered: Event | None
    unregistered: Event | None
    enforced: Event | None = None  # the site allows nothing but HTTPS, as the client says at its start
    setup: Event | None = None  # the installation of the client ended for want of a certificate

    @classmethod
    def read(cls, bundle: Bundle) -> ClientCertificates | None:
        """None when no line is about a certificate."""
        registration = bundle.evidence(Registration)
        good = [registration.registered if registration else None]
        found = cls(
            not_selected=newest(_about_certificates(bundle.events("certificate-not-selected"))),
            lost=newest(standing(bundle.events("certificate-lost"), good)),
            expired=newest(standing(bundle.events("client-certificate-expired"), good)),
            traffic=bundle.evidence(ManagementPointTraffic),
            registered=registration.registered if registration else None,
            unregistered=newest([*registration.requests, *registration.rejected]) if registration else None,
            enforced=newest(standing(bundle.events("https-enforced"), [newest(bundle.events("https-optional"))])),
            setup=_ended_without_certificate(bundle),
        )
        told = (found.not_selected, found.lost, found.expired, found.setup, newest(bundle.events("certificate-lost")))
        return found if any(told) or found.is_demanded else None

    @property
    def is_demanded(self) -> bool:
        """The management point wants a certificate and the client has none to give."""
        failure = self.traffic.current if self.traffic else None
        return failure is not None and failure.kind == "client-certificate"

    @property
    def works_without(self) -> bool:
        """The client is registered, or its management point answers."""
        answers = self.traffic is not None and self.traffic.answering is not None
        return not self.is_demanded and (answers or (self.registered is not None and self.unregistered is None))

    @property
    def is_demanded_for_long(self) -> bool:
        """It has wanted one for half an hour or more, and nothing speaks against it."""
        return self.is_demanded and self.traffic is not None and self.traffic.lasting and not self.traffic.doubts

    @property
    def answer(self) -> Proof | None:
        """What the management point answered last."""
        return self.traffic.answering if self.traffic else None

    @property
    def error(self) -> HResult | None:
        """The code of the search."""
        return code_of(self.not_selected or self.setup)

    @property
    def subject(self) -> str | None:
        """The certificate that has expired."""
        return self.expired.fields["subject"] if self.expired else None

    @property
    def host(self) -> str | None:
        """The management point that wants a certificate."""
        failure = self.traffic.current if self.traffic and self.is_demanded else None
        return (failure.host or None) if failure else None

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The lines about certificates, and the request that wanted one."""
        failure = self.traffic.current if self.traffic and self.is_demanded else None
        enforced = self.enforced if self.not_selected else None
        told = (self.lost, self.expired, self.not_selected, enforced, self.setup)
        return (*(one for one in told if one is not None), *(failure.proof if failure else ()))


def _ended_without_certificate(bundle: Bundle) -> Event | None:
    """The newest end of the client's setup, when its code says that no certificate was found."""
    last = newest(bundle.events("client-setup-failed", "client-setup-exit"))
    code = code_of(last)
    return last if code is not None and codes.points_to(code)[:1] == (_NO_CERTIFICATE,) else None


def _about_certificates(events: Iterable[Event]) -> list[Event]:
    """The searches for a certificate that failed; the line itself says what failed, whatever its code."""
    return [one for one in events if (code := code_of(one)) is not None and not code.ok]


class GatewayToken(Evidence, frozen=True):
    """Whether the gateway refuses the client's token, and what the management point's token service says of it."""

    asks = "management-point"

    traffic: ManagementPointTraffic | None
    expired: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> GatewayToken | None:
        """None when neither a request nor the token service is told of."""
        found = cls(traffic=bundle.evidence(ManagementPointTraffic), expired=newest(bundle.events("sts-token-expired")))
        return found if found.traffic or found.expired else None

    @property
    def is_refused(self) -> bool:
        """The newest request failed for its token."""
        failure = self.traffic.current if self.traffic else None
        return failure is not None and (failure.reason or "").strip().lower() == "cmgservice_invalid_token"

    @property
    def doubts(self) -> tuple[str, ...]:
        """What speaks against a standing fault."""
        return self.traffic.doubts if self.traffic else ()

    @property
    def answer(self) -> Proof | None:
        """What the management point answered last, when nothing failed after it."""
        return self.traffic.answering if self.traffic else None

    @property
    def is_answered(self) -> bool:
        """The management point answers."""
        return self.answer is not None

    @property
    def facts(self) -> dict[str, object]:
        """What every finding about the token states."""
        refused = self.traffic if self.traffic and self.is_refused else None
        return {
            "host": refused.facts["host"] if refused else None,
            "since": refused.failing_since if refused else None,
        }
