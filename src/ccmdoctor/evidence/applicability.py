"""Why an update is not offered here though scans succeed: what the console says of it, and what it lacks on the client.

LocalizedDisplayName : 2025-02 Cumulative Update for Windows 11 Version 24H2 (KB5051987)
IsExpired            : True
requires Servicing Stack v10.0.14393.5285 but current Servicing Stack is v10.0.14393.4349.
CAgentJob::VersionInfoTimedOut for ModelName Site_.../SUM_..., version 200
"""

from __future__ import annotations

from ccmdoctor.evidence.base import Bundle, Evidence, Proof, Target, code_of, newest, ordered
from ccmdoctor.evidence.updates import UpdateState, UpdateStates, plain_text
from ccmdoctor.knowledge import codes
from ccmdoctor.knowledge.tables import table
from ccmdoctor.model import Event, HResult, State

_WITH_CODE = ("assignment-job-error", "update-state-error", "software-center-error", "update-download-failed")
_CHOSEN = ("product", "updateclassification")


class ReportedCodes(Evidence, frozen=True):
    """The codes with which evaluation and installation jobs ended, and the newest evaluation that succeeded."""

    asks = "evaluation-log"

    failed: tuple[Event, ...]
    evaluated: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> ReportedCodes | None:
        """None when no job's end is told."""
        found = cls(
            failed=tuple(bundle.events(*_WITH_CODE)),
            evaluated=newest(bundle.events("assignment-evaluated")),
        )
        return found if found.failed or found.evaluated else None

    def pointing_to(self, cause: str) -> Event | None:
        """The newest code that points to the cause and that no successful evaluation is known to follow."""
        found = [one for one in self.failed if (code := code_of(one)) is not None and cause in codes.points_to(code)]
        last = newest(found)
        return None if last is None or (self.evaluated and self.evaluated.after(last)) else last


class ConsoleUpdates(Evidence, frozen=True):
    """What the console says of updates (``Get-CMSoftwareUpdate``, class SMS_SoftwareUpdate)."""

    asks = "update-in-console"

    rows: tuple[State, ...]
    target: Target

    @classmethod
    def read(cls, bundle: Bundle) -> ConsoleUpdates | None:
        """None when the console was not asked."""
        rows = tuple(bundle.states("wmi", "SMS_SoftwareUpdate"))
        return cls(rows=rows, target=bundle.target) if rows else None

    @property
    def asked_for(self) -> State | None:
        """The row of the update that the user asked about; of several the one that is still in use."""
        found = [row for row in self.rows if _console_update(row).is_named_by(self.target)]
        used = [row for row in found if not (_is(row, "isexpired") or _is(row, "issuperseded"))]
        return (used or found)[-1] if found else None

    @property
    def expired(self) -> bool:
        """The update was expired."""
        return _is(self.asked_for, "isexpired")

    @property
    def superseded(self) -> bool:
        """A newer update replaces it."""
        return _is(self.asked_for, "issuperseded")

    @property
    def title(self) -> str | None:
        """Its title."""
        return _console_update(self.asked_for).title if self.asked_for else None


def _console_update(row: State) -> UpdateState:
    values = row.values
    return UpdateState(
        "", str(values.get("localizeddisplayname") or ""), "", str(values.get("articleid") or ""), (row,)
    )


def _is(row: State | None, name: str) -> bool:
    return row is not None and (row.values.get(name) is True or str(row.values.get(name)).lower() == "true")


class UpdateCategories(Evidence, frozen=True):
    """Which products and classifications are synchronised (``Get-CMSoftwareUpdateCategory``)."""

    asks = "update-categories"

    rows: tuple[State, ...]
    target: Target

    @classmethod
    def read(cls, bundle: Bundle) -> UpdateCategories | None:
        """None when the categories were not listed."""
        listed = bundle.states("wmi", "SMS_UpdateCategoryInstance")
        rows = tuple(row for row in listed if str(row.values.get("categorytypename", "Product")).lower() in _CHOSEN)
        return cls(rows=rows, target=bundle.target) if rows else None

    @property
    def named(self) -> tuple[State, ...]:
        """The categories whose names stand in what the user asks for; only the longest of names that overlap."""
        wanted = plain_text(self.target.update or "")
        found = {
            plain_text(_name(row)): row
            for row in self.rows
            if plain_text(_name(row)) and plain_text(_name(row)) in wanted
        }
        return tuple(row for name, row in found.items() if not any(name != one and name in one for one in found))

    @property
    def unselected(self) -> State | None:
        """One of them that is not synchronised, and of which no selected category is a variety (by its name)."""
        selected = [plain_text(_name(row)) for row in self.rows if _is(row, "issubscribed")]
        return next(
            (
                row
                for row in self.named
                if not _is(row, "issubscribed") and not any(one.startswith(plain_text(_name(row))) for one in selected)
            ),
            None,
        )

    @property
    def all_selected(self) -> bool:
        """Every category that is named is synchronised."""
        return bool(self.named) and all(_is(row, "issubscribed") for row in self.named)

    @property
    def name(self) -> str | None:
        """Its name."""
        return _name(self.unselected) if self.unselected else None


