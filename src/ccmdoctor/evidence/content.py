"""What became of the content of updates: was a source offered, did the download end, does its hash match.

    Submitted CTM job {GUID} to download Content fbb5724a-....1 under context System
    CCTMJob::UpdateLocations - Received empty location update for CTM Job {GUID}
    CDeploymentJob -- Failed to download update (GUID). Error = 0x87d00669
    Hash verification succeeded for content fbb5724a-....1 downloaded under context System

A content id ties the jobs of one download together; a later success for the same content, update or job cancels a
failure. Update ids differ from content ids, so a failure whose content is not known is cancelled by any later success.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from ccmdoctor.evidence.base import Bundle, Evidence, Mark, Proof, code_of, newest, ordered, plain_id
from ccmdoctor.knowledge import codes
from ccmdoctor.model import Event, HResult, Stage, State

_UPDATE = re.compile(r"^\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?(?:\.\d+)?$")
_PACKAGE = re.compile(r"^[a-z0-9]{3}[0-9a-f]{5}(?:\.\d+)?$")
_RECORD = re.compile(r"<URL Name=\"[^\"]+\"", re.IGNORECASE)
_NO_RECORDS = re.compile(r"<(?:LocationRecords|Sites)\s*/>", re.IGNORECASE)
_DEFAULT_FALLBACK = timedelta(minutes=120)  # of a new boundary group relationship
_STALE = timedelta(days=1)
_NEAR = 12  # lines between the parts of one attempt


class Trail(msgspec.Struct, frozen=True):
    """Which transfer belongs to which content job, and which job to which content."""

    content_of_job: dict[str, str]
    job_of_transfer: dict[str, str]

    @classmethod
    def of(cls, bundle: Bundle) -> Trail:
        """From CAS.log and ContentTransferManager.log; empty without them."""
        submitted, started = bundle.events("content-submitted"), bundle.events("content-job-started")
        return cls(
            {plain_id(one.fields["job"]): plain_id(one.fields["content"]) for one in submitted},
            {plain_id(one.fields["transfer"]): plain_id(one.fields["job"]) for one in started},
        )

    def content(self, job: str | None, transfer: str | None = None) -> str | None:
        """The content behind a content job or a transfer, where known."""
        job = job or (self.job_of_transfer.get(transfer) if transfer else None)
        return self.content_of_job.get(job) if job else None


class Successes:
    """The newest success by content, job, update and transfer, to cancel older failures without comparing all pairs."""

    def __init__(self, bundle: Bundle, trail: Trail) -> None:
        self.newest: dict[str, Event] = {}
        done = bundle.events(
            "content-verified",
            "content-job-completed",
            "update-downloaded",
            "event-download-succeeded",
            "transfer-completed",
        )
        cached = {
            plain_id(one.fields["job"])
            for one in bundle.events("transfer-created")
            if "ccmcache" in one.fields["path"].lower()
        }
        for event in done:
            job = event.fields.get("job")
            if event.id == "transfer-completed" and plain_id(job or "") not in cached:
                continue
            names = [event.fields.get("content"), event.fields.get("update"), job, trail.content(plain_id(job or ""))]
            for key in [*(plain_id(name) for name in names if name), ""]:
                self.newest[key] = event

    def after(self, event: Event, *keys: str | None) -> Event | None:
        """A success behind ``event`` for one of the keys; without any key, whatever succeeded."""
        known = [plain_id(key) for key in keys if key]
        found = [self.newest[key] for key in known or [""] if key in self.newest]
        return next((one for one in found if one.after(event)), None) or self._long_after(event)

    def _long_after(self, event: Event) -> Event | None:
        """Any success a day later: a download that still failed would have been tried again since."""
        last = self.last
        if last is None or last.utc is None or event.utc is None:
            return None
        return last if last.utc - event.utc > _STALE else None

    @property
    def last(self) -> Event | None:
        """The newest of all."""
        return self.newest.get("")


class Failed(msgspec.Struct, frozen=True):
    """A download that ended with an error and was not repeated with success since."""

    proof: tuple[Proof, ...]
    error: HResult | None
    key: str | None = None
    when: datetime | None = None

    @property
    def transient(self) -> bool:
        """The agent calls it transient and goes on trying."""
        return any(isinstance(one, Event) and "transient" in one.record.text.lower() for one in self.proof)

    def points_to(self, cause: str) -> bool:
        """Whether the code is one that points to this cause."""
        return self.error is not None and cause in codes.points_to(self.error)

    def points_first_to(self, cause: str) -> bool:
        """Whether this cause is the first that the code points to."""
        return self.error is not None and codes.points_to(self.error)[:1] == (cause,)


class Downloads(Evidence, frozen=True):
    """Downloads of updates by their end: failed and never repeated with success, or recovered, or succeeded."""

    asks = "content-logs"

    failing: tuple[Failed, ...]
    recovered: tuple[Failed, ...]
    success: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> Downloads | None:
        """None when no log and no list tells of the end of a download."""
        trail = bundle.once(Trail.of)
        successes = Successes(bundle, trail)
        failing: list[Failed] = []
        recovered: list[Failed] = []
        for event in bundle.events(*_ENDS_BADLY, _OF_A_RULE):
            error = code_of(event)
            if error is None or error.ok or (event.id == _OF_A_RULE and codes.points_to(error)[:1] != _SERVICE_MISSING):
                continue
            key = _key(event, trail)
            one = Failed((event,), error, key, event.utc)
            (recovered if successes.after(event, key) else failing).append(one)
        listed = [_listed(row) for row in bundle.states("wmi", "CCM_SoftwareUpdate")]
        failing += [one for one in listed if one is not None]
        if not failing and not recovered and successes.last is None:
            return None
        return cls(failing=tuple(failing), recovered=tuple(recovered), success=successes.last)

    def first_pointing(self, cause: str) -> Failed | None:
        """The newest failing download whose code points first to the cause."""
        return next((one for one in reversed(self.failing) if one.points_first_to(cause)), None)

    def pointing(self, cause: str) -> Failed | None:
        """The newest failing download whose code points to the cause at all."""
        return next((one for one in reversed(self.failing) if one.points_to(cause)), None)

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The newest failure, or the newest success."""
        if self.failing:
            return self.failing[-1].proof
        return (self.success,) if self.success else ()

    def marks(self) -> Iterable[Mark]:
        """The end of downloads is the content stage. Where the line could be of any stage, its code decides."""
        bad = [one for one in self.failing if _of_content(one)]
        old = bad or [one for one in self.recovered if _of_content(one)]
        if self.success or old:
            yield Mark(Stage.CONTENT, "download", self.success, old[-1].proof[-1] if old else None, bool(bad))


