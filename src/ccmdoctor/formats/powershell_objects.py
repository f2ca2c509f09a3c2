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

import csv
import json
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

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

SERVICE_MANAGER = "Microsoft.Update.ServiceManager"

_KNOWN_CLASSES = (
    SERVICE_MANAGER,
    "BoundaryGroupCache",
    "CacheConfig",
    "CacheInfoEx",
    "CCM_AssignmentCompliance",
    "CCM_AssignmentJobEx1",
    "CCM_AtomicUpdateEx1",
    "CCM_BundledUpdateEx1",
    "CCM_Client",
    "CCM_ClientAgentConfig",
    "CCM_ClientSiteMode",
    "CCM_ClientUtilities",
    "CCM_ComponentClientConfig",
    "CCM_ComponentState",
    "CCM_NetworkSettings",
    "CCM_Policy_Policy5",
    "CCM_RebootSettings",
    "CCM_ScanJobInstance",
    "CCM_Scheduler_History",
    "CCM_Scheduler_ScheduledMessage",
    "CCM_Service_BITSConfiguration",
    "CCM_ServiceWindow",
    "CCM_ServiceWindowManager",
    "CCM_SoftwareUpdate",
    "CCM_SoftwareUpdatesClientConfig",
    "CCM_StateMsg",
    "CCM_SUPLocationList",
    "CCM_SuperPeerClientConfig",
    "CCM_TargetedUpdateEX1",
    "CCM_UpdateCIAssignment",
    "CCM_UpdateSource",
    "CCM_UpdateStatus",
    "CCM_WindowsDOClientConfig",
    "SMS_ActiveMPCandidate",
    "SMS_Authority",
    "SMS_Boundary",
    "SMS_Client",
    "SMS_LocalMP",
    "SMS_LookupMP",
    "SMS_MPInformation",
    "SMS_MPProxyInformation",
    "SMS_PendingSiteAssignment",
    "SMS_SoftwareUpdate",
    "SMS_UpdateCategoryInstance",
)
_BY_NAME = {name.casefold(): name for name in _KNOWN_CLASSES}
# Class, properties that must all be there, properties of which one must be; the first that fits is taken.
_BY_PROPERTIES: tuple[tuple[str, frozenset[str], frozenset[str]], ...] = tuple(
    (name, frozenset(every.split()), frozenset(one.split()))
    for name, every, one in (
        ("CCM_UpdateCIAssignment", "assignmentid assignmentname", ""),
        ("CCM_UpdateStatus", "uniqueid title status", ""),
        (SERVICE_MANAGER, "isdefaultauservice", "serviceid name"),
        ("CCM_SoftwareUpdatesClientConfig", "enabled", "wsuslocationtimeout scanretrydelay"),
        ("CCM_ComponentClientConfig", "componentname enabled", ""),
        ("CCM_UpdateSource", "uniqueid contentversion", "contentlocation contenttype"),
        ("CCM_SoftwareUpdate", "articleid evaluationstate", ""),
        ("CCM_SUPLocationList", "", "currentscanpath lastsuccessscanpath"),
        ("BoundaryGroupCache", "boundarygroupids", ""),
        ("SMS_Authority", "currentmanagementpoint", ""),
        ("CCM_ServiceWindow", "starttime endtime duration type", ""),
        ("CCM_TargetedUpdateEX1", "updateid updatestate refassignments", ""),
        ("CCM_StateMsg", "topictype stateid messagesent", ""),
        ("CCM_Scheduler_History", "scheduleid lasttriggertime", ""),
        ("CacheConfig", "location size inuse", ""),
        ("CacheInfoEx", "contentid contentsize persistincache", ""),
        ("CCM_ClientUtilities", "rebootpending ishardrebootpending", ""),
        ("SMS_Boundary", "boundaryid boundarytype value", ""),
        ("SMS_SoftwareUpdate", "localizeddisplayname isexpired issuperseded", ""),
        ("SMS_UpdateCategoryInstance", "localizedcategoryinstancename issubscribed", ""),
    )
)
_PREFIXED = r"(?:CCM|SMS|Win32|MSFT|CIM)_[A-Za-z0-9_]{1,80}"
_CLASS_NAME = re.compile(_PREFIXED, re.IGNORECASE)
_CLASS_WORD = re.compile(rf"(?<![A-Za-z0-9])({_PREFIXED})", re.IGNORECASE)
_CLASS_IN_FILE = re.compile(r"(?<![A-Za-z0-9])((?:CCM|SMS)_[A-Za-z0-9_]{1,80})")
_LOG_NAME = re.compile(r"\.lo[g_]$", re.IGNORECASE)
_ANSI = re.compile(r"\x1b\[[0-9;]{0,20}[A-Za-z]")

