"""What the ``redact`` command says: the note inside the archive, and the line on the screen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from ccmdoctor.report.words import words


class _Left(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def why(self) -> str: ...


class Redacted(Protocol):
    """What was done: files written, replacements by kind (a key of ``[redact.kinds]``), files left out."""

    @property
    def files(self) -> int: ...
    @property
    def replaced(self) -> Mapping[Any, int]: ...
    @property
    def left_out(self) -> Iterable[_Left]: ...


def note(done: Redacted, language: str) -> str:
    """The text of REDACTED.txt: what was replaced, what stayed, what was left out and why."""
    say = words(language)
    replaced = [f"  {say(f'redact.kinds.{kind}')}: {count}" for kind, count in sorted(done.replaced.items())]
    left_out = [f"  {one.name}: {say(f'coverage.{one.why}')}" for one in done.left_out]
    nothing = [f"  {say('redact.nothing')}"]
    lines = [
        say("redact.title"), "", say("redact.intro"), "", say("redact.kept"), "", say("redact.check"), "",
        f"{say('redact.replaced')}:", *(replaced or nothing), "",
        f"{say('redact.left-out')}:", *(left_out or nothing), "",
    ]  # fmt: skip
    return "\n".join(lines)


def summary(done: Redacted, file: str, language: str) -> str:
    """How it went, in a line or two."""
    say = words(language)
    lines = [say("redact.done", file=file, files=done.files, count=sum(done.replaced.values()))]
    left_out = len(list(done.left_out))
    if left_out:
        lines.append(say("redact.left", count=left_out))
    return "\n".join(lines)
