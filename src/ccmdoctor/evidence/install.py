"""How the installation of updates ended: the newest outcome of each update.

Update 1 (GUID) finished installing (0x80070643), Reboot Required? No
182 [AGENT_INSTALLING_FAILED]  101  {GUID}  200  800704c7  CcmExec  Failure  Content Install
Installation Failure: Windows failed to install the following update with error 0x80070002: Security Update (KB4586793).
Package KB5004298 failed to be changed to the Installed state. Status: 0x8e5e03fa.

A later success of the same update cancels its failure. The result of a whole job (0x80240022) only counts where no
update of its own failed: the inner code says more than the outer one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

import msgspec

from ccmdoctor.evidence.base import Bundle, Evidence, Mark, Proof, code_of, newest, ordered
from ccmdoctor.evidence.updates import KB, installed_now
from ccmdoctor.knowledge import codes
from ccmdoctor.model import Event, HResult, Stage, State

_JOB = ("install-job-failed", "install-data-failed", "install-not-initiated", "install-no-result")
_GOOD = (
    "event-install-succeeded",
    "event-install-pending",
    "system-install-succeeded",
    "package-installed",
    "install-data-ready",
)
_TOLD = (
    "install-finished",
    "update-finished-after-restart",
    "install-result",
    "event-install-failed",
    "system-install-failed",
    "package-failed",
    "wusa-failed",
    "agent-install-ended",
    "agent-servicing-error",
    "feature-update-failed",
    *_JOB,
    *_GOOD,
)
_BY_DEPLOYMENT = ("update-state-error", "assignment-job-error", "software-center-error", "event-download-failed")
# causes of an installation whose codes name an earlier stage
_ELSEWHERE = (("access-denied-install",), ("downloaded-update-expired",), ("wu-datastore-no-content",))
_AT_DOWNLOAD = (("signature-not-trusted",),)  # the agent checks the signature when it has downloaded
_STORE = ("update-status", "update-state-raised")
_TITLED = ("update-targeted", "update-status")
_CONFIGMGR = "ccmexec"
# those that install updates of Windows; others are apps of the store and the antivirus product
_CALLERS = (
    _CONFIGMGR,
    "updateorchestrator",
    "moupdateorchestrator",
    "automaticupdates",
    "automaticupdateswuapp",
    "wusa",
)
_FACILITY_CONFIGMGR = 0x87D0
_KB = re.compile(r"\bKB\d{6,8}\b", re.IGNORECASE)
# signatures and platform of Microsoft Defender, which fetches them itself; the event does not say who asked
_DEFINITIONS = re.compile(r"KB(?:2267602|4052623)(?!\d)")
# an app of the store: its product id and the name of its package
_STORE_APP = re.compile(r"(?<![0-9A-Z])9[0-9A-Z]{11}-[A-Za-z]")
_SHORTEST_RUN_TIME = 10  # minutes; the smallest default of the maximum run time of an update
# the logs of the client and the agent name the inner code, those of the deployment often only the outer one
_NEAREST = ("WUAHandler", "WindowsUpdate", "ReportingEvents", "WindowsEvents", "UpdatesHandler", "UpdatesDeployment")


class Failure(msgspec.Struct, frozen=True):
    """An update (or a whole job, ``subject`` empty) whose newest installation failed."""

    subject: str
    told: tuple[Event, ...]
    started: Event | None = None
    title: str | None = None

    @property
    def last(self) -> Event:
        """The line that says most of it: of the nearest witness, the newest."""
        known = [log for log in _NEAREST if any(event.log == log for event in self.told)]
        return [event for event in self.told if not known or event.log == known[0]][-1]

    @property
    def proof(self) -> tuple[Proof, ...]:
        """Its start where known, its line, and the lines of the others."""
        rest = [event for event in self.told if event is not self.last][-2:]
        return tuple(one for one in (self.started, self.last, *rest) if one is not None)

    @property
    def error(self) -> HResult:
        """The code."""
        return code_of(self.last) or HResult(0)

    @property
    def when(self) -> datetime | None:
        """When it failed (UTC)."""
        return self.last.utc

    @property
    def name(self) -> str | None:
        """The update, as the lines name it."""
        titles = [event.fields["title"].strip(" .") for event in self.told if event.fields.get("title")]
        return self.title or (titles[-1] if titles else None) or self.subject or None

    @property
    def minutes(self) -> int | None:
        """Minutes from start to failure, where both have a time."""
        if self.started is None or self.started.utc is None or self.when is None:
            return None
        return int((self.when - self.started.utc).total_seconds() // 60)

    @property
    def by_configmgr(self) -> bool:
        """Whether the lines say that Configuration Manager asked for the installation."""
        return any(event.log in ("WUAHandler", "UpdatesHandler") for event in self.told) or any(
            event.fields.get("caller", "").lower() == _CONFIGMGR for event in self.told
        )

    @property
    def is_shared(self) -> bool:
        """Whether several causes share the code."""
        return len(codes.points_to(self.error)) > 1

    @property
    def is_own_code(self) -> bool:
        """Whether the code is one of Configuration Manager's own (facility 2000)."""
        return self.error.value >> 16 == _FACILITY_CONFIGMGR

    def points_first_to(self, cause: str) -> bool:
        """Whether this cause is the first that the code points to."""
        return codes.points_to(self.error)[:1] == (cause,)

    def points_to(self, cause: str) -> bool:
        """Whether the code points to this cause at all."""
        return cause in codes.points_to(self.error)