# One cheap look at the whole text: a ruler, a padded property, a quoted or typed CSV, JSON, or one of the commands.
_PLAUSIBLE = re.compile(
    r"^[ \t>]{0,40}(?:-[-\t ]*$|[A-Za-z_]\w{0,80} {1,80}:(?: |$)"
    r'|"[^"\n]{1,80}"[,\t;]"|#TYPE |[\[{]|\w{2,80}[,\t;]\w{2,80})',
    re.MULTILINE,
)
_PLAUSIBLE_WORDS = ("get-wmiobject", "get-ciminstance", "gwmi ", "gcim ")

_PROMPT = re.compile(r"^\s{0,8}(?:\[[^\]\n]{1,80}\]: )?PS(?: [^>\n]{0,260})?>{1,2} ?(.*)$")
_OTHER_COMMAND = re.compile(
    r"^\s{0,8}(?:(?!Select-|Where-|Format-|Sort-|Export-|ConvertTo-|Out-)[A-Z][a-z]{2,15}-[A-Z][A-Za-z]{2,40}(?=\s|$)"
    r"|netsh |ipconfig|reg query |gpresult |[A-Z]:\\[^>\n]{0,260}>)"
)
_QUERY = re.compile(r"(?<![\w-])(?:get-wmiobject|get-ciminstance|gwmi|gcim)(?=\s)(.{0,2000})", re.IGNORECASE)
_CLASS_ARGUMENT = re.compile(r"-class(?:name)?[\s:]{1,8}[\"']?([\w.]{1,100})", re.IGNORECASE)
_FROM = re.compile(r"\bfrom\s{1,8}([\w.]{1,100})", re.IGNORECASE)
_POSITIONAL = re.compile(r"\s{1,8}[\"']?([A-Za-z]\w{1,100})")
_SERVICES = re.compile(r"microsoft\.update\.servicemanager[\"']?\s{0,4}\)\s{0,4}\.\s{0,4}services", re.IGNORECASE)
_NAMESPACE = re.compile(r"-namespace[\s:]{1,8}[\"']?(root[^\s\"'|]{0,200})", re.IGNORECASE)

_KEEPS_BACK = re.compile(r"-filter\b|\bwhere\b|-expandproperty\b|>", re.IGNORECASE)
_SHOWING = frozenset(
    {
        "convertto-csv",
        "convertto-json",
        "fl",
        "format-list",
        "format-table",
        "format-wide",
        "ft",
        "fw",
        "out-host",
        "out-string",
        "select",
        "select-object",
        "sort",
        "sort-object",
    }
)

_FAILED = re.compile(r"^\W{0,12}(?:Get-WmiObject|Get-CimInstance|Get-CimClass|gwmi|gcim)\s{0,3}:", re.IGNORECASE)
_HRESULT = re.compile(r"0x8[0-9a-f]{7}(?![0-9a-f])", re.IGNORECASE)
_MESSAGES = (  # WMI's words, without blanks, in one width and in lower case
    ("invalidnamespace", "0x8004100e"),
    ("無効な名前空間", "0x8004100e"),
    ("名前空間が無効", "0x8004100e"),
    ("invalidclass", "0x80041010"),
    ("無効なクラス", "0x80041010"),
    ("クラスが無効", "0x80041010"),
    ("accessdenied", "0x80041003"),
    ("accessisdenied", "0x80070005"),
    ("アクセスが拒否されました", "0x80070005"),
    ("providerloadfailure", "0x80041013"),
    ("プロバイダーの読み込み", "0x80041013"),
    ("rpcserverisunavailable", "0x800706ba"),
    ("rpcサーバーを利用できません", "0x800706ba"),
    ("genericfailure", "0x80041001"),
)
_QUOTED_ROOT = re.compile(r"[\"'(](root[\\/][^\"':)]{1,200})", re.IGNORECASE)
_ERROR_LINES = 12

