"""Where each update stands by the client's own word: its state, its turn in a group, what fails before it.

Update (Site_GUID/SUM_GUID) Progress: Status = ciStateWaitServiceWindow, PercentComplete = 0, Result = 0x0

The newest word of each update decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

import msgspec

from ccmdoctor.evidence.base import Bundle, Evidence, Mark, Proof, Target, code_of, newest, ordered, plain_id
from ccmdoctor.evidence.content import ContentChecks, Downloads
from ccmdoctor.evidence.install import InstallHistory
from ccmdoctor.evidence.management_point import ManagementPointTraffic
from ccmdoctor.evidence.scan import ScanHistory
from ccmdoctor.evidence.transfer import Transfers
from ccmdoctor.evidence.windows import LocalClock, Moment
from ccmdoctor.knowledge import codes
from ccmdoctor.model import Event, HResult, Stage, State

# learn.microsoft.com/intune/configmgr/develop/reference/core/clients/sdk/ccm_softwareupdate-client-wmi-class
_STATES = [
    "none", "available", "submitted", "detecting", "pre-download", "downloading", "wait-install", "installing",
    "pending-soft-reboot", "pending-hard-reboot", "wait-reboot", "verifying", "install-complete", "error",
    "wait-service-window", "wait-user-logon", "wait-user-logoff", "wait-job-user-logon", "wait-user-reconnect",
    "pending-user-logoff", "pending-update", "waiting-retry", "wait-pres-mode-off", "wait-for-orchestration",
]  # fmt: skip
_KNOWN = {name.replace("-", ""): name for name in _STATES}
IDLE = ("none", "available", "wait-install")
_AT_WORK = ("installing", "pending-soft-reboot", "pending-hard-reboot", "wait-reboot", "verifying", "install-complete")
_SHORTEST = 300  # seconds; no run time below five minutes can be set, so a smaller number counts minutes
_NO_LOCK = "0"
_CODE = re.compile(r"(?<![\w-])(?:0x[0-9a-f]{8}|-?\d{10}|[0-9a-f]{8})(?!\w)", re.IGNORECASE)


def update_of(event: Event) -> str:
    """The update that a line names, or nothing: many are pasted without their beginning."""
    return plain_id(event.fields.get("update", ""))


def assignment_id(event: Event) -> str:
    """The deployment that a line names, or nothing."""
    return event.fields.get("assignment", "").strip("(){} ").lower()


def code_in(event: Event, *causes: str) -> HResult | None:
    """The code of a line, else the first in its text, that may come from one of these causes (or ends of their ids)."""
    told = [event.fields.get("error", ""), *_CODE.findall(event.record.text)]
    found = (HResult.parse(one) for one in told)
    return next((one for one in found if one and any(to.endswith(causes) for to in codes.points_to(one))), None)


def told_by_console(bundle: Bundle, id: str) -> list[Event]:
    """What the console or Software Center says of the state of a deployment; a list of all states says nothing."""
    lists = {one.record.place.file for one in bundle.events("console-waits-for-window")}
    lists &= {one.record.place.file for one in bundle.events("console-waits-for-restart")}
    return [one for one in bundle.events(id) if one.record.place.file not in lists]


def yes(value: object) -> bool | None:
    """A switch in WMI or in a log; None when it is not stated."""
    word = str(value).strip().lower()
    return True if word in ("true", "1", "-1") else False if word in ("false", "0") else None


class Progress(msgspec.Struct, frozen=True):
    """Where one update stands, by the client's own word. ``state`` is a name of the state without ``ciState``."""

    id: str
    state: str
    name: str | None
    article: str
    proof: tuple[Proof, ...]
    deadline: Moment | None = None
    run_time: int | None = None  # seconds
    error: HResult | None = None

    @property
    def when(self) -> datetime | None:
        """When it came into this state (UTC), from a log."""
        last = self.proof[-1]
        return last.utc if isinstance(last, Event) else None

    @property
    def label(self) -> str | None:
        """The update, as well as it is known."""
        return self.name or (f"KB{self.article}" if self.article.isdecimal() else self.article or self.id or None)


