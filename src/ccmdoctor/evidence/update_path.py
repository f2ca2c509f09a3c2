"""The way of one update through the client, from the offer of the update point to the report: what `--update` follows.

Queried Update (GUID): Status=Missing, Title=2025-03 Cumulative Update for Windows 11 (KB5053598)
Update (Site_GUID/SUM_GUID) Name (...) ArticleID (5053598) added to the targeted list of deployment ({GUID})
Contents downloaded successfully for update (GUID).
Raised update (Site_GUID/SUM_GUID) enforcement state message successfully. StateId = 10, ...

The lines name an update by its id alone; its number and title stand in few of them. The id in the store, behind
``SUM_``, in the console and in ReportingEvents.log is the same.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ccmdoctor.evidence.base import Bundle, Evidence, Proof, newest, plain_id
from ccmdoctor.evidence.enforcement import Progress, UpdateProgress
from ccmdoctor.evidence.install import InstallHistory
from ccmdoctor.evidence.pending_restart import PendingRestarts
from ccmdoctor.evidence.policy import Assignments
from ccmdoctor.evidence.updates import UpdateStates
from ccmdoctor.evidence.window_wait import WindowWait
from ccmdoctor.model import Event, HResult, PathState, PathStep

_DOWNLOADED = ("update-downloaded", "event-download-succeeded")
_NOT_DOWNLOADED = ("update-download-failed", "event-download-failed")
_INSTALLED = ("event-install-succeeded",)
_REPORTED = ("update-state-raised", "update-enforcement-raised")
_ENDED = ("install-finished", "install-result", "update-installs")
_AT_WORK = ("installing", "verifying", "install-complete", "pending-soft-reboot", "pending-hard-reboot", "wait-reboot")
_DOWNLOADING = ("detecting", "pre-download", "downloading")


class Step(msgspec.Struct, frozen=True):
    """One step of the way: what is known of it, and the proof where there is any."""

    step: PathStep
    state: PathState = PathState.UNKNOWN
    proof: Proof | None = None


class UpdatePath(Evidence, frozen=True):
    """The steps of the update that was asked for, in order; those of which nothing is known too."""

    asks = "update-status"

    steps: tuple[Step, ...]

    @classmethod
    def read(cls, bundle: Bundle) -> UpdatePath | None:
        """None when no update was asked for."""
        return cls(tuple(_Walk(bundle).steps())) if bundle.target.update else None


class _Walk:
    """What the evidence knows of the update, under all names that it has."""

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.states = bundle.evidence(UpdateStates)
        self.known = self.states.asked_for if self.states else None
        self.targeted = [one for one in bundle.events("update-targeted") if self._is_asked(one)]
        self.progress = bundle.evidence(UpdateProgress)
        self.ids = set(self._ids())
        self.row = self._row()

    def _is_asked(self, event: Event) -> bool:
        fields = event.fields
        return self.bundle.target.names(fields.get("title"), fields.get("article"), fields.get("update"))

    def _ids(self) -> Iterable[str]:
        if self.known and self.known.id:
            yield self.known.id
        yield from (plain_id(one.fields["update"]) for one in self.targeted)
        for event in self.bundle.events(*_DOWNLOADED, *_NOT_DOWNLOADED, "update-status", "install-finished"):
            if self._is_asked(event):
                yield plain_id(event.fields["update"])

    def _row(self) -> Progress | None:
        if self.progress is None:
            return None
        named = [
            one
            for one in self.progress.updates
            if (one.id and one.id in self.ids) or self.bundle.target.names(one.name, one.article, one.id)
        ]
        self.ids |= {one.id for one in named if one.id}
        return named[-1] if named else None

    def _mine(self, *messages: str) -> list[Event]:
        return [one for one in self.bundle.events(*messages) if plain_id(one.fields.get("update", "")) in self.ids]

    def steps(self) -> Iterable[Step]:
        """All steps in their order."""
        installed = self._installed()
        restart = self._restart(installed)
        yield self._offered()
        yield self._applicable()
        yield self._targeted()
        yield self._downloaded()
        yield self._window(installed)
        yield installed
        yield restart
        yield self._reported()

    def _offered(self) -> Step:
        if self.known:
            return Step(PathStep.OFFERED, PathState.DONE, self.known.proof[-1])
        if self.row:
            return Step(PathStep.OFFERED, PathState.DONE, self.row.proof[-1])
        if self.states and self.states.would_show_asked:
            return Step(PathStep.OFFERED, PathState.NO, self.states.listed)
        return Step(PathStep.OFFERED)

    def _applicable(self) -> Step:
        if self.known and self.known.missing:
            return Step(PathStep.MISSING, PathState.DONE, self.known.proof[-1])
        if self.known and self.known.installed:
            return Step(PathStep.MISSING, PathState.NO, self.known.proof[-1])
        return Step(PathStep.MISSING)

    def _targeted(self) -> Step:
        if self.targeted:
            return Step(PathStep.TARGETED, PathState.DONE, self.targeted[-1])
        deployments = self.bundle.evidence(Assignments)
        wanted = deployments.wanted if deployments else None
        if wanted:
            return Step(PathStep.TARGETED, PathState.DONE, wanted.proof[-1])
        if self.row:
            return Step(PathStep.TARGETED, PathState.DONE, self.row.proof[-1])
        return Step(PathStep.TARGETED)

    def _downloaded(self) -> Step:
        last = newest(self._mine(*_DOWNLOADED, *_NOT_DOWNLOADED))
        if last is not None:
            return Step(PathStep.DOWNLOADED, PathState.DONE if last.id in _DOWNLOADED else PathState.FAILED, last)
        if self.row and self.row.state in _DOWNLOADING:
            return Step(PathStep.DOWNLOADED, PathState.WAITING, self.row.proof[-1])
        if self.row and self.row.state in _AT_WORK:
            return Step(PathStep.DOWNLOADED, PathState.DONE, self.row.proof[-1])
        return Step(PathStep.DOWNLOADED)

    def _window(self, installed: Step) -> Step:
        if installed.state is not PathState.UNKNOWN and installed.proof is not None:
            return Step(PathStep.WINDOW, PathState.DONE, installed.proof)
        if self.row and self.row.state == "wait-service-window":
            return Step(PathStep.WINDOW, PathState.WAITING, self.row.proof[-1])
        wait = self.bundle.evidence(WindowWait)
        mine = {plain_id(one.fields["assignment"]) for one in self.targeted if one.fields.get("assignment")}
        if wait and wait.stands and wait.assignment and wait.assignment.strip("{}").lower() in mine:
            return Step(PathStep.WINDOW, PathState.WAITING, wait.proof[-1])
        if self.row and self.row.state in _AT_WORK:
            return Step(PathStep.WINDOW, PathState.DONE, self.row.proof[-1])
        return Step(PathStep.WINDOW)

    def _installed(self) -> Step:
        if self.known and self.known.installed:
            return Step(PathStep.INSTALLED, PathState.DONE, self.known.proof[-1])
        failed = self._failure()
        good = newest([one for one in self._mine(*_INSTALLED, *_ENDED) if _succeeded(one)])
        if failed is not None and (good is None or good.after(failed) is not True):
            return Step(PathStep.INSTALLED, PathState.FAILED, failed)
        if good is not None:
            return Step(PathStep.INSTALLED, PathState.DONE, good)
        if self.row and self.row.state == "error":
            return Step(PathStep.INSTALLED, PathState.FAILED, self.row.proof[-1])
        if self.row and self.row.state in _AT_WORK[2:]:
            return Step(PathStep.INSTALLED, PathState.DONE, self.row.proof[-1])
        if self.row and self.row.state in _AT_WORK:
            return Step(PathStep.INSTALLED, PathState.WAITING, self.row.proof[-1])
        return Step(PathStep.INSTALLED)

    def _failure(self) -> Event | None:
        installs = self.bundle.evidence(InstallHistory)
        mine = [
            one
            for one in (installs.failures if installs else ())
            if plain_id(one.subject) in self.ids or self.bundle.target.names(one.name, one.subject)
        ]
        return mine[-1].last if mine else None

    def _restart(self, installed: Step) -> Step:
        restarts = self.bundle.evidence(PendingRestarts)
        if restarts is None:
            return Step(PathStep.RESTART)
        waiting = [one for one in restarts.waiting if one.id in self.ids]
        if waiting and not restarts.denied:
            return Step(PathStep.RESTART, PathState.WAITING, waiting[-1].events[-1])
        if self.row and self.row.state in ("pending-soft-reboot", "pending-hard-reboot", "wait-reboot"):
            return Step(PathStep.RESTART, PathState.WAITING, self.row.proof[-1])
        if restarts.restarted is not None and installed.state is PathState.DONE:
            return Step(PathStep.RESTART, PathState.DONE, restarts.restarted)
        return Step(PathStep.RESTART)

    def _reported(self) -> Step:
        last = newest(self._mine(*_REPORTED))
        if last is None:
            return Step(PathStep.REPORTED)
        state = last.fields.get("status", "").strip(".,").lower()
        stale = self.known is not None and self.known.installed and state == "missing"
        return Step(PathStep.REPORTED, PathState.WAITING if stale else PathState.DONE, last)


def _succeeded(event: Event) -> bool:
    if event.id == "update-installs":
        return event.fields["state"].lower() == "complete"
    code = HResult.parse(event.fields.get("error", "0"))
    return code is not None and code.ok