_CAMEL = re.compile(r"_*[A-Z]+[a-z0-9]+[A-Z]")
_GUID = re.compile(r"\{[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,17})")
_TEXT_PROPERTIES = frozenset(
    {"article", "bulletin", "title", "name", "displayname", "description", "schedules", "sitecode", "text"}
)
_TEXT_ENDINGS = ("id", "ids", "name")
_SYSTEM_NAMES = frozenset(
    {
        "pscomputername",
        "psshowcomputername",
        "psobject",
        "pstypenames",
        "runspaceid",
        "cimclass",
        "ciminstanceproperties",
        "cimsystemproperties",
    }
)
_MANAGEMENT_NAMES = frozenset(  # what Get-WmiObject's own object adds to the properties of the class
    {"scope", "path", "options", "classpath", "properties", "systemproperties", "qualifiers", "site", "container"}
)
_WAYS = ("WF", "WFA", "")  # East Asian widths that take two cells: on most consoles, on a Japanese one, in a file
_QUOTED_LINES = 8
_MAX_COLUMNS = 64
_MAX_GAP = 400
_MAX_BROKEN = 40
_MAX_JSON_FAILURES = 24
_MAX_DEPTH = 8
_JSON_WINDOW = 20_000
_SHOWN = 500

Values = dict[str, Any]


class _Block(NamedTuple):
    """What one reader made of the lines from its start to ``end``: name and value pairs with the lines to quote."""

    instances: list[tuple[list[tuple[str, str]], int, str]]  # (pairs, 0-based line, text)
    names: list[str]  # the columns, also of a list that has no row
    end: int
    typed: str | None = None  # the class that a #TYPE line names
    sure: bool = True  # False for lines that people write as well: ``Result : none`` is not an object for that


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
        self.named = _class_in_file_name(file)
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
        prompt = _PROMPT.match(line)
        if prompt is not None:
            return self._command(index, prompt[1], True)
        if _FAILED.match(line):
            self.answered = True
            return self._error(index)
        if not stripped.startswith("+") and (_QUERY.search(line) or _SERVICES.search(line)):
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
        name = _class_asked(asked)
        text = self.lines[index].rstrip()
        self.asked = _Asked(name, index, text, prompt and _prints_all(asked)) if name else None
        if name is None and asked.strip():  # the file holds answers of more commands than the one in its name
            self.named = None
        self.answered = self.used = False
        self.prose = 0
        return end

    def _error(self, index: int) -> int:
        """The WMI error that is printed from the line on; one of another kind is passed over."""
        end = index + 1
        while end < min(index + _ERROR_LINES, len(self.lines)) and self.lines[end].strip():
            if _PROMPT.match(self.lines[end]) or _FAILED.match(self.lines[end]):
                break
            end += 1
        words = " ".join(line.strip() for line in self.lines[index:end])[:8000]
        code = _error_code(words)
        if code is not None:
            name = _class_in_error(words) or (self.asked.name if self.asked else None) or _namespace(words) or ""
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
        if index + 1 < len(self.lines) and _is_ruler(self.lines[index + 1]) and not _is_ruler(line):
            block = _table(self.lines, index)
        elif _property(line) is not None:
            block = _list(self.lines, index)
        else:
            header = _csv_header(self.lines, index)
            if header is not None and self._is_export(stripped, header.names):
                block = _csv(self.lines, header)
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
            values = _values(pairs)
            if values:
                self.found.append(State("wmi", _own_class(pairs) or name, values, Place(self.file, at + 1), text))
        self.answered = self.used = True
        self.prose = 0
        return block.end

    def _is_export(self, stripped: str, names: list[str]) -> bool:
        """Whether a line of names is the header of a CSV and not a sentence with a comma: "yes, done" is none."""
        if stripped.startswith(('"', "#TYPE ")) or self.file.casefold().endswith((".csv", ".tsv")):
            return True
        return _class_of_properties({name.casefold() for name in names}) is not None

    def _class_of(self, block: _Block) -> str | None:
        """The class of a block: its own word, the command's, that of its property names, that of the file's name."""
        first = block.instances[0][0] if block.instances else []
        own = _own_class(first) or block.typed
        if own is not None:
            return own
        names = {name.casefold() for name in block.names}
        if names & {"pspath", "statuscode"}:  # a registry key, a web answer
            return None
        told = _class_of_properties(names)
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
            for item in _walk(node, hint, 0):
                cursor = self._json_state(item, cursor, stop)
        except RecursionError:
            self.json_failures += 1
        self.answered = self.used = True
        self.prose = 0
        return last + 1

    def _json_state(self, item: _Node, cursor: int, stop: int) -> int:
        """Append the state of one JSON object; returns where in the text to look for the next one."""
        first, last = self._span(item.raw if item.raw is not None else {"": item.name}, cursor, stop)
        line = bisect_right(self.starts, first) - 1
        quoted = self.lines[line : bisect_right(self.starts, last)]
        text = "\n".join(part.rstrip() for part in quoted[:_QUOTED_LINES])
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
        for value in [value for value in raw.values() if isinstance(value, str) and value][:_QUOTED_LINES]:
            for needle in _needles(value):
                found = self.plain.find(needle, at, limit)
                if found != -1:
                    first = found if first == -1 else first
                    at = found + len(needle)
                    break
        return (first, at - 1) if first != -1 else (cursor, cursor)