class InstallHistory(Evidence, frozen=True):
    """The newest outcome of every update that was tried."""

    asks = "install-logs"

    failures: tuple[Failure, ...]
    succeeded: Event | None
    accepts_publishers: State | None
    exits: tuple[Event, ...]
    no_source: Event | None
    quarantined: Event | None
    first: dict[str, Failure]  # by cause, the newest failure whose code points first to it
    any: dict[str, Failure]  # the same for a code that fits the cause among others

    @classmethod
    def read(cls, bundle: Bundle) -> InstallHistory | None:
        """None when no log tells of the end of an installation."""
        told = [event for event in bundle.events(*_TOLD) if not _foreign(event) or _succeeded(event)]
        told += [event for event in bundle.events(*_BY_DEPLOYMENT) if _of_installation(event)]
        told = ordered(told or _of_history(bundle))
        own = [event for event in told if not _foreign(event)]
        no_source = _telling(bundle.events("installer-source-missing"))
        exits = tuple(bundle.events("installer-exit"))
        if not (own or no_source or exits):
            return None
        good = [event for event in own if _succeeded(event)]
        failures = _failures(bundle, told)
        causes = [(one, codes.points_to(one.error)) for one in failures]
        return cls(
            failures=failures,
            succeeded=newest(good),
            accepts_publishers=bundle.registry(
                r"SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate", "AcceptTrustedPublisherCerts"
            ),
            exits=exits,
            no_source=no_source,
            quarantined=newest(bundle.events("antivirus-took-file")),
            first={to[0]: one for one, to in causes if to},
            any={cause: one for one, to in causes for cause in to},
        )

    def first_to(self, cause: str) -> Failure | None:
        """The newest failure whose code points first to this cause."""
        return self.first.get(cause)

    def to(self, cause: str) -> Failure | None:
        """The newest failure whose code may come from this cause."""
        return self.any.get(cause)

    @property
    def is_silent(self) -> bool:
        """Whether only an installer tells of its end, and no log of an update."""
        return not self.failures and self.succeeded is None

    @property
    def latest(self) -> Failure | None:
        """The newest failure."""
        return self.failures[-1] if self.failures else None

    @property
    def why_not(self) -> str:
        """The reason that rules a cause out."""
        return "other-install-error" if self.failures else "install-succeeded"

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The failures, else the newest success."""
        found = [proof for one in self.failures[-3:] for proof in one.proof[:1]]
        return tuple(found) if found else ((self.succeeded,) if self.succeeded else ())

    @property
    def exit_code(self) -> Event | None:
        """The newest exit code of an installer that is an error."""
        return newest([event for event in self.exits if event.fields["code"] not in ("0", "3010", "1641")])

    @property
    def refuses_publishers(self) -> bool:
        """Whether the policy does not accept updates signed by the local publisher."""
        return self.accepts_publishers is not None and self.accepts_publishers.values.get("value") != 1

    @property
    def cancelled(self) -> Failure | None:
        """The newest failure that was a cancellation."""
        return self.to("max-run-time-exceeded")

    @property
    def ran_long(self) -> bool:
        """Whether the cancelled installation of Configuration Manager ran at least the shortest default run time."""
        one = self.cancelled
        return one is not None and one.minutes is not None and one.minutes >= _SHORTEST_RUN_TIME and one.by_configmgr

    @property
    def timed_out(self) -> bool:
        """Whether Configuration Manager itself reports the time-out: its code points to nothing else."""
        one = self.cancelled
        return one is not None and codes.lookup(one.error).stage == "install" and one.is_own_code

    @property
    def ran_briefly(self) -> bool:
        """Whether it was cancelled before any default run time was over."""
        one = self.cancelled
        return one is not None and one.minutes is not None and one.minutes < _SHORTEST_RUN_TIME

    def marks(self) -> Iterable[Mark]:
        """Success and failure of installing."""
        bad = self.latest.last if self.latest else None
        yield Mark(Stage.INSTALL, "install", self.succeeded, bad, bad is not None)


class LicenceTerms(Evidence, frozen=True):
    """Whether the licence terms of updates can be had: the installations, and a scan's warning about their files."""

    asks = "install-logs"

    installs: InstallHistory | None
    warned: Event | None
    missing: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> LicenceTerms | None:
        """None without installations and without a warning that no newer scan follows."""
        begun = newest(bundle.events("search-started"))
        warned = newest([one for one in bundle.events("scan-warning") if _is_about_terms(one)])
        if warned and begun and begun.after(warned):
            warned = None
        missing = newest(bundle.events("eula-file-missing"))
        found = cls(bundle.evidence(InstallHistory), warned, missing if warned or not begun else None)
        return found if found.installs or found.warned or found.missing else None

    @property
    def is_warned_of(self) -> bool:
        """The newest scan could not get a file of licence terms."""
        return bool(self.warned or self.missing)

    @property
    def error(self) -> HResult | None:
        """The code of the warning, else of the download."""
        told = self.warned or self.missing
        return HResult.parse(told.fields.get("error", "")) if told else None

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The warning and the file."""
        return tuple(one for one in (self.warned, self.missing) if one is not None)


def _is_about_terms(event: Event) -> bool:
    code = HResult.parse(event.fields["error"])
    return code is not None and codes.points_to(code)[:1] == ("eula-unaccepted",)


def _telling(lines: list[Event]) -> Event | None:
    """The newest line that names the file, else the newest."""
    return newest([one for one in lines if one.fields.get("file")] or lines)


def _foreign(event: Event) -> bool:
    """Lines of other callers (apps of the store, signatures of the antivirus), and the words of a line read already."""
    if event.id.startswith(("event-install", "system-install")) and _STORE_APP.search(event.record.text):
        return True
    if event.id.startswith("system-install"):
        return "[AGENT_INSTALLING_" in event.record.text or _DEFINITIONS.search(event.record.text) is not None
    return event.id.startswith("event-install") and event.fields.get("caller", _CONFIGMGR).lower() not in _CALLERS


def _of_history(bundle: Bundle) -> list[Event]:
    """Failures of which only the agent's history tells, unless it names another caller."""
    callers = bundle.events("agent-install-caller")
    found: list[Event] = []
    for event in bundle.events("agent-update-result"):
        code = code_of(event)
        if code is None or code.ok or codes.lookup(code).stage != Stage.INSTALL:
            continue
        beside = [one for one in callers if one.record.thread == event.record.thread and event.after(one) is not True]
        if not beside or beside[0].fields["caller"].strip(" |").lower() in _CALLERS:
            found.append(event)
    return found


