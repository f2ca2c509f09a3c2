"""Log names: from a file name or a component to the canonical log, and the place in a rotation."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from ccmdoctor.knowledge.tables import table

_ROTATED = re.compile(r"^(?P<stem>.+?)[-_](?P<stamp>\d{8}-\d{6}|\d{8}_\d{6})$")
_SUFFIX = re.compile(r"\.(log|lo_|txt|bak|old|etl\.txt|\d+)$", re.IGNORECASE)
_COPY = re.compile(r"(?:\s*\(\d+\)|[ _-]*(?:copy|コピー)|\.\d+)$", re.IGNORECASE)


class LogName(NamedTuple):
    """``log`` is the canonical name; ``older`` is true for rotated parts (a dated name or ``.lo_``)."""

    log: str
    older: bool


@cache
def _canonical() -> dict[str, str]:
    names = {}
    for log, entry in table("logs").items():
        for name in (log, *entry.get("components", ()), *entry.get("files", ())):
            names[name.lower()] = log
    return names


def by_file(path: str) -> LogName:
    """``.../WUAHandler-20250325-100203.log`` or ``wuahandler.lo_`` to ``WUAHandler``, older."""
    base = re.split(r"[\\/!]", path)[-1]
    stem, older = base, False
    while found := _SUFFIX.search(stem):
        older = older or found[1].lower() in ("lo_", "bak", "old") or found[1].isdigit()
        stem = stem[: found.start()]
    stem = _COPY.sub("", stem)
    if rotated := _ROTATED.match(stem):
        stem, older = rotated["stem"], True
    return LogName(_canonical().get(stem.lower(), stem), older)


def by_component(component: str) -> str | None:
    """The log that a component writes to: ``UpdatesDeploymentAgent`` to ``UpdatesDeployment``; None when unknown."""
    return _canonical().get(component.lower())


def zone_unproven(log: str) -> bool:
    """Logs whose native writer may run in a zone of its own (Windows PE, deployment tool kits)."""
    return bool(table("logs").get(log, {}).get("zone_unproven", False))


def is_local_time(log: str) -> bool:
    """Windows logs that state local time of the same machine and no zone."""
    return bool(table("logs").get(log, {}).get("local_time", False))
