"""From the manifest and the template to the script.

An entry becomes one line of ``$Steps``::

    @{ Id = 'winhttp-proxy'; Kind = 'Command'; Seconds = 60; To = 'commands/winhttp.txt'; Privacy = 'names'; ... }
"""

from __future__ import annotations

import re
from typing import Any

from ccmdoctor.collect import FOLDER, manifest

# Kind of the manifest to the function Save-* of the template.
KINDS = {
    "logs": "Logs", "file": "File", "wmi": "Wmi", "wmi-method": "WmiMethod", "update-services": "UpdateServices",
    "registry": "Registry", "command": "Command", "services": "Services", "listing": "Listing", "events": "Events",
    "certificates": "Certificates", "web": "Web", "windowsupdate-log": "UpdateLog",
}  # fmt: skip
_REST = "# --- running the steps"  # functions above this line are those that steps use
# For people and tests; the script does not need them.
_PROSE = ("why", "read_by", "with", "answers", "source", "kind", "seconds")
# Names that a hashtable of PowerShell would take for its own members.
_RENAMED = {"keys": "Paths", "key": "Path", "values": "Only", "where": "Filter"}


def script_text(version: str) -> str:
    """The script for the manifest as it is. Raises ValueError when it would not be plain ASCII."""
    text = (FOLDER / "template.ps1").read_text(encoding="utf-8")
    facts = manifest()
    steps = ",\n".join(f"    {_step(id, entry)}" for id, entry in facts["entries"].items())
    parts = literal(re.findall(r"^function ([\w-]+)", text.partition(_REST)[0], re.MULTILINE))
    filled = {"version": version, "limits": literal(facts["limits"]), "parts": parts, "steps": steps}
    for name, value in filled.items():
        text = text.replace(f"<<{name}>>", value)
    if not text.isascii():
        raise ValueError("the script must be plain ASCII: Windows PowerShell reads a file without a mark as ANSI")
    return text


def _step(id: str, entry: dict[str, Any]) -> str:
    head = {"id": id, "kind": KINDS[entry["kind"]], "seconds": entry.get("seconds", manifest()["limits"]["seconds"])}
    return literal(head | {key: value for key, value in entry.items() if key not in _PROSE}, _member)


def _member(name: str) -> str:
    return _RENAMED.get(name) or "".join(word.capitalize() for word in name.split("_"))


def literal(value: Any, member: Any = str) -> str:
    """A value as a PowerShell literal; texts are single-quoted, so nothing in them is expanded."""
    if isinstance(value, bool):
        return "$true" if value else "$false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, list):
        return "@(" + ", ".join(literal(one, member) for one in value) + ")"
    return "@{ " + "; ".join(f"{member(key)} = {literal(one, member)}" for key, one in value.items()) + " }"