def _name(row: State) -> str:
    return str(row.values.get("localizedcategoryinstancename") or "")


class AskedUpdate(Evidence, frozen=True):
    """The update that the user asked about, beside the client's list of updates."""

    asks = "update-status"

    updates: UpdateStates

    @classmethod
    def read(cls, bundle: Bundle) -> AskedUpdate | None:
        """None when the client's list is not there."""
        updates = bundle.evidence(UpdateStates)
        return cls(updates=updates) if updates else None

    @property
    def asked(self) -> str | None:
        """The user's words."""
        return self.updates.target.update

    @property
    def known(self) -> UpdateState | None:
        """Its row."""
        return self.updates.asked_for

    @property
    def is_absent(self) -> bool:
        """A whole list was given, and the update does not stand in it."""
        return bool(self.asked and self.updates.updates) and self.known is None and self.updates.would_show_asked

    @property
    def is_out_of_line(self) -> bool:
        """The user's own words call it a preview or an out-of-band update."""
        return _says(self.asked, "preview") or _says(self.asked, "out_of_band")

    @property
    def missing_stack(self) -> UpdateState | None:
        """A servicing stack update that is applicable and not installed."""
        return next((one for one in self.updates.updates if one.missing and _says(one.title, "servicing_stack")), None)

    @property
    def out_of_support(self) -> UpdateState | None:
        """A Windows update in the list whose product gets security updates only by an extension of its support."""
        return next((one for one in self.updates.windows if _says(one.title, "after_support")), None)

    @property
    def in_support(self) -> UpdateState | None:
        """A Windows update in the list, when none is of a product whose support has ended."""
        return next(iter(self.updates.windows), None) if self.out_of_support is None else None

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The first rows of the list."""
        return self.updates.proof


class SupportExtension(Evidence, frozen=True):
    """What tells of the licence for Extended Security Updates: the updates, and the servicing stack (CBS.log)."""

    asks = "esu-licence"

    asked: AskedUpdate | None
    refused: Event | None  # the servicing stack looked for the licence and did not find it

    @classmethod
    def read(cls, bundle: Bundle) -> SupportExtension | None:
        """None when neither tells."""
        found = cls(asked=bundle.evidence(AskedUpdate), refused=newest(bundle.events("esu-not-eligible")))
        return found if found.asked or found.refused else None


def _says(text: str | None, words: str) -> bool:
    plain = plain_text(text or "")
    return any(word in plain for word in table("windows_update")["titles"][words])


class ServicingStack(Evidence, frozen=True):
    """Whether the servicing stack is too old for an update that is not offered."""

    asks = "servicing-log"

    reported: Event | None
    listed: UpdateState | None

    @classmethod
    def read(cls, bundle: Bundle) -> ServicingStack | None:
        """None when neither a job's end nor the client's list is known, nor a refusal."""
        codes_told, asked = bundle.evidence(ReportedCodes), bundle.evidence(AskedUpdate)
        if not (codes_told or asked or bundle.events("servicing-stack-too-old")):
            return None
        return cls(
            reported=codes_told.pointing_to("ssu-missing") if codes_told else None,
            listed=asked.missing_stack if asked else None,
        )

    @property
    def title(self) -> str | None:
        """The servicing stack update that is listed as missing."""
        return self.listed.title if self.listed else None


class ItemDocuments(Evidence, frozen=True):
    """Whether the client got the documents of the configuration items behind its deployments."""

    asks = "evaluation-log"

    job: Event | None
    item: Event | None
    evaluated: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> ItemDocuments | None:
        """None when no log tells of an evaluation's end or of a missing document."""
        told = bundle.evidence(ReportedCodes)
        evaluated = told.evaluated if told else None
        lines = [one for one in bundle.events("item-version-missing") if "sum_" in one.fields["item"].lower()]
        last = newest(ordered(lines))
        found = cls(
            job=told.pointing_to("ci-document-download-failed") if told else None,
            item=None if last and evaluated and evaluated.after(last) else last,
            evaluated=evaluated,
        )
        return found if told or last else None

    @property
    def error(self) -> HResult | None:
        """The code of the job."""
        return code_of(self.job)

    @property
    def name(self) -> str | None:
        """The item whose document is missing, where a line names it."""
        return self.item.fields["item"] if self.item else None
