"""Reads ``cases.md`` of a rule folder: prose, fenced artifacts and the expected verdict.

## The newest scan is refused with 503
Prose.

Shape: real (where the lines were seen)

```log path=CCM/Logs/WUAHandler.log encoding=cp932
...
```

```verdict
likely
error = 0x80244022        facts that the finding must state
quote = Scan failed       text that must stand in one of its quotes
why = scan-succeeded      for ruled-out
missing = client-asmx     for unknown
update = KB5053598        asked with --update
now = 2025-03-25T02:00:00Z
first = no                a sure cause need not be named first
```
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_CASE = re.compile(r"^## +(?P<title>.+)$", re.MULTILINE)
_FENCE = re.compile(
    r"^(?P<fence>`{3,})(?P<kind>\w+)(?P<attributes>[^\n`]*)\n(?P<body>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL
)
SHAPES = ("real", "documented", "assumed")
_OPTIONS = ("quote", "why", "missing", "update", "now", "first")


@dataclass(frozen=True)
class Case:
    """One case: files to lay out, and what the rule must say of them."""

    rule: str
    title: str
    shape: str
    files: dict[str, bytes]
    verdict: str
    facts: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)

    def lay(self, folder: Path) -> Path:
        """Write the artifacts below ``folder``."""
        for name, raw in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(raw)
        return folder

    @property
    def is_positive(self) -> bool:
        return self.verdict in ("confirmed", "likely", "possible")


@cache
def cases_of(folder: Path) -> tuple[Case, ...]:
    """The cases of a rule folder, in order. Raises ValueError for a malformed one."""
    text = (folder / "cases.md").read_text(encoding="utf-8")
    starts = list(_CASE.finditer(text))
    stops = [found.start() for found in starts[1:]] + [len(text)]
    rule = folder.name.replace("_", "-")
    return tuple(
        _case(rule, found["title"], text[found.end() : stop]) for found, stop in zip(starts, stops, strict=True)
    )


def _case(rule: str, title: str, body: str) -> Case:
    files: dict[str, bytes] = {}
    verdict = ""
    facts: dict[str, str] = {}
    for fence in _FENCE.finditer(body):
        if fence["kind"] == "verdict":
            verdict, facts = _verdict(fence["body"])
            continue
        attributes = dict(re.findall(r"(\w+)=(\S+)", fence["attributes"]))
        raw = _bytes(fence["kind"], fence["body"], attributes)
        files[attributes["path"]] = raw
    shape = re.search(r"^Shape: (\w+)", body, re.MULTILINE)
    if (
        not files
        or not any(raw.strip() for raw in files.values())
        or not verdict
        or not shape
        or shape[1] not in SHAPES
    ):
        raise ValueError(
            f"{rule}: case {title!r} needs an artifact, a verdict and a line 'Shape: {'|'.join(SHAPES)} (...)'"
        )
    options = {key: facts.pop(key) for key in _OPTIONS if key in facts}
    return Case(rule, title, shape[1], files, verdict, facts, options)


def _bytes(kind: str, body: str, attributes: dict[str, str]) -> bytes:
    if kind == "hex":
        return bytes.fromhex(body)
    return body.encode(attributes.get("encoding", "utf-8"))


def _verdict(body: str) -> tuple[str, dict[str, str]]:
    first, *rest = body.strip().splitlines()
    return first.strip(), dict(tuple(part.strip() for part in line.split("=", 1)) for line in rest if line.strip())  # type: ignore[misc]