def _of_content(one: Failed) -> bool:
    line = one.proof[-1]
    if isinstance(line, Event) and line.id in _OF_A_DOWNLOAD:
        return True
    return one.error is not None and codes.lookup(one.error).stage == Stage.CONTENT


_OF_A_DOWNLOAD = ("update-download-failed", "content-download-failed", "content-job-error")
_OF_A_RULE = "agent-rule-failed"  # applicability: counts only where the code names a service that does not run
_SERVICE_MISSING = ("firewall-service-disabled",)
_ENDS_BADLY = (
    "update-download-failed", "content-download-failed", "content-job-error", "agent-download-unexpected",
    "event-download-failed", "agent-file-failed", "agent-download-failed", "software-center-error",
    "update-state-error", "assignment-job-error", "delta-update-failed",
)  # fmt: skip


def _key(event: Event, trail: Trail) -> str | None:
    job = event.fields.get("job")
    if job:
        return trail.content(plain_id(job)) or plain_id(job)
    key = event.fields.get("content") or event.fields.get("update")
    return plain_id(key) if key and event.id not in ("agent-download-failed",) else None


def _listed(row: State) -> Failed | None:
    """An update that Software Center shows with an error code (EvaluationState 13 is "error")."""
    error = HResult.parse(str(row.values.get("errorcode") or ""))
    if error is None or error.ok or str(row.values.get("evaluationstate")) not in ("13", "None"):
        return None
    return Failed((row,), error, plain_id(str(row.values.get("updateid") or "")) or None)