def _of_installation(event: Event) -> bool:
    code = code_of(event)
    known = codes.lookup(code) if code is not None else None
    if event.id == "event-download-failed":
        return known is not None and known.points_to[:1] in _AT_DOWNLOAD
    if known is None or known.stage in ("install", "enforcement"):
        return known is not None
    # a job of a deployment evaluates and downloads as well
    return event.id != "assignment-job-error" and known.points_to[:1] in _ELSEWHERE


def _succeeded(event: Event) -> bool:
    if event.id in _GOOD:
        return True
    if event.id in _STORE:
        return event.fields.get("status", "").lower() == "installed"
    code = code_of(event)
    return event.id not in _JOB and code is not None and code.ok


def _subject(event: Event) -> str:
    if event.id in ("assignment-job-error", *_JOB):
        return ""
    name = event.fields.get("update") or event.fields.get("package") or ""
    kb = _KB.search(event.fields.get("title", ""))
    name = name or (kb[0] if kb else "")
    return name.lower().rpartition("sum_")[2].strip("{}() ")


def _failures(bundle: Bundle, told: list[Event]) -> tuple[Failure, ...]:
    """Subjects whose newest outcome is a failure, the oldest first."""
    open_: dict[str, list[Event]] = {}
    under_way = ""
    for event in ordered([*told, *bundle.events("agent-install-started")]):
        if event.id == "agent-install-started":
            under_way = _subject(event)
            continue
        named = _subject(event)
        subject = named or (under_way if event.id.startswith("agent-") else "")
        if _succeeded(event):
            if subject and not _earlier(event, open_.get(subject, ())):
                open_.pop(subject, None)
            if not _foreign(event) and not _earlier(event, open_.get("", ())):
                open_.pop("", None)
        elif (code := code_of(event)) is not None and not code.ok:
            events = open_.setdefault(subject, [])
            events.append(event)
            del events[:-6]
    for status in bundle.events(*_STORE):
        subject = _subject(status)
        if subject in open_ and _succeeded(status) and status.after(open_[subject][-1]) is not False:
            open_.pop(subject)
    for done in bundle.events("update-installs"):
        subject = _subject(done)
        complete = done.fields["state"].lower() == "complete"
        if subject in open_ and complete and done.after(open_[subject][-1]) is not False:
            open_.pop(subject)
    here = installed_now(bundle)
    for subject in [one for one, events in open_.items() if one and _names(one, events) & here]:
        open_.pop(subject)
    named_only = {subject: events for subject, events in open_.items() if subject}
    kept = named_only or open_
    starts: dict[str, list[Event]] = {}
    for event in bundle.events("event-install-started"):
        starts.setdefault(_subject(event), []).append(event)
    titles = {_subject(event): event.fields["title"] for event in bundle.events(*_TITLED) if event.fields.get("title")}
    found = [
        Failure(subject, tuple(events), _start(events, starts.get(subject, [])), titles.get(subject))
        for subject, events in kept.items()
    ]
    asked = [one for one in found if bundle.target.names(one.name, one.subject)]
    order = {event: index for index, event in enumerate(told)}
    return tuple(sorted(asked or found, key=lambda one: order.get(one.told[-1], 0)))


