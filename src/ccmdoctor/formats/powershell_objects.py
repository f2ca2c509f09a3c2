"""Objects as PowerShell prints and exports them: Format-Table, Format-List, CSV and JSON of WMI and COM queries.

::

    PS C:\\> Get-WmiObject -Namespace root\\CCM\\Policy\\Machine\\ActualConfig -ClassName CCM_UpdateCIAssignment |
    >> Select-Object AssignmentID, AssignmentName

    AssignmentID                           AssignmentName
    ------------                           --------------
    {6C09C8DA-0000-4D1C-9B5A-000000000001} 2025-03 Servers

    UniqueId : 0f7a4a3e-0000-4f6e-8b8a-000000000001
    Title    : 2025-03 Cumulative Update for Windows 11 Version 23H2 for
               x64-based Systems (KB5053602)
    Status   : Missing

A block becomes an object only when its class is known: from the object itself, from the command above it, from
property names that only one class has, or from the name of the file. So a log or a letter gives nothing.

Kinds: ``wmi`` (one instance), ``wmi-empty`` (the class was asked and gave no instance), ``wmi-error``.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from itertools import accumulate
from typing import NamedTuple

from ccmdoctor.formats.powershell.blocks import PROMPT, QUOTED_LINES, Block
from ccmdoctor.formats.powershell.classes import (
    asks,
    class_asked,
    class_in_file_name,
    class_in_words,
    class_of_properties,
    own_class,
    prints_all,
)
from ccmdoctor.formats.powershell.errors import error_code, namespace
from ccmdoctor.formats.powershell.exports import header_at, rows_below
from ccmdoctor.formats.powershell.json_objects import Node, needles, walk
from ccmdoctor.formats.powershell.lists import list_at, property_of
from ccmdoctor.formats.powershell.tables import is_ruler, table_at
from ccmdoctor.formats.powershell.values import Values, values_of
from ccmdoctor.model import Place, State

MARKERS: tuple[str, ...] = (
    "ccm_",
    "sms_",
    "__class",
    "get-wmiobject",
    "get-ciminstance",
    "gwmi ",
    "gcim ",
    "cimclass",
    "#type",
    "assignmentname",
    "boundarygroupids",
    "componentname",
    "contentversion",
    "currentmanagementpoint",
    "currentscanpath",
    "lastsuccessscanpath",
    "persistincache",
    "messagesent",
    "evaluationstate",
    "rebootpending",
    "isdefaultauservice",
    "issubscribed",
    "issuperseded",
    "scanretrydelay",
    "uniqueid",
    "wsuslocationtimeout",
    "endtime",
    '"instances"',
    "[]",
    "[\r\n\r\n]",
    "[\n\n]",
)


_ANSI = re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]")

# One cheap look at the whole text: a ruler, a padded property, a quoted or typed CSV, JSON, or one of the commands.
_PLAUSIBLE = re.compile(
    r"^[ \t>]{0,40}(?:-[-\t ]*$|[A-Za-z_]\w{0,80} {1,80}:(?: |$)"
    r'|"[^"\n]{1,80}"[,\t;]"|#TYPE |[\[{]|\w{2,80}[,\t;]\w{2,80})',
    re.MULTILINE,
)
_PLAUSIBLE_WORDS = ("get-wmiobject", "get-ciminstance", "gwmi ", "gcim ")

_OTHER_COMMAND = re.compile(
    r"^\s{0,8}(?:(?!Select-|Where-|Format-|Sort-|Export-|ConvertTo-|Out-)[A-Z][a-z]{2,15}-[A-Z][A-Za-z]{2,40}(?=\s|$)"
    r"|netsh |ipconfig|reg query |gpresult |[A-Z]:\\[^>\n]{0,260}>)"
)


_FAILED = re.compile(r"^\W{0,12}(?:Get-WmiObject|Get-CimInstance|Get-CimClass|gwmi|gcim)\s{0,3}:", re.IGNORECASE)
_ERROR_LINES = 12

_MAX_JSON_FAILURES = 24
_JSON_WINDOW = 20_000
_SHOWN = 500


class _Asked(NamedTuple):
    """The class that the last command asked for. ``whole``: it stands at a prompt and prints every instance."""

    name: str
    line: int
    text: str
    whole: bool


def read(text: str, file: str) -> list[State]:
    """Every object of a known class in ``text``, in order, with the classes that gave none and the errors."""
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if "\x1b" in plain:
        plain = _ANSI.sub("", plain)
    if not _PLAUSIBLE.search(plain) and not any(word in plain.casefold() for word in _PLAUSIBLE_WORDS):
        return []
    return _Reader(plain, file).states()


class _Reader:
    """One walk over the lines of a text. It is a class because what was asked above decides what stands below."""

    def __init__(self, plain: str, file: str) -> None:
        self.plain = plain
        self.lines = plain.split("\n")
        self.starts = [0, *accumulate(len(line) + 1 for line in self.lines)]
        self.file = file
        self.named = class_in_file_name(file)
        self.asked: _Asked | None = None
        self.answered = False  # something was printed below the last command
        self.used = False  # and at least one object of it was read
        self.prose = 0  # lines since the last command or object that belong to no object
        self.json_failures = 0
        self.found: list[State] = []

    def states(self) -> list[State]:
        index = 0
        in_record = False
        while index < len(self.lines):
            line = self.lines[index]
            if "<![LOG[" in line or in_record:
                in_record = "]LOG]!>" not in line
                self._other_text()
                index += 1
                continue
            index = self._step(index, line)
        return self.found

    def _step(self, index: int, line: str) -> int:
        """Read what begins on the line and return the line behind it."""
        stripped = line.strip()
        if not stripped:
            return index + 1
        prompt = PROMPT.match(line)
        if prompt is not None:
            return self._command(index, prompt[1], True)
        if _FAILED.match(line):
            self.answered = True
            return self._error(index)
        if not stripped.startswith("+") and asks(line):
            return self._command(index, line, False)
        end = self._block(index, line, stripped)
        if end is not None:
            return end
        other = _OTHER_COMMAND.match(line) is not None
        self._other_text(other)
        if other:
            self.named = None
        return index + 1

    def _other_text(self, command: bool = False) -> None:
        """Note a line of no object. What stands behind the answer, or far from the question, is no answer to it."""
        self.answered = True
        self.prose += 1
        if self.used or command or self.prose > 3:
            self.asked = None

    def _command(self, index: int, command: str, prompt: bool) -> int:
        """Note what a command asks for. A prompt also ends the answer of the one before: was there any?"""
        if prompt and self.asked is not None and self.asked.whole and not self.answered:
            self._empty(self.asked.name, self.asked.line, self.asked.text)
        end = index + 1
        words = [command]
        while end < len(self.lines) and self.lines[end].lstrip().startswith(">>"):
            words.append(self.lines[end].lstrip().lstrip(">"))
            end += 1
        asked = " ".join(words)[:4000]
        name = class_asked(asked)
        text = self.lines[index].rstrip()
        self.asked = _Asked(name, index, text, prompt and prints_all(asked)) if name else None
        if name is None and asked.strip():  # the file holds answers of more commands than the one in its name
            self.named = None
        self.answered = self.used = False
        self.prose = 0
        return end

    def _error(self, index: int) -> int:
        """The WMI error that is printed from the line on; one of another kind is passed over."""
        end = index + 1
        while end < min(index + _ERROR_LINES, len(self.lines)) and self.lines[end].strip():
            if PROMPT.match(self.lines[end]) or _FAILED.match(self.lines[end]):
                break
            end += 1
        words = " ".join(line.strip() for line in self.lines[index:end])[:8000]
        code = error_code(words)
        if code is not None:
            name = class_in_words(words) or (self.asked.name if self.asked else None) or namespace(words) or ""
            place = Place(self.file, index + 1)
            self.found.append(State("wmi-error", name, {"code": code}, place, self.lines[index].rstrip()))
        return end

    def _block(self, index: int, line: str, stripped: str) -> int | None:
        """The end of the object block that begins on the line, or None when none does."""
        if stripped[0] in "[{":
            end = self._json(index)
            if end is not None:
                return end
        block = None
        if index + 1 < len(self.lines) and is_ruler(self.lines[index + 1]) and not is_ruler(line):
            block = table_at(self.lines, index)
        elif property_of(line) is not None:
            block = list_at(self.lines, index)
        else:
            header = header_at(self.lines, index)
            if header is not None and self._is_export(stripped, header.names):
                block = rows_below(self.lines, header)
        if block is None:
            return None
        name = self._class_of(block)
        if name is None:
            if block.end > index + 1:
                self._other_text()
            return block.end if block.end > index + 1 else None
        if not block.instances:
            self._empty(name, index, line.rstrip())
        for pairs, at, text in block.instances:
            values = values_of(pairs)
            if values:
                self.found.append(State("wmi", own_class(pairs) or name, values, Place(self.file, at + 1), text))
        self.answered = self.used = True
        self.prose = 0
        return block.end

    def _is_export(self, stripped: str, names: list[str]) -> bool:
        """Whether a line of names is the header of a CSV and not a sentence with a comma: "yes, done" is none."""
        if stripped.startswith(('"', "#TYPE ")) or self.file.casefold().endswith((".csv", ".tsv")):
            return True
        return class_of_properties({name.casefold() for name in names}) is not None

    def _class_of(self, block: Block) -> str | None:
        """The class of a block: its own word, the command's, that of its property names, that of the file's name."""
        first = block.instances[0][0] if block.instances else []
        own = own_class(first) or block.typed
        if own is not None:
            return own
        names = {name.casefold() for name in block.names}
        if names & {"pspath", "statuscode"}:  # a registry key, a web answer
            return None
        told = class_of_properties(names)
        if told is None and not block.sure:
            return None
        return self.asked.name if self.asked is not None else told or self.named

    def _empty(self, name: str, line: int, text: str) -> None:
        self.found.append(State("wmi-empty", name, {}, Place(self.file, line + 1), text))

    # JSON has no lines of its own: it is decoded as a whole, then its objects are looked up in the text again.

    def _json(self, index: int) -> int | None:
        if self.json_failures >= _MAX_JSON_FAILURES:
            return None
        line = self.lines[index]
        start = self.starts[index] + len(line) - len(line.lstrip())
        try:
            node, stop = json.JSONDecoder().raw_decode(self.plain, start)
        except (ValueError, RecursionError):  # also for nesting that nobody writes
            self.json_failures += 1
            return None
        last = bisect_right(self.starts, max(stop - 1, start)) - 1
        if not isinstance(node, (dict, list)) or self.plain[stop : self.starts[last + 1]].strip(" \t\n,;"):
            return None
        hint = (self.asked.name if self.asked else None) or self.named
        cursor = start
        try:
            for item in walk(node, hint, 0):
                cursor = self._json_state(item, cursor, stop)
        except RecursionError:
            self.json_failures += 1
        self.answered = self.used = True
        self.prose = 0
        return last + 1

    def _json_state(self, item: Node, cursor: int, stop: int) -> int:
        """Append the state of one JSON object; returns where in the text to look for the next one."""
        first, last = self._span(item.raw if item.raw is not None else {"": item.name}, cursor, stop)
        line = bisect_right(self.starts, first) - 1
        quoted = self.lines[line : bisect_right(self.starts, last)]
        text = "\n".join(part.rstrip() for part in quoted[:QUOTED_LINES])
        if len(text) > _SHOWN:
            text = json.dumps(item.values or item.raw, ensure_ascii=False, default=str)[:_SHOWN]
        if item.code is not None:
            self.found.append(State("wmi-error", item.name, {"code": item.code}, Place(self.file, line + 1), text))
        elif item.raw is None:
            self._empty(item.name, line, text)
        elif item.values:
            self.found.append(State("wmi", item.name, item.values, Place(self.file, line + 1), text))
        return last

    def _span(self, raw: Values, cursor: int, stop: int) -> tuple[int, int]:
        """First and last character of the first scalar properties of an object in the text behind ``cursor``."""
        limit = min(stop, cursor + _JSON_WINDOW)
        first, at = -1, cursor
        for value in [value for value in raw.values() if isinstance(value, str) and value][:QUOTED_LINES]:
            for needle in needles(value):
                found = self.plain.find(needle, at, limit)
                if found != -1:
                    first = found if first == -1 else first
                    at = found + len(needle)
                    break
        return (first, at - 1) if first != -1 else (cursor, cursor)