class Search(msgspec.Struct, frozen=True):
    """The search for a source of one content: its newest word. ``answer``: empty, waiting or located."""

    answer: str
    proof: tuple[Proof, ...]
    content: str | None
    since: datetime | None

    @property
    def kind(self) -> str | None:
        """update, application or package: different kinds are surely in different packages."""
        name = self.content or ""
        if name.startswith("content_"):
            return "application"
        return "update" if _UPDATE.match(name) else f"package {name[:8]}" if _PACKAGE.match(name) else None


class ContentSearches(Evidence, frozen=True):
    """Which content found a source and which did not, one search a content job.

    ``refused`` are downloads that ended with a code for "no location". ``in_group``: an empty reply that names the
    client's boundary groups.
    """

    asks = "content-locations"

    searches: tuple[Search, ...]
    refused: tuple[Failed, ...]
    cancelled: Failed | None
    in_group: Event | None
    now: datetime | None
    unanswered: Event | None = None  # an empty reply that names no group

    @classmethod
    def read(cls, bundle: Bundle) -> ContentSearches | None:
        """None when no content was looked for."""
        searches = _searches(bundle)
        downloads = bundle.evidence(Downloads)
        refused = tuple(one for one in downloads.failing if _no_location(one)) if downloads else ()
        past = [one for one in downloads.recovered if _no_location(one)] if downloads else []
        reply = newest(bundle.events("content-reply"))
        named = reply is not None and "<boundarygroup " in reply.fields["reply"].lower()
        empty = reply is not None and named and not _RECORD.search(reply.fields["reply"])
        bare = reply is not None and not named and _NO_RECORDS.search(reply.fields["reply"])
        if not searches and not refused and not past and not empty and not bare:
            return None
        return cls(
            searches=searches,
            refused=refused,
            cancelled=past[-1] if past else None,
            in_group=reply if empty else None,
            now=bundle.now,
            unanswered=reply if bare else None,
        )

    def _of(self, answer: str) -> tuple[Search, ...]:
        return tuple(one for one in self.searches if one.answer == answer)

    @property
    def empty(self) -> tuple[Search, ...]:
        """Searches whose newest answer held no source."""
        return self._of("empty")

    @property
    def waiting(self) -> tuple[Search, ...]:
        """Searches that were never answered."""
        return self._of("waiting")

    @property
    def located(self) -> tuple[Search, ...]:
        """Searches that found a source."""
        return self._of("located")

    @property
    def finds_nothing(self) -> bool:
        """Some content found no source, by the newest answer or by the end of its download."""
        nowhere = bool(self.refused or self.unanswered) and not self.located
        return bool(self.empty or nowhere or self.in_group)

    @property
    def several_packages(self) -> bool:
        """Content of at least two packages found no source, and none found one."""
        kinds = {one.kind for one in self.empty if one.kind}
        return len(kinds) > 1 and not self.located

    @property
    def only_some(self) -> bool:
        """Other content found a source."""
        return bool(self.empty) and bool(self.located)

    @property
    def waits_briefly(self) -> bool:
        """The wait or the empty answers began less than the default fallback time ago."""
        begun = self.since
        return begun is not None and self.now is not None and self.now - begun < _DEFAULT_FALLBACK

    @property
    def since(self) -> datetime | None:
        """When the oldest search without a source began (UTC), else when a download first ended without one."""
        times = [one.since for one in (*self.empty, *self.waiting) if one.since]
        times += [one.when for one in self.refused if one.when]
        return min(times, default=None)

    @property
    def count(self) -> int:
        """How many contents found no source."""
        return len(self.empty) or len({one.key for one in self.refused})

    @property
    def content(self) -> str | None:
        """The id of the newest content without a source."""
        named = [one.content for one in (*self.empty, *self.waiting) if one.content]
        return named[-1] if named else (self.refused[-1].key if self.refused else None)

    @property
    def error(self) -> HResult | None:
        """The code with which a download ended for want of a source."""
        return self.refused[-1].error if self.refused else None

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The newest searches without a source, else the newest that found one."""
        bad = [proof for one in (*self.empty[-3:], *self.waiting[-2:]) for proof in one.proof]
        bad += [proof for failed in self.refused[-2:] for proof in failed.proof]
        bad += [self.in_group] if self.in_group else []
        bad += [self.unanswered] if self.unanswered and not self.located else []
        return tuple(bad) or tuple(proof for one in self.located[-1:] for proof in one.proof)

    def marks(self) -> Iterable[Mark]:
        """Finding a source is the first half of the content stage."""
        good = self.located[-1].proof[-1] if self.located else None
        bad = self.empty[-1].proof[-1] if self.empty else None
        if good or bad:
            yield Mark(Stage.CONTENT, "location", good, bad, bool(self.empty))


def _no_location(one: Failed) -> bool:
    return one.points_first_to("dp-not-in-boundary-group")


_ANSWERS = {
    "content-location-empty": "empty",
    "content-location-unsuitable": "empty",
    "dp-list-empty": "empty",
    "dp-count-none": "empty",
    "content-location-waiting": "waiting",
    "content-locations": "located",
    "content-job-started": "located",
    "content-job-completed": "located",
    "dp-found": "located",
}
_BY_LOCATION_SERVICES = ("dp-list-empty", "dp-count-none", "dp-found")


def _searches(bundle: Bundle) -> tuple[Search, ...]:
    """One search a content job by its newest line; LocationServices.log stands in for the jobs' own log."""
    trail = bundle.once(Trail.of)
    successes = Successes(bundle, trail)
    told = bundle.events(*(id for id in _ANSWERS if id not in _BY_LOCATION_SERVICES))
    told = told or bundle.events(*_BY_LOCATION_SERVICES)
    jobs: dict[str, list[Event]] = {}
    for event in told:
        jobs.setdefault(plain_id(event.fields.get("job", "")), []).append(event)
    found = []
    for job, events in jobs.items():
        last = events[-1]
        content, answer = trail.content(job), _ANSWERS[last.id]
        if answer != "located" and successes.after(last, content, job if content is None and job else None):
            answer = "located"
        run = _run(events, answer)
        found.append(Search(answer, tuple(run[-2:]), content, run[0].utc))
    return tuple(found)