def _names(subject: str, events: Iterable[Event]) -> set[str]:
    """The ways in which the client's list may name the update."""
    titles = [subject, *(event.fields.get("title") or event.fields.get("package") or "" for event in events)]
    return {subject, *(kb.upper() for title in titles for kb in KB.findall(title))}


def _earlier(good: Event, bad: Iterable[Event]) -> bool:
    """Whether the success is not known to come after one of the failures."""
    return any(good.after(one) is not True for one in bad)


def _start(failed: list[Event], starts: list[Event]) -> Event | None:
    """The start that belongs to a failure in ReportingEvents.log."""
    last = next((event for event in reversed(failed) if event.id == "event-install-failed"), None)
    if last is None:
        return None
    return next((one for one in reversed(starts) if last.after(one) is True), None)


class SetupOutcome(Evidence, frozen=True):
    """How Windows Setup ended, which installs a feature update."""

    asks = "setup-logs"

    failures: tuple[Event, ...]
    began: Event | None
    installs: InstallHistory | None

    @classmethod
    def read(cls, bundle: Bundle) -> SetupOutcome | None:
        """None when neither the agent nor Setup's own logs tell of it."""
        told = [event for event in bundle.events("feature-update-failed") if (code := code_of(event)) and not code.ok]
        own = [
            event
            for event in bundle.events("setup-failed", "setup-operation-failed")
            if (code := code_of(event)) is None or not code.ok
        ]
        installs = bundle.evidence(InstallHistory)
        found = cls(failures=(*told, *own), began=newest(bundle.events("feature-update-started")), installs=installs)
        return found if found.failures or installs else None

    @property
    def lines(self) -> tuple[Event, ...]:
        """The newest lines that tell of the failure."""
        return self.failures[-2:]

    @property
    def coded(self) -> Failure | None:
        """A failed installation whose code is one of Windows Setup."""
        return self.installs.first_to("feature-update-setup-failed") if self.installs else None

    @property
    def standing(self) -> Event | None:
        """Setup's failure, when no update is known to have been installed after it."""
        good = self.installs.succeeded if self.installs else None
        last = self.failures[-1] if self.failures else None
        return None if last is None or (good and good.after(last)) else last

    @property
    def error(self) -> HResult | None:
        """The code."""
        if self.standing:
            return code_of(self.standing)
        return self.coded.error if self.coded else None
