"""Standard input: ``ccmdoctor diagnose -`` on lines pasted from CMTrace, a mail or a forum, or a piped file."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from ccmdoctor.sources.artifact import Artifact, Data, Source, Unread, spooled

ORDER = 10
NAME = "stdin"


class Pasted:
    """What comes in on standard input, as one artifact."""

    address = "-"

    def collected(self) -> datetime | None:
        """A paste does not say when it was taken."""
        return None

    def artifacts(self) -> Iterator[Artifact | Unread]:
        """The one artifact."""
        yield Artifact(NAME, -1, _all_of_it)


@contextmanager
def _all_of_it() -> Iterator[Data]:
    with spooled(sys.stdin.buffer.read, lambda total: None) as data:
        yield data


def detect(address: str) -> Source | None:
    """A single dash."""
    return Pasted() if address == "-" else None