# --- classes ------------------------------------------------------------------------------------------------------


def _canonical(name: str) -> str | None:
    """The class in the usual spelling, or None when the word is no class name."""
    known = _BY_NAME.get(name.casefold())
    if known is not None:
        return known
    return name if _CLASS_NAME.fullmatch(name) else None


def _class_in_file_name(file: str) -> str | None:
    """``wmi/CCM_UpdateStatus_PC0123.json`` to the class; a log of the same name holds no objects."""
    base = file.replace("\\", "/").rpartition("/")[2]
    if _LOG_NAME.search(base):
        return None
    lower = base.casefold()
    fitting = [name for folded, name in _BY_NAME.items() if folded in lower]
    if fitting:
        return max(fitting, key=len)
    if "servicemanager" in lower:
        return SERVICE_MANAGER
    match = _CLASS_IN_FILE.search(base)
    return match[1] if match else None


def _class_asked(command: str) -> str | None:
    """The class that a command line queries, by ``-ClassName``, ``-Query`` or position."""
    if _SERVICES.search(command):
        return SERVICE_MANAGER
    query = _QUERY.search(command)
    if query is None:
        return None
    match = _CLASS_ARGUMENT.search(query[1]) or _FROM.search(query[1]) or _POSITIONAL.match(query[1])
    name = _canonical(match[1]) if match else None
    if name is not None:
        return name
    word = _CLASS_WORD.search(query[1])
    return _canonical(word[1]) if word else None


def _prints_all(command: str) -> bool:
    """Whether a command prints every instance of its class: no filter, no variable or file that takes them."""
    if _KEEPS_BACK.search(command):
        return False
    first, *others = (stage.strip() for stage in command.split("|"))
    begins = _QUERY.match(first) or first.startswith("(")
    return bool(begins) and all(stage.partition(" ")[0].casefold() in _SHOWING for stage in others if stage)


def _own_class(pairs: Iterable[tuple[str, str]]) -> str | None:
    """The class that an object itself names."""
    for name, value in pairs:
        folded = name.casefold()
        if folded == "__class" and value.strip() == "__PARAMETERS":  # the answer of a method
            return None
        if folded == "__class" or folded == "cimclassname":
            return _canonical(value.strip()) or value.strip() or None
        if folded in ("__path", "__relpath"):
            found = _class_in_path(value)
            if found:
                return found
        if folded == "cimclass":  # root/ccm/SoftwareUpdates/UpdatesStore:CCM_UpdateStatus
            return _canonical(value.rpartition(":")[2].strip())
    return None


def _class_in_path(path: str) -> str | None:
    """``\\\\PC0123\\root\\ccm:CCM_Client=@`` to the class."""
    after = path.partition(":")[2] or path
    return _canonical(re.split(r"[.=]", after.strip(), maxsplit=1)[0])


def _class_of_properties(names: set[str]) -> str | None:
    for name, every, one in _BY_PROPERTIES:
        if every <= names and (not one or names & one):
            return name
    return None


# --- errors -------------------------------------------------------------------------------------------------------