class UpdateProgress(Evidence, frozen=True):
    """The state of each deployed update: what Software Center shows (CCM_SoftwareUpdate), else what the log says."""

    asks = "software-center-updates"

    updates: tuple[Progress, ...]
    target: Target
    listed: bool

    @classmethod
    def read(cls, bundle: Bundle) -> UpdateProgress | None:
        """None when neither the class was listed nor the log tells of an update's progress."""
        rows = bundle.states("wmi", "CCM_SoftwareUpdate")
        clock = bundle.once(LocalClock.of)
        found = [_of_row(row, clock) for row in rows] if rows else list(_of_log(bundle))
        return cls(updates=tuple(found), target=bundle.target, listed=bool(rows)) if found else None

    @property
    def asked(self) -> tuple[Progress, ...]:
        """The updates that the user asked about, else all."""
        named = tuple(one for one in self.updates if self.target.names(one.name, one.article, one.id))
        return named if self.target.update else self.updates

    def held(self, *states: str) -> Progress | None:
        """The newest of them in one of these states."""
        return next((one for one in reversed(self.asked) if one.state in states), None)

    @property
    def is_past_waiting(self) -> bool:
        """Software Center shows them all at work or done."""
        return self.listed and bool(self.asked) and all(one.state in _AT_WORK for one in self.asked)

    @property
    def at_work(self) -> Progress | None:
        """One that is being installed, or is in."""
        return self.held(*_AT_WORK)

    @property
    def idle(self) -> Progress | None:
        """One that is offered and not at work, when none failed."""
        return None if self.held("error") else self.held(*IDLE)

    @property
    def offered(self) -> Progress | None:
        """One that Software Center offers and nobody has started, when none failed."""
        return self.held("none", "available") if self.listed and not self.held("error") else None

    @property
    def _failed(self) -> Progress | None:
        """One that ended with an error which no other stage has as its own."""
        failed = self.held("error")
        own = failed and failed.error and codes.lookup(failed.error).stage in (Stage.CONTENT, Stage.INSTALL)
        return None if own else failed

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The rows or lines."""
        return tuple(one.proof[-1] for one in self.asked[:3])

    def marks(self) -> Iterable[Mark]:
        """Work is good; waiting for somebody or something else than the machine itself is not."""
        good = self.held("installing", "install-complete", "verifying")
        bad = self.held("wait-service-window", "wait-for-orchestration", "wait-pres-mode-off", *USER_STATES)
        if good or bad:
            yield Mark(
                Stage.ENFORCEMENT,
                "progress",
                good.proof[-1] if good else None,
                bad.proof[-1] if bad else None,
                bad is not None,
            )
        if self._failed is not None:
            yield Mark(Stage.INSTALL, "progress", None, self._failed.proof[-1], True)


class GroupTurn(Evidence, frozen=True):
    """Whether updates wait for the lock of a server group or an orchestration group.

    Their states tell it, else the newest word of UpdatesDeployment.log about the lock.
    """

    asks = "software-center-updates"

    progress: UpdateProgress | None
    lock: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> GroupTurn | None:
        """None when neither the states of updates nor a lock is told."""
        told = bundle.events("group-lock", "group-turn-awaited")
        lock = newest(ordered([*told, *(bundle.events("group-turn-given") if told else ())]))
        progress = bundle.evidence(UpdateProgress)
        return cls(progress=progress, lock=lock) if progress or lock else None

    @property
    def held(self) -> Progress | None:
        """The newest update that waits."""
        return self.progress.held("wait-for-orchestration") if self.progress else None

    @property
    def awaited(self) -> Event | None:
        """The line that says that the client waits for its turn, when no update is at work."""
        if self.lock is None or (self.progress and self.progress.at_work):
            return None
        waits = self.lock.id == "group-turn-awaited" or self.lock.fields.get("state") == _NO_LOCK
        return self.lock if waits else None

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The states, else the newest line."""
        if self.progress:
            return self.progress.proof
        return (self.lock,) if self.lock else ()


USER_STATES = (
    "wait-user-logon",
    "wait-user-logoff",
    "wait-job-user-logon",
    "wait-user-reconnect",
    "pending-user-logoff",
)


def _state(told: str) -> str:
    """A state by its number or, as scripts and tools print it, by its name with or without ``ciJobState``."""
    if told.isdecimal():
        return _STATES[int(told)] if int(told) < len(_STATES) else ""
    return _KNOWN.get(told.lower().removeprefix("cijobstate").removeprefix("cistate"), "")


