"""The nouns of the timeline: one entry, and which entries are wanted."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from ccmdoctor.model import Instant, Zone

# A type 1 record may well tell of an error: ``[CCMHTTP] ERROR: ...`` is one.
_TROUBLE = re.compile(r"\b0x[89a-f][0-9a-f]{7}\b|\berrors?\b|\bfail(?:s|ed|ure|ures)?\b|エラー|失敗", re.IGNORECASE)
_NO_TROUBLE = re.compile(
    r"\b(?:errors?|failures?|failed)(?: ?code)?\s*(?:[:=(]+\s*|(?<= ))(?:0x)?0+\b"
    r"|\b(?:no|without|0) (?:error|failure)s?\b",
    re.IGNORECASE,
)
ERROR = 3


class Entry(NamedTuple):
    """One record. ``at`` is the instant by which it is ordered, in milliseconds since 1970 (UTC as far as known).

    ``when`` is its time with what is known of the zone; None for a record without one, which keeps its place in the
    file. ``severity`` is CMTrace's type or None.
    """

    at: int
    when: Instant | None
    file: str
    line: int
    component: str
    thread: str
    severity: int | None
    text: str

    @property
    def utc(self) -> datetime | None:
        """The instant in UTC, or None."""
        return self.when.utc if self.when else None

    @property
    def zone(self) -> Zone:
        """How far the instant can be trusted."""
        return self.when.zone if self.when else Zone.UNKNOWN


class Wanted(NamedTuple):
    """Which entries to show; everything that is None or false lets all through.

    ``first`` and ``last`` are milliseconds since 1970 in UTC.
    """

    first: int | None = None
    last: int | None = None
    components: frozenset[str] = frozenset()
    text: re.Pattern[str] | None = None
    errors: bool = False

    @classmethod
    def of(
        cls,
        around: datetime | None = None,
        within: timedelta = timedelta(minutes=10),
        components: tuple[str, ...] = (),
        grep: re.Pattern[str] | None = None,
        errors: bool = False,
    ) -> Wanted:
        """From what a user says: a moment (aware) and how far from it, names of components or logs, an expression."""
        middle = round(around.astimezone(UTC).timestamp() * 1000) if around else None
        reach = round(within.total_seconds() * 1000)
        return cls(
            None if middle is None else middle - reach,
            None if middle is None else middle + reach,
            frozenset(one.lower() for one in components),
            grep,
            errors,
        )

    def at(self, instant: int) -> bool:
        """Whether the time fits."""
        return (self.first is None or instant >= self.first) and (self.last is None or instant <= self.last)

    def named(self, *names: str) -> bool:
        """Whether the component or the log fits."""
        return not self.components or any(name.lower() in self.components for name in names)

    def says(self, text: str, severity: int | None) -> bool:
        """Whether the text fits."""
        if self.errors and severity != ERROR and not is_trouble(text):
            return False
        return self.text is None or self.text.search(text) is not None


def is_trouble(text: str) -> bool:
    """Whether a text speaks of a failure; one that states success as code 0 or "no errors" does not."""
    return _TROUBLE.search(_NO_TROUBLE.sub("", text)) is not None
