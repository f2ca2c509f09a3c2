r"""Names of Group Policy objects: ``GPT.INI`` of SYSVOL, a GPO report as XML, and the files of a GPMC backup.

A policy file only knows the folder it lies in. The name of its object stands elsewhere, in one of these::

    Policies\{guid}\GPT.INI          [General] displayName=WSUS for servers
    gpreport.xml                     <GPO><Identifier><Identifier>{guid}</Identifier></Identifier><Name>WSUS for servers
    gpresult /x                      <GPO><Name>WSUS for servers</Name><Path><Identifier>{guid}</Identifier></Path>
    {backup}\bkupInfo.xml            <BackupInst><GPOGuid>{guid}</GPOGuid><GPODisplayName>…<ID>{backup}</ID>
    manifest.xml                     the same for every backup beside it

Windows itself writes the same stand-in into every new ``GPT.INI`` and never changes it; that is no name. A report is
what ``Get-GPOReport -All -ReportType Xml`` writes. Nothing in the files is trusted.

One ``gpo`` state for each object: its name is the lower-case GUID with braces, ``values`` hold ``name``, ``domain`` and
``backup`` (the GUID of a backup's folder), each may be None.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ccmdoctor.model import Place, State

MARKERS: tuple[str, ...] = ("displayname=", "microsoft.com/grouppolicy/")

GUID = re.compile(r"\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}")
_STAND_INS = frozenset({"new group policy object", "新しいグループ ポリシー オブジェクト", "local group policy"})
_DISPLAY_NAME = re.compile(
    r"^[ \t]*displayname[ \t]*=[ \t]*(?P<name>[^\r\n]+?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE
)
_SHOWN = 200


def guid_in(path: str) -> str | None:
    """The innermost folder of a path that is a GUID, in lower case."""
    folders = re.split(r"[\\/!]", path.lower())[:-1]
    return next((one for one in reversed(folders) if GUID.fullmatch(one)), None)


def read(text: str, file: str) -> list[State]:
    """The objects that the file names; nothing for any other file."""
    if "<" in text[:200]:
        return list(_in_xml(text, file))
    return list(_in_ini(text, file))


def _in_ini(text: str, file: str) -> Iterator[State]:
    guid, found = guid_in(file), _DISPLAY_NAME.search(text)
    if guid and found and "[general]" in text.lower() and found["name"].lower() not in _STAND_INS:
        line = text.count("\n", 0, found.start()) + 1
        values = {"name": found["name"][:_SHOWN], "domain": None, "backup": None}
        yield State("gpo", guid, values, Place(file, line), found[0].strip()[:_SHOWN])


def _in_xml(text: str, file: str) -> Iterator[State]:
    from lxml import etree  # type: ignore[import-untyped]  # loaded here: the rules need only names

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    body = re.sub(r"^\s*<\?xml[^>]*\?>", "", text.removeprefix("\ufeff"), count=1)
    try:
        root = etree.fromstring(body.encode("utf-8", "replace"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return
    for element in root.iter():
        kind = _local(element)
        if kind == "GPO":
            place = "Identifier" if _text(element, "Identifier", "Identifier") else "Path"  # a GPO report, or gpresult
            guid, domain = _text(element, place, "Identifier"), _text(element, place, "Domain")
            yield from _state(element, file, guid, _text(element, "Name"), domain, None)
        elif kind == "BackupInst":
            names = (_text(element, one) for one in ("GPOGuid", "GPODisplayName", "GPODomain", "ID"))
            yield from _state(element, file, *names)


def _state(
    element: Any, file: str, guid: str | None, name: str | None, domain: str | None, backup: str | None
) -> Iterator[State]:
    guid, backup = (guid or "").lower(), (backup or "").lower() or None
    if name and GUID.fullmatch(guid):
        values = {"name": name[:_SHOWN], "domain": domain, "backup": backup}
        yield State("gpo", guid, values, Place(file, element.sourceline or 1), f"{name} {guid}"[:_SHOWN])


def _local(element: Any) -> str:
    # QName refuses some namespaces that the parser accepts
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _text(element: Any, *path: str) -> str | None:
    """The text of the first child of these names, without namespaces."""
    for name in path:
        found = next((child for child in element if _local(child) == name), None)
        if found is None:
            return None
        element = found
    return (element.text or "").strip() or None
