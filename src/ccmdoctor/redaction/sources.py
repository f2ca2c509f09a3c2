"""Sources whose artifacts come out redacted: bytes and names, archives inside archives too."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from functools import partial

from ccmdoctor.formats.text import Data
from ccmdoctor.model import Progress
from ccmdoctor.reader import LARGEST_POLICY, Kind, kind_of
from ccmdoctor.redaction import policy_file
from ccmdoctor.redaction.pieces import Change, changed
from ccmdoctor.redaction.text import Learner, Replacer
from ccmdoctor.sources import Artifact, Source, Unread, archive
from ccmdoctor.sources.artifact import RefusedError, bounded, spooled

_SMALL = 4 << 20  # bytes; only command outputs are searched for columns
_STAND_IN = b"\x01" * 60


class Redaction:
    """Everything of some sources with identifiers replaced, the same way all over.

    Making one reads every artifact once, to learn the names in it. The key is random and is kept nowhere else.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        progress: Progress | None = None,
        extra: Sequence[bytes] = (),
        key: bytes | None = None,
        remember: bool = False,
    ) -> None:
        self._progress = progress or Progress()
        self._originals = [_Kept(source) for source in sources]
        learner = Learner()
        for source in self._originals:
            learner.learn(source.address.encode("utf-8", "surrogateescape"))
            for artifact in _flat(source.artifacts(), archive.Budget()):
                self._learn(artifact, learner)
        for text in extra:
            self._learn_bytes(text, learner)
        self._replacer = learner.settled(key or secrets.token_bytes(32), remember)

    @property
    def sources(self) -> list[Source]:
        """The sources again, redacted."""
        return [_Redacted(source, self) for source in self._originals]

    @property
    def replacer(self) -> Replacer:
        """What replaces text, and how often it did so."""
        return self._replacer

    def text(self, text: str) -> str:
        """A text redacted in the same way."""
        return self._replacer.text(text)

    def name(self, name: str) -> str:
        """The name of an artifact, redacted part by part."""
        return self._replacer.text(name.replace("\n", "_"))

    def bytes(self, data: bytes) -> bytes:
        """Small bytes of a text, redacted."""
        return b"".join(changed(data, self._replacer.change))

    def _learn(self, artifact: Artifact | Unread, learner: Learner) -> None:
        learner.learn(artifact.name.encode("utf-8", "surrogatepass"))
        if isinstance(artifact, Unread):
            return
        self._progress.step(artifact.name, 0, artifact.size)
        try:
            with artifact.open() as data:
                self._learn_bytes(data, learner, artifact.name)
        except (RefusedError, OSError):
            return  # it is named again when it is to be read

    def _learn_bytes(self, data: Data, learner: Learner, name: str = "") -> None:
        kind = kind_of(data, name)
        if kind is Kind.POLICY:
            text = policy_file.text_of(bytes(data[:LARGEST_POLICY]))
            learner.learn(text.encode("utf-8", "surrogatepass"))
        elif kind is Kind.TEXT:
            small = len(data) <= _SMALL
            fields = b""

            def take(work: bytes) -> bytes:
                nonlocal fields
                learner.learn(work, with_tables=small)
                if fields or b"#Fields:" in work:
                    fields = learner.learn_rows(work, fields)
                return work

            for _ in changed(data, self._telling(take, name, len(data))):
                pass

    def _telling(self, change: Change, name: str, total: int) -> Change:
        """``change``, with the progress told after each piece."""
        done = 0

        def told(work: bytes) -> bytes:
            nonlocal done
            new = change(work)
            done += len(work)
            self._progress.step(name, min(done, total), total)
            return new

        return told

    def redacted(self, artifact: Artifact | Unread) -> Artifact | Unread:
        """One artifact, redacted when it is opened. What is no text gives a stand-in that says no more than that."""
        if isinstance(artifact, Unread):
            return Unread(self.name(artifact.name), artifact.why)
        return Artifact(self.name(artifact.name), artifact.size, partial(self._open, artifact), artifact.note)

    @contextmanager
    def _open(self, artifact: Artifact) -> Iterator[Data]:
        with artifact.open() as data:
            kind = kind_of(data, artifact.name)
            if kind is Kind.POLICY:
                yield policy_file.rewritten(bytes(data[:LARGEST_POLICY]), self._replacer.text)
            elif kind in (Kind.BINARY, Kind.ARCHIVE):
                yield bytes(data[:4]) + _STAND_IN
            elif kind is Kind.BLANK:
                yield bytes(data)
            else:
                change = self._telling(self._replacer.change, artifact.name, len(data))
                with spooled(_reader(changed(data, change)), lambda total: None) as new:
                    yield new


def is_text(artifact_data: Data, name: str) -> bool:
    """Whether an artifact's bytes are understood, so that they can be redacted."""
    return kind_of(artifact_data, name) not in (Kind.BINARY, Kind.ARCHIVE)


def _reader(pieces: Iterator[bytes]) -> Callable[[int], bytes]:
    """A ``read`` that gives the next piece that is not empty, of whatever size."""

    def read(size: int) -> bytes:
        return next((piece for piece in pieces if piece), b"")

    return read


def _flat(found: Iterator[Artifact | Unread], budget: archive.Budget, depth: int = 1) -> Iterator[Artifact | Unread]:
    """Artifacts with every archive among them taken apart, as the reader would."""
    for artifact in found:
        if isinstance(artifact, Unread):
            yield artifact
            continue
        try:
            with artifact.open() as data:
                packed = kind_of(data, artifact.name) is Kind.ARCHIVE
                if packed:
                    yield from _flat(archive.members(data, artifact.name, budget, depth), budget, depth + 1)
        except RefusedError as refusal:
            yield Unread(artifact.name, refusal.why)
            continue
        except OSError:
            yield Unread(artifact.name, "cannot-be-opened")
            continue
        if not packed:
            yield artifact


class _Kept:
    """A source that can be read twice: what comes in once (standard input) is held in a file without a name."""

    def __init__(self, source: Source) -> None:
        self.address = source.address
        self._source = source
        self._held: dict[str, tuple[bytes, str | None] | None] = {}

    def collected(self) -> datetime | None:
        """As the source says."""
        return self._source.collected()

    def artifacts(self) -> Iterator[Artifact | Unread]:
        """The source's artifacts; a stream is read the first time and given from memory or disk after that."""
        if self.address != "-":
            yield from bounded(self._source)
            return
        if not hasattr(self, "_stream"):
            self._stream = [
                _Stream(artifact) for artifact in self._source.artifacts() if isinstance(artifact, Artifact)
            ]
        for stream in self._stream:
            yield stream.artifact


class _Stream:
    """An artifact that can be opened once, made one that can be opened again."""

    def __init__(self, artifact: Artifact) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  (it lives as long as this)
        with artifact.open() as data:
            for at in range(0, len(data), 1 << 20):
                self._file.write(data[at : at + (1 << 20)])
        self.artifact = Artifact(artifact.name, self._file.tell(), self._open, artifact.note)

    def _open(self) -> AbstractContextManager[Data]:
        self._file.seek(0)
        return spooled(self._file.read, lambda total: None)


class _Redacted:
    """A source, redacted."""

    def __init__(self, source: _Kept, redaction: Redaction) -> None:
        self.address = source.address
        self._source = source
        self._redaction = redaction

    def collected(self) -> datetime | None:
        """As the source says."""
        return self._source.collected()

    def artifacts(self) -> Iterator[Artifact | Unread]:
        """Every artifact once, redacted; archives come as their members."""
        for artifact in _flat(self._source.artifacts(), archive.Budget()):
            yield self._redaction.redacted(artifact)
