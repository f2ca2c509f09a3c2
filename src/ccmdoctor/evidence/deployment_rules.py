"""Automatic deployment rules and the download of updates into packages (RuleEngine.log, PatchDownloader.log).

    Downloading content for ContentID = 16777459,  FileName = ....cab
    HttpSendRequest failed HTTP_STATUS_NOT_FOUND
    ERROR: DownloadUpdateContent() failed with hr=0x80070194
    Failed to run the DownloadAction for the AutoDeployment.
    *** Deadlock detected, not retry since there is 1 open transaction(s).

A request that failed is tried again; only the end of a download counts, and a later success of the same content, or of
the rule, cancels it.
"""

from __future__ import annotations

from datetime import datetime

from ccmdoctor.evidence.base import Bundle, Evidence, newest, ordered
from ccmdoctor.evidence.update_sync import follows, short
from ccmdoctor.model import Event, HResult

_ENDS = (
    "patch-download-failed", "rule-content-failed", "rule-download-failed", "console-download-failed",
    "wsus-file-refused", "third-party-content-failed",
)  # fmt: skip
_DETAILS = ("patch-download-detail", "patch-request-failed")


class PackageDownloads(Evidence, frozen=True):
    """Downloads of update content on the site's side that failed and were not repeated with success."""

    asks = "patch-download-log"

    failing: tuple[Event, ...]
    details: tuple[Event, ...]
    good: Event | None
    content: str | None

    @classmethod
    def read(cls, bundle: Bundle) -> PackageDownloads | None:
        """None when no download's end is told."""
        done = bundle.events("rule-downloaded")
        good = bundle.events("rule-applied", "patch-verified")
        ended = bundle.events(*_ENDS)
        if not (ended or good or done):
            return None
        applied = newest(bundle.events("rule-applied"))
        verified = _by_content(bundle)
        failing = [one for one in ended if not follows(applied, one) and not follows(_same(one, verified), one)]
        first = failing[0] if failing else None
        details = [one for one in bundle.events(*_DETAILS) if first is not None and not follows(applied, one)]
        last = newest([one for one in failing if one.fields.get("content")])
        return cls(
            failing=tuple(failing),
            details=tuple(details[-3:]),
            good=newest(ordered([*good, *done])),
            content=(last.fields["content"].strip(" .{}") if last else None) or _content_of(bundle, failing),
        )

    @property
    def error(self) -> HResult | None:
        """The code of the newest failed download."""
        codes = [HResult.parse(one.fields["error"]) for one in self.failing if one.fields.get("error")]
        return codes[-1] if codes else None

    @property
    def number(self) -> str | None:
        """The number that the rule engine gives: an HTTP status or a Windows error."""
        return next((one.fields["code"] for one in reversed(self.failing) if one.fields.get("code")), None)

    @property
    def reason(self) -> str | None:
        """The newest line that says more: the HTTP answer, the path, the signature."""
        if self.details:
            return short(self.details[-1].record.text)
        told = [one.fields["reason"] for one in self.failing if one.fields.get("reason")]
        return short(told[-1]) if told else None

    @property
    def is_explained(self) -> bool:
        """A code, a number or a reason says why, and not only that it failed."""
        return bool(self.error or self.number or self.reason)

    @property
    def since(self) -> datetime | None:
        """The first of the failures (UTC), where known."""
        return self.failing[0].utc if self.failing else None

    @property
    def proof(self) -> tuple[Event, ...]:
        """What says more, and the ends of the downloads: the newest of each kind, and the one before the last."""
        newest_of = {one.id: one for one in self.failing}
        return (*self.details[-2:], *ordered({*newest_of.values(), *self.failing[-2:]}))


def _by_content(bundle: Bundle) -> dict[tuple[str, str], Event]:
    """The newest verified file of each content, by the file of the log; content that is not named stands under ''."""
    found: dict[tuple[str, str], Event] = {}
    current: dict[str, str] = {}
    for event in bundle.events("patch-downloading", "patch-verified"):
        file = event.stands.file
        if event.id == "patch-downloading":
            current[file] = event.fields["content"]
        else:
            found[file, current.get(file, "")] = event
    return found


def _same(event: Event, verified: dict[tuple[str, str], Event]) -> Event | None:
    content = event.fields.get("content")
    if content:
        return next((one for (_, id), one in verified.items() if id == content), None)
    return verified.get((event.stands.file, "")) if event.log == "PatchDownloader" else None


def _content_of(bundle: Bundle, failing: list[Event]) -> str | None:
    """The content whose download was begun last before the newest failure."""
    last = newest(failing)
    begun = [one for one in bundle.events("patch-downloading") if last is not None and last.after(one) is True]
    return begun[-1].fields["content"] if begun else None


class RuleDeadlock(Evidence, frozen=True):
    """Runs of automatic deployment rules that lost a deadlock of the database and were not repeated."""

    asks = "rule-engine-log"

    lost: Event | None
    retried: Event | None
    applied: Event | None
    processed: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> RuleDeadlock | None:
        """None when no run's end and no deadlock is told."""
        found = cls(
            lost=newest(bundle.events("rule-deadlock-final")),
            retried=newest(bundle.events("deadlock-retried")),
            applied=newest(bundle.events("rule-applied")),
            processed=newest(bundle.events("rule-processing")),
        )
        return found if found.lost or found.retried or found.applied else None

    @property
    def failing(self) -> Event | None:
        """The lost deadlock, when no rule was applied after it."""
        return None if self.lost is None or follows(self.applied, self.lost) else self.lost

    @property
    def rule_name(self) -> str | None:
        """The rule that was processed when it happened."""
        if self.processed is None or self.failing is None or self.processed.after(self.failing):
            return None
        return self.processed.fields["name"].strip(" .")