def _run(events: Sequence[Event], answer: str) -> list[Event]:
    """The events at the end that give the same kind of answer; an empty answer goes on while it is waited for."""
    run: list[Event] = []
    for event in reversed(events):
        if (_ANSWERS[event.id] == "located") != (answer == "located"):
            break
        run.append(event)
    return list(reversed(run)) or [events[-1]]


class HashFailure(msgspec.Struct, frozen=True):
    """Content whose hash did not match. ``expected``: files that should be there when the folder was empty."""

    proof: tuple[Proof, ...]
    content: str | None
    expected: str | None
    surely: bool
    when: datetime | None

    @property
    def folder_empty(self) -> bool:
        """Nothing had landed in the folder at all."""
        return self.expected is not None


class ContentChecks(Evidence, frozen=True):
    """The comparison of downloaded content with its hash, and the codes that say that it failed."""

    asks = "content-logs"

    failing: tuple[HashFailure, ...]
    coded: Failed | None
    verified: Event | None
    recovered: HashFailure | None

    @classmethod
    def read(cls, bundle: Bundle) -> ContentChecks | None:
        """None when neither a comparison nor a download's end was logged."""
        trail = bundle.once(Trail.of)
        successes = Successes(bundle, trail)
        downloads = bundle.evidence(Downloads)
        failing: list[HashFailure] = []
        recovered: list[HashFailure] = []
        for one in _hash_failures(bundle):
            last = one.proof[-1]
            gone = isinstance(last, Event) and successes.after(last, one.content)
            (recovered if gone else failing).append(one)
        verified = newest(bundle.events("content-verified"))
        coded = (downloads.first_pointing("content-hash-mismatch") if downloads else None) or _refused_by_agent(bundle)
        if not failing and not recovered and verified is None and downloads is None and coded is None:
            return None
        return cls(
            failing=tuple(failing), coded=coded, verified=verified, recovered=recovered[-1] if recovered else None
        )

    def marks(self) -> Iterable[Mark]:
        """A comparison that surely failed fails the content stage."""
        bad = self.latest or self.recovered
        if self.verified or bad:
            failing = self.latest is not None and self.latest.surely
            yield Mark(Stage.CONTENT, "hash", self.verified, bad.proof[-1] if bad else None, failing)

    @property
    def error(self) -> HResult | None:
        """The code of the newest failed comparison, else of the download."""
        if self.latest is None:
            return self.coded.error if self.coded else None
        last = self.latest.proof[-1]
        return HResult.parse(last.fields.get("error", "")) if isinstance(last, Event) else None

    @property
    def latest(self) -> HashFailure | None:
        """The newest failed comparison."""
        return self.failing[-1] if self.failing else None

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The newest failed comparison, else the success."""
        if self.latest:
            return self.latest.proof
        if self.coded:
            return self.coded.proof
        return (self.verified,) if self.verified else ()


def _refused_by_agent(bundle: Bundle) -> Failed | None:
    """The agent did not take the files over for their hash, and has taken none since."""
    ready = newest(bundle.events("install-data-ready"))
    for event in reversed(bundle.events("install-data-failed")):
        one = Failed((event,), HResult.parse(event.fields["error"]), None, event.utc)
        if one.points_first_to("content-hash-mismatch"):
            return None if ready is not None and ready.after(event) else one
    return None


def _hash_failures(bundle: Bundle) -> list[HashFailure]:
    """Lines of one comparison stand close together and end with the content's id."""
    events = ordered(
        bundle.events(
            "content-folder-empty", "content-hash-failed", "content-info-hash-failed", "content-download-failed",
            "content-verified", "agent-hash-failed",
        )
    )  # fmt: skip
    found: list[HashFailure] = []
    open_lines: list[Event] = []
    for event in events:
        if open_lines and not _near(open_lines[-1], event):
            found.append(_hash_failure(open_lines, None))
            open_lines = []
        if event.id == "content-verified":
            open_lines = []
        elif event.id == "content-download-failed":
            error = HResult.parse(event.fields["error"])
            if open_lines or (error and "content-hash-mismatch" in codes.points_to(error)[:1]):
                found.append(_hash_failure([*open_lines, event], event))
            open_lines = []
        else:
            open_lines.append(event)
    if open_lines:
        found.append(_hash_failure(open_lines, None))
    return found


def _near(one: Event, two: Event) -> bool:
    first, second = one.stands, two.stands
    return first.file == second.file and 0 <= second.line - first.line <= _NEAR


def _hash_failure(lines: Sequence[Event], end: Event | None) -> HashFailure:
    empty = next((one for one in lines if one.id == "content-folder-empty"), None)
    another_try = all("next hash algorithm" in one.record.text.lower() for one in lines)
    return HashFailure(
        proof=tuple(lines[-4:]),
        content=plain_id(end.fields["content"]) if end else None,
        expected=empty.fields["expected"] if empty else None,
        surely=not another_try,
        when=lines[-1].utc,
    )