def _of_row(row: State, clock: LocalClock) -> Progress:
    values = row.values
    state = _state(str(values.get("evaluationstate")))
    seconds = str(values.get("maxexecutiontime"))
    run_time = int(seconds) if seconds.isdecimal() and int(seconds) else None
    return Progress(
        id=plain_id(str(values.get("updateid") or "")),
        state=state,
        name=str(values.get("name") or "") or None,
        article=str(values.get("articleid") or ""),
        proof=(row,),
        deadline=clock.stated(values.get("deadline")),
        run_time=run_time * 60 if run_time and run_time < _SHORTEST else run_time,
        error=HResult.parse(str(values.get("errorcode") or "")),
    )


def _of_log(bundle: Bundle) -> Iterable[Progress]:
    titles = {update_of(event): event.fields for event in bundle.events("update-targeted")}
    last: dict[str, Progress] = {}
    prefixes = {"update-waits": "wait", "update-pends": "pending", "update-installs": "install"}
    for event in bundle.events(*prefixes, "update-state-error"):
        id = update_of(event)
        word = prefixes.get(event.id, "") + event.fields.get("state", "").lower()
        state = _KNOWN.get(word, "error" if event.id == "update-state-error" else "")
        about = titles.get(id, {})
        last.pop(id, None)
        code = code_of(event)
        last[id] = Progress(id, state, about.get("title"), about.get("article", ""), (event,), error=code)
    return last.values()


class EarlierTrouble(Evidence, frozen=True):
    """Trouble on the client that comes before any waiting, and which the waiting does not explain."""

    asks = "scan-history"

    keys: tuple[str, ...]

    @classmethod
    def read(cls, bundle: Bundle) -> EarlierTrouble | None:
        """None when nothing fails that the client tells of."""
        scans = bundle.evidence(ScanHistory)
        failing = {
            "mp-fails-first": mp_fails(bundle),
            "scan-fails-first": scans is not None and bool(scans.attempts) and not scans.latest.succeeded,
            "download-fails-first": download_fails(bundle),
            "install-fails-first": _install_fails(bundle),
        }
        keys = tuple(key for key, fails in failing.items() if fails)
        return cls(keys) if keys else None


def mp_fails(bundle: Bundle) -> bool:
    """The management point does not answer: for longer than a working client fails now and then, where times tell."""
    traffic = bundle.evidence(ManagementPointTraffic)
    last = traffic.current if traffic else None
    return traffic is not None and last is not None and (traffic.lasting or last.when is None)


def download_fails(bundle: Bundle) -> bool:
    """A download failed and was not repeated with success. Nothing of that matters to an update asked for by name."""
    if bundle.target.update:
        return False
    kinds = (bundle.evidence(Downloads), bundle.evidence(ContentChecks), bundle.evidence(Transfers))
    marks = [mark for kind in kinds if kind is not None for mark in kind.marks()]
    return any(mark.stage is Stage.CONTENT and mark.failing for mark in marks)


def _install_fails(bundle: Bundle) -> bool:
    """An update failed to install, and not because it had to wait."""
    installs = bundle.evidence(InstallHistory)
    failed = installs.failures if installs else ()
    if bundle.target.update:
        failed = tuple(one for one in failed if bundle.target.names(one.name, one.subject))
    return any(codes.lookup(one.error).stage != Stage.ENFORCEMENT for one in failed)


class PresentationMode(Evidence, frozen=True):
    """Whether the agent found presentation mode off when it looked. That it looks is nothing special."""

    asks = "evaluation-log"

    looked: Event | None
    off: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> PresentationMode | None:
        """None when the agent did not look."""
        found = cls(
            looked=newest(bundle.events("presentation-mode-checked")),
            off=newest(bundle.events("presentation-mode-off")),
        )
        return found if found.looked or found.off else None

    def ended_after(self, waiting: Progress) -> bool:
        """Whether it was found off after an update began to wait for its end."""
        last = waiting.proof[-1]
        return self.off is not None and isinstance(last, Event) and self.off.after(last) is True

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The check and its result."""
        return tuple(one for one in (self.looked, self.off) if one)