def _compact(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _error_code(words: str) -> str | None:
    match = _HRESULT.search(words)
    if match is not None:
        return match.group().casefold()
    compact = _compact(words)
    return next((code for phrase, code in _MESSAGES if phrase in compact), None)


def _class_in_error(words: str) -> str | None:
    """``Invalid class "CCM_X"``, ``(root\\ccm:CCM_X:String)`` or the command that is repeated in the error."""
    match = _CLASS_WORD.search(words)
    return _canonical(match[1]) if match else None


def _namespace(words: str) -> str | None:
    match = _QUOTED_ROOT.search(words) or _NAMESPACE.search(words)
    return match[1] if match else None


# --- values -------------------------------------------------------------------------------------------------------


def _values(pairs: Iterable[tuple[str, str]]) -> Values:
    """Properties by lower-case name, without those that PowerShell adds to every object."""
    named = [(name.casefold(), value) for name, value in pairs]
    beside = {name for name, _ in named}
    return {name: _value(name, value) for name, value in named if not _is_system(name, beside)}


def _is_system(name: str, beside: Collection[str]) -> bool:
    if name.startswith("__") or name in _SYSTEM_NAMES:
        return True
    return name in _MANAGEMENT_NAMES and "classpath" in beside


def _value(name: str, text: str) -> str | int | bool | list[str] | None:
    """The value of a printed property: bool, number, list or text; ids stay text."""
    word = text.strip()
    if not word:
        return None
    if word.casefold() in ("true", "false"):
        return word.casefold() == "true"
    if word.startswith("{") and word.endswith("}") and not _GUID.fullmatch(word):
        return [item.strip() for item in word[1:-1].split(",") if item.strip() not in ("", "...", "…")]
    if _NUMBER.fullmatch(word) and not _is_text(name):
        return int(word)
    return word


def _is_text(name: str) -> bool:
    return name.endswith(_TEXT_ENDINGS) or name in _TEXT_PROPERTIES


# --- Format-Table -------------------------------------------------------------------------------------------------


def _is_ruler(line: str) -> bool:
    """The line of dashes below the names of a table."""
    return "-" in line and not line.strip("- \t")


def _cells(line: str, wide: str) -> str:
    """The line with a NUL behind every character that takes two cells, so that an index is a cell."""
    if line.isascii() or not wide:
        return line
    return "".join(char + "\0" if unicodedata.east_asian_width(char) in wide else char for char in line)


def _table(lines: list[str], index: int) -> _Block | None:
    """The table whose names stand on the line ``index`` and whose dashes stand below it."""
    header = lines[index].expandtabs()
    spans = [match.span() for match in re.finditer("-+", lines[index + 1].expandtabs())]
    if not _is_header(header, spans):
        return None
    end = index + 2
    while end < len(lines) and lines[end].strip() and not _PROMPT.match(lines[end]) and "<![LOG[" not in lines[end]:
        end += 1
    names, rows = _cut(header, [line.expandtabs() for line in lines[index + 2 : end]], spans)
    instances: list[tuple[list[tuple[str, str]], int, str]] = []
    for at, row in enumerate(rows):
        if row is None:
            continue
        text = lines[index + 2 + at].rstrip()
        filled = [column for column, cell in enumerate(row) if cell]
        if instances and len(names) > 1 and len(filled) == 1 and not row[0]:
            pairs, first, above = instances[-1]  # the rest of a cell that was broken over lines
            if above.count("\n") > _MAX_BROKEN:
                continue
            column = filled[0]
            pairs[column] = (names[column], _joined([pairs[column][1], row[column]]))
            instances[-1] = (pairs, first, f"{above}\n{text}")
        else:
            instances.append((list(zip(names, row, strict=True)), index + 2 + at, text))
    sure = len(names) > 1 or _CAMEL.match(names[0]) is not None or names[0] in ("Name", "Title")
    return _Block(instances, names, end, sure=sure)


def _is_header(header: str, spans: list[tuple[int, int]]) -> bool:
    """Whether the dashes are as long as the names above them: a title that somebody underlined is no table."""
    if len(spans) > _MAX_COLUMNS:
        return False
    return any(_fits(_cells(header, wide), spans) for wide in _WAYS)


def _fits(header: str, spans: list[tuple[int, int]]) -> bool:
    """Whether every run of dashes lies below one name, and nothing else stands in the line."""
    names = [header[start:stop] for start, stop in spans]
    if len("".join("".join(names).split())) != len("".join(header.split())):
        return False
    full = all(len(name.strip()) == stop - start for name, (start, stop) in zip(names, spans, strict=True))
    return full and (len(names) > 1 or names[0].replace("\0", "").isidentifier())


def _cut(header: str, body: list[str], spans: list[tuple[int, int]]) -> tuple[list[str], list[list[str] | None]]:
    """Names and rows cut into columns; None for a row that fits no way of counting.

    PowerShell keeps one blank cell between columns in every row, and sets every value to the left or right of its
    column. How many cells a character takes depends on the console, so that way of counting is taken with which the
    most rows are so; the others are split at their gaps.
    """
    tried = [_cut_as(header, body, spans, wide) for wide in (_WAYS if not "".join(body).isascii() else _WAYS[:1])]
    names, rows, _ = min(tried, key=lambda cut: (sum(row is None for row in cut[1]), cut[2]))
    for at, row in enumerate(rows):
        if row is None:
            parts = re.split(r"\s{2,}", body[at].strip())
            rows[at] = parts if len(parts) == len(spans) else None
    return names, rows


def _cut_as(
    header: str, body: list[str], spans: list[tuple[int, int]], wide: str
) -> tuple[list[str], list[list[str] | None], int]:
    """Names, rows, and how many values stand neither at the left nor at the right of their column."""
    cells = [_cells(line, wide) for line in body]
    top = _cells(header, wide)
    edges = [_edge(top, cells, left[1], right[0]) for left, right in pairwise(spans)]
    names = [top[start:stop].replace("\0", "").strip() for start, stop in spans]
    rows = [_row(line, edges) for line in cells]
    ends = [*edges, spans[-1][1]]
    astray = sum(
        bool(value) and not _aligned(line, start, end)
        for line, row in zip(cells, rows, strict=True)
        for value, (start, _), end in zip(row or (), spans if row else (), ends if row else (), strict=True)
    )
    return names, rows, astray


def _edge(header: str, rows: list[str], start: int, stop: int) -> int:
    """The cell between two columns: the rightmost one in the gap that is blank in the header and the most rows.

    Numbers stand at the right of their column and may begin left of its dashes, text begins exactly there.
    """
    best, most = stop - 1, -1
    for at in range(stop - 1, max(start, stop - _MAX_GAP) - 1, -1):
        if header[at : at + 1].strip():
            continue
        blank = sum(1 for row in rows if not row[at : at + 1].strip())
        if blank > most:
            best, most = at, blank
        if blank == len(rows):
            break
    return best


def _aligned(cells: str, start: int, end: int) -> bool:
    """Whether a value begins at the first cell of its column or ends at the last one."""
    left = bool(cells[start : start + 1].strip()) and not cells[max(start - 1, 0) : start].strip()
    return left or bool(cells[end - 1 : end].strip())


def _row(cells: str, edges: list[int]) -> list[str] | None:
    if any(cells[edge : edge + 1].strip() for edge in edges):  # a NUL is no blank: half a wide character
        return None
    bounds = [0, *edges, len(cells)]
    return [cells[start:stop].replace("\0", "").strip() for start, stop in pairwise(bounds)]


def _joined(parts: list[str]) -> str:
    """The pieces of a broken value in one. PowerShell cuts inside a word only when the word is wider than the line."""
    width = max(_width(part) for part in parts)
    whole = parts[:1]
    for before, part in pairwise(parts):
        left, right = before.rpartition(" ")[2], part.partition(" ")[0]
        cut = before.endswith(" ") or _width(left) + _width(right) > width
        whole += [part] if cut else [" ", part]
    return "".join(whole)


def _width(text: str) -> int:
    return len(_cells(text, "WF"))


# --- Format-List --------------------------------------------------------------------------------------------------


def _property(line: str) -> tuple[str, str, int] | None:
    """``Name   : value`` to name, value and the cell of the colon. The blank before the colon tells it from prose."""
    head, colon, value = line[:300].partition(":")
    name = head.strip()
    if not colon or not head.endswith(" ") or (value and value[0] != " ") or not name.replace(".", "_").isidentifier():
        return None
    return name, line[len(head) + 2 :], _width(head)


def _list(lines: list[str], index: int) -> _Block:
    """The instance that begins on the line: properties with their colons in one column, and broken values."""
    first = _property(lines[index])
    column = first[2] if first else 0
    parts: dict[str, list[str]] = {}
    pieces: list[str] = []
    quoted: list[tuple[int, str]] = []
    end = index
    while end < len(lines) and lines[end].strip():
        line = lines[end]
        found = _property(line)
        if found is not None and found[2] == column and found[0] not in parts:
            pieces = parts[found[0]] = [found[1]]
            if found[1].strip() and not _is_system(found[0].casefold(), ()) and len(quoted) < _QUOTED_LINES:
                quoted.append((end, line.rstrip()))
        elif found is None and parts and not line[: column + 2].strip():
            pieces.append(line[column + 2 :].lstrip())
        else:
            break
        end += 1
    pairs = [(name, _joined(broken)) for name, broken in parts.items()]
    at = quoted[0][0] if quoted else index
    names = list(parts)
    sure = all(name.isascii() for name in names) and (len(names) > 1 or _CAMEL.match(names[0]) is not None)
    return _Block([(pairs, at, "\n".join(text for _, text in quoted))], names, end, sure=sure)


# --- CSV ----------------------------------------------------------------------------------------------------------


class _CsvHeader(NamedTuple):
    line: int
    delimiter: str
    names: list[str]
    typed: str | None


def _csv_delimiter(line: str) -> str | None:
    """The delimiter of a line that can be the header of a CSV: two names or more and nothing else."""
    if len(line) > 4000:
        return None
    for delimiter in (",", "\t", ";"):
        words = [word.strip().strip('"') for word in line.split(delimiter)]
        if len(words) >= 2 and all(word.isidentifier() for word in words):
            return delimiter
    return None


def _csv_header(lines: list[str], index: int) -> _CsvHeader | None:
    """The names that begin a CSV on the line, or below the ``#TYPE`` line there."""
    typed = None
    if lines[index].lstrip().startswith("#TYPE "):
        # #TYPE System.Management.ManagementObject#root\ccm\SoftwareUpdates\UpdatesStore\CCM_UpdateStatus
        typed = _canonical(re.split(r"[\\/#:. ]", lines[index].strip()[-300:])[-1])
        index += 1
    line = lines[index].strip() if index < len(lines) else ""
    delimiter = _csv_delimiter(line)
    if delimiter is None:
        return None
    return _CsvHeader(index, delimiter, [word.strip().strip('"') for word in line.split(delimiter)], typed)


def _csv(lines: list[str], header: _CsvHeader) -> _Block:
    """The rows below a header up to an empty line."""
    names = header.names
    instances: list[tuple[list[tuple[str, str]], int, str]] = []
    reader = csv.reader(_until_blank(lines, header.line + 1), delimiter=header.delimiter)
    at = header.line + 1
    while True:
        try:
            cells = next(reader)
        except (StopIteration, csv.Error):
            break
        end = header.line + 1 + reader.line_num
        if len(cells) < 2:
            break
        pairs = [(name, cells[column] if column < len(cells) else "") for column, name in enumerate(names)]
        instances.append((pairs, at, "\n".join(line.rstrip() for line in lines[at:end])))
        at = end
    return _Block(instances, names, at, header.typed)


def _until_blank(lines: list[str], start: int) -> Iterator[str]:
    for at in range(start, len(lines)):
        if not lines[at].strip() or _PROMPT.match(lines[at]):
            return
        yield lines[at] + "\n"


# --- JSON ---------------------------------------------------------------------------------------------------------


class _Node(NamedTuple):
    """One object found in JSON; ``raw`` None means that the class was asked and gave nothing."""

    name: str
    raw: Values | None
    values: Values
    code: str | None = None


def _walk(node: Any, hint: str | None, depth: int) -> Iterator[_Node]:
    """The instances in a JSON value, wherever they lie: lists, ``{"value": []}``, ``{"CCM_X": []}`` and our collector's
    ``{"class": "CCM_X", "instances": []}``."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(node, list) or node is None:
        yield from _walk_list(node or [], hint, depth)
    elif isinstance(node, dict):
        lower = {str(key).casefold(): value for key, value in node.items()}
        name = _json_class(lower)
        if name is not None and ("instances" in lower or "error" in lower):
            yield from _walk_collected(lower, name, depth)
        elif name is not None:
            yield _Node(name, node, _json_values(lower))
        elif isinstance(lower.get("value"), list) and lower.keys() <= {"value", "count", "@odata.context"}:
            yield from _walk_list(lower["value"], hint, depth)
        else:
            yield from _walk_dict(node, lower, hint, depth)


def _walk_list(items: list[Any], hint: str | None, depth: int) -> Iterator[_Node]:
    if not items and hint is not None:
        yield _Node(hint, None, {})
    for item in items:
        if isinstance(item, (dict, list)):
            yield from _walk(item, hint, depth + 1)


def _walk_collected(lower: Values, name: str, depth: int) -> Iterator[_Node]:
    code = _json_code(lower.get("error"))
    if code is not None:
        yield _Node(name, lower, {}, code)
    elif "instances" in lower:
        found = lower["instances"]
        yield from _walk_list([found] if isinstance(found, dict) else found or [], name, depth)


def _walk_dict(node: Values, lower: Values, hint: str | None, depth: int) -> Iterator[_Node]:
    """An object of a class that its properties or the hint tell, or a wrapper with more inside."""
    told = _class_of_properties(set(lower))
    classes = {key: _canonical(str(key)) for key in node}
    lists = [value for value in node.values() if isinstance(value, list) and value and isinstance(value[0], dict)]
    if any(classes[key] and isinstance(value, (dict, list)) for key, value in node.items()):
        for key, value in node.items():
            if isinstance(value, (dict, list)) or (value is None and classes[key]):
                yield from _walk(value, classes[key], depth + 1)
    elif told is not None or (hint is not None and not lists):
        yield _Node(told or hint or "", node, _json_values(lower))
    else:
        for value in node.values():
            if isinstance(value, (dict, list)) and value:
                yield from _walk(value, hint if value in lists else None, depth + 1)


def _needles(value: str) -> list[str]:
    """The ways in which a text can stand in JSON. PowerShell 5.1 also escapes quotes and angle brackets."""
    plain = json.dumps(value, ensure_ascii=False)
    escaped = json.dumps(value)
    for char in "'<>&":
        escaped = escaped.replace(char, f"\\u{ord(char):04x}")
    return [plain] if plain == escaped else [plain, escaped, json.dumps(value)]


def _json_class(lower: Values) -> str | None:
    """The class that an object names: ``CimClass``, ``CimSystemProperties``, ``__CLASS``, ``__PATH``, ``class``."""
    for key in ("__class", "cimclass", "cimsystemproperties", "__path", "path", "classname", "class"):
        value = lower.get(key)
        if isinstance(value, dict):
            inner = {str(name).casefold(): item for name, item in value.items()}
            value = inner.get("cimclassname") or inner.get("classname")
        if not isinstance(value, str):
            continue
        found = _class_in_path(value) if key in ("__path", "path", "cimclass") else _canonical(value.strip())
        if found is not None:
            return found
    return None


def _json_code(value: Any) -> str | None:
    """An error code given as a number or somewhere in a text."""
    if isinstance(value, int) and not isinstance(value, bool) and value:
        return f"0x{value & 0xFFFFFFFF:08x}"
    if isinstance(value, dict):
        return next((code for code in map(_json_code, value.values()) if code is not None), None)
    return _error_code(value) if isinstance(value, str) and value else None


def _json_values(lower: Values) -> Values:
    """The properties of a JSON object; its own types are kept, ids become text."""
    names = set(lower)
    return {
        name: _json_value(name, value)
        for name, value in lower.items()
        if not _is_system(name, names) and name not in ("class", "classname", "namespace")
    }


def _json_value(name: str, value: Any) -> Any:
    if isinstance(value, dict):  # ConvertTo-Json writes lists and dates as {"value": …, "Count": …}
        inner = value.get("value", value.get("Value"))
        return _json_value(name, inner) if isinstance(inner, (str, list)) else json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return [item if isinstance(item, (str, int)) else json.dumps(item, ensure_ascii=False) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e18 else str(value)
    if isinstance(value, int):
        return str(value) if _is_text(name) else value
    return value or None
