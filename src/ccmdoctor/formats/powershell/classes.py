"""Which WMI class an object is of: by its own word, by the command that asked, by its properties, by a file's name."""

from __future__ import annotations

import re
from collections.abc import Iterable

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
        ("SMS_Boundary", "boundarytype value", ""),
        ("SMS_SoftwareUpdate", "localizeddisplayname isexpired issuperseded", ""),
        ("SMS_UpdateCategoryInstance", "localizedcategoryinstancename issubscribed", ""),
    )
)
_PREFIXED = r"(?:CCM|SMS|Win32|MSFT|CIM)_[A-Za-z0-9_]{1,80}"
_CLASS_NAME = re.compile(_PREFIXED, re.IGNORECASE)
_CLASS_WORD = re.compile(rf"(?<![A-Za-z0-9])({_PREFIXED})", re.IGNORECASE)
_CLASS_IN_FILE = re.compile(r"(?<![A-Za-z0-9])((?:CCM|SMS)_[A-Za-z0-9_]{1,80})")
_LOG_NAME = re.compile(r"\.lo[g_]$", re.IGNORECASE)
_QUERY = re.compile(r"(?<![\w-])(?:get-wmiobject|get-ciminstance|gwmi|gcim)(?=\s)(.{0,2000})", re.IGNORECASE)
_CLASS_ARGUMENT = re.compile(r"-class(?:name)?[\s:]{1,8}[\"']?([\w.]{1,100})", re.IGNORECASE)
_FROM = re.compile(r"\bfrom\s{1,8}([\w.]{1,100})", re.IGNORECASE)
_POSITIONAL = re.compile(r"\s{1,8}[\"']?([A-Za-z]\w{1,100})")
_SERVICES = re.compile(r"microsoft\.update\.servicemanager[\"']?\s{0,4}\)\s{0,4}\.\s{0,4}services", re.IGNORECASE)

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


def canonical(name: str) -> str | None:
    """The class in the usual spelling, or None when the word is no class name."""
    known = _BY_NAME.get(name.casefold())
    if known is not None:
        return known
    return name if _CLASS_NAME.fullmatch(name) else None


def class_in_file_name(file: str) -> str | None:
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


def class_asked(command: str) -> str | None:
    """The class that a command line queries, by ``-ClassName``, ``-Query`` or position."""
    if _SERVICES.search(command):
        return SERVICE_MANAGER
    query = _QUERY.search(command)
    if query is None:
        return None
    match = _CLASS_ARGUMENT.search(query[1]) or _FROM.search(query[1]) or _POSITIONAL.match(query[1])
    name = canonical(match[1]) if match else None
    if name is not None:
        return name
    return class_in_words(query[1])


def prints_all(command: str) -> bool:
    """Whether a command prints every instance of its class: no filter, no variable or file that takes them."""
    if _KEEPS_BACK.search(command):
        return False
    first, *others = (stage.strip() for stage in command.split("|"))
    begins = _QUERY.match(first) or first.startswith("(")
    return bool(begins) and all(stage.partition(" ")[0].casefold() in _SHOWING for stage in others if stage)


def own_class(pairs: Iterable[tuple[str, str]]) -> str | None:
    """The class that an object itself names."""
    for name, value in pairs:
        folded = name.casefold()
        if folded == "__class" and value.strip() == "__PARAMETERS":  # the answer of a method
            return None
        if folded == "__class" or folded == "cimclassname":
            return canonical(value.strip()) or value.strip() or None
        if folded in ("__path", "__relpath"):
            found = class_in_path(value)
            if found:
                return found
        if folded == "cimclass":  # root/ccm/SoftwareUpdates/UpdatesStore:CCM_UpdateStatus
            return canonical(value.rpartition(":")[2].strip())
    return None


def class_in_path(path: str) -> str | None:
    """``\\\\PC0123\\root\\ccm:CCM_Client=@`` to the class."""
    after = path.partition(":")[2] or path
    return canonical(re.split(r"[.=]", after.strip(), maxsplit=1)[0])


def class_of_properties(names: set[str]) -> str | None:
    """The class whose property names these (in lower case) can only be."""
    for name, every, one in _BY_PROPERTIES:
        if every <= names and (not one or names & one):
            return name
    return None


def class_in_words(words: str) -> str | None:
    """``Invalid class "CCM_X"``, ``(root\\ccm:CCM_X:String)`` or the command that is repeated in the error."""
    match = _CLASS_WORD.search(words)
    return canonical(match[1]) if match else None


def asks(line: str) -> bool:
    """Whether a line holds a command that queries a class."""
    return bool(_QUERY.search(line) or _SERVICES.search(line))
