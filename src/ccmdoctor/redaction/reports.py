"""Names that show only by where they stand in a report: Group Policy results, and lists that go over several lines.

``gpresult /v`` (English and Japanese headings; what is indented below one is a name)::

    Applied Group Policy Objects
    -----------------------------
        Tokyo WSUS Settings

``gpresult /h`` and ``/x``: the columns "Winning GPO" and "Link Location", ``Name [{GUID}]`` in a title,
``<GPO><Name>``, ``<SOMPath>contoso.com/Tokyo/Clients</SOMPath>``. ``ipconfig /all``: suffixes below the first one.
What ``whoami`` answers. Lists of boundaries: sites, systems and titles, whose columns ``formats/boundaries.py`` knows.
Sources: learn.microsoft.com/windows-server/administration/windows-commands/gpresult and ipconfig, and public reports.
Such names are learned and then replaced wherever they stand; nothing is replaced here.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from ccmdoctor.formats import boundaries
from ccmdoctor.formats.gpresult import is_local
from ccmdoctor.redaction import public
from ccmdoctor.redaction.spans import As, text_of

Found = tuple[As, str]


def _compile(pattern: str) -> re.Pattern[bytes]:
    return re.compile(pattern.encode(), re.IGNORECASE | re.MULTILINE)


# everything below is bounded: a report is hostile, and may repeat the beginning of a pattern a million times
_LIST = _compile(
    r"^([ \t]*+)[^\r\n]{0,200}(?:Applied Group Policy Objects|GPOs were not applied|security groups"
    r"|適用されたグループ ポリシー オブジェクト|GPO は[^\r\n]{0,60}適用されません|セキュリティ グループ)"
    r"[^\r\n]{0,200}\r?\n[ \t]*+-{3,}+[ \t]*+\r?\n"
)
_MOST_ITEMS = 2_000  # lines of one list
_OWNER = _compile(r"^[ \t]*+GPO:[ \t]*+([^\s][^\r\n]{0,200})")
_TITLE = _compile(r">\s{0,80}([^<>\[\]\s][^<>\[\]]{0,200})\[\{[0-9A-F-]{36}\}\]")
_TD = r"</td>\s{0,80}<td[^>]{0,400}>"
_SETTING = _compile(rf"</span>\s{{0,80}}{_TD}[^<]{{0,200}}{_TD}\s{{0,80}}([^<\s][^<]{{0,200}})</td>")
_HEADER = _compile(r"<th[^>]{0,400}>\s{0,80}(?:(Winning GPO|優勢な GPO)|(?:Link Location|リンクの場所))\s{0,80}</th>")
_ROW = _compile(
    r"<tr[^>]{0,400}>((?:\s{0,80}<td[^>]{0,400}>[^<]{0,400}+(?:<span[^>]{0,40000}+>[^<]{0,400}+</span>)?\s{0,80}</td>){2,8})"
)
_CELL = _compile(r"<td[^>]{0,400}>([^<]{0,400}+)")
_NAMED = _compile(r"<(?:\w{1,20}:)?GPO>\s{0,80}<(?:\w{1,20}:)?Name[^>]{0,400}>([^<]{1,200})<")
_PLACE = _compile(
    r"<(?:\w{1,20}:)?(?:SOM|SOMPath|Path)>([^<]{1,400})<"
    r"|(?:Organi[sz]ational Unit|Link Location|組織単位|リンクの場所)\s{0,80}"
    r"</t[dh]>\s{0,80}<td[^>]{0,400}>([^<]{1,400})<"
)
_SUFFIXES = _compile(
    r"^[ \t]*+(?:DNS Suffix Search List|DNS サフィックス検索一覧)[^:\r\n]{0,80}:[^\r\n]*+\r?\n"
    r"((?:[ \t]{20,80}[\w.-]{1,253}[ \t]*+\r?(?:\n|\Z))+)"
)


_WHO = _compile(r"\bwhoami(?:\.exe)?[ \t]*\r?\n\s{0,8}([\w.-]{1,64})\\([\w.$-]{1,104})[ \t]*\r?$")


def names(work: bytes) -> Iterator[Found]:
    """What is named in such a report, and what it is."""
    low = work.lower()
    for words, take in _READERS:  # the expressions are slow, and most evidence is no report
        if any(word in low for word in words):
            yield from take(work)


def _who(work: bytes) -> Iterator[Found]:
    for found in _WHO.finditer(work):
        if not public.is_public_domain(text_of(found[1])):
            yield from ((As.DOMAIN, text_of(found[1])), (As.USER, text_of(found[2])))


def _suffixes(work: bytes) -> Iterator[Found]:
    for found in _SUFFIXES.finditer(work):
        yield from ((As.DOMAIN, text_of(one)) for one in found[1].split() if b"." in one)


def _printed_policies(work: bytes) -> Iterator[Found]:
    for found in _LIST.finditer(work):
        yield from _listed(work, found)


def _owners(work: bytes) -> Iterator[Found]:
    for found in _OWNER.finditer(work):
        yield from _policy(found[1])


def _marked_policies(work: bytes) -> Iterator[Found]:
    """Those of a page and of XML."""
    for expression in (_TITLE, _SETTING, _NAMED):
        for found in expression.finditer(work):
            yield from _policy(found[1])
    yield from _table(work)
    for found in _PLACE.finditer(work):
        yield from _units(found[1] or found[2] or b"")


def _boundaries(work: bytes) -> Iterator[Found]:
    """Sites, site systems and titles in a list of boundaries; addresses show by themselves."""
    for state in boundaries.read(text_of(work), ""):
        if state.values.get("type") == "ad-site" and not public.is_public_certificate_name(state.name):
            yield As.SITE, state.name
        for system in state.values.get("site_systems") or ():
            if public.looks_like_name(system) and not public.is_ordinary(system):
                yield As.HOST, system.strip("\\")
        title = str(state.values.get("display") or "")
        if title and not public.is_public_certificate_name(title):
            yield As.UNIT, title


def _listed(work: bytes, heading: re.Match[bytes]) -> Iterator[Found]:
    """The names that are indented below a heading and its rule; "Filtering:  Denied (Security)" is none."""
    at, depth = heading.end(), len(heading[1])
    for _ in range(_MOST_ITEMS):
        stop = work.find(b"\n", at)
        line = work[at : stop if stop >= 0 else len(work)].rstrip()
        name = line.lstrip()
        if name and len(line) - len(name) <= depth:
            return
        if name and b":" not in name:
            yield from _policy(name)
        if stop < 0:
            return
        at = stop + 1


def _table(work: bytes) -> Iterator[Found]:
    """The last column of a table of settings, the first two of a table of links."""
    at = 0
    while found := _HEADER.search(work, at):
        at = work.find(b"</table", found.end())
        if at < 0:
            return
        for row in _ROW.finditer(work, found.end(), at):
            cells = _CELL.findall(row[1])
            yield from _policy(cells[-1] if found[1] else cells[0])
            if not found[1]:
                yield from _units(cells[1])


def _policy(raw: bytes) -> Iterator[Found]:
    """A group policy object or a group, in both spellings that a report may hold: ``A &amp; B`` and ``A & B``."""
    written = text_of(raw).strip()
    plain = html.unescape(written)
    if not plain or "\\" in plain or is_local(plain) or public.is_public_policy(plain):
        return
    if plain.endswith("$"):
        yield As.HOST, plain[:-1]
        return
    yield As.UNIT, written
    if plain != written:
        yield As.UNIT, plain


def _units(raw: bytes) -> Iterator[Found]:
    """The organisational units of ``contoso.com/Tokyo/Clients``."""
    domain, *units = html.unescape(text_of(raw)).strip().split("/")
    if "." not in domain or domain.endswith(":") or "\\" in domain:
        return
    yield As.DOMAIN, domain
    yield from ((As.UNIT, one.strip()) for one in units if one.strip() and not public.is_public_certificate_name(one))


_READERS = (
    ((b"whoami",), _who),
    (tuple(marker.encode() for marker in boundaries.MARKERS), _boundaries),
    ((b"suffix search list", "サフィックス検索一覧".encode()), _suffixes),
    (
        (
            b"group policy objects",
            b"gpos were not",
            b"security groups",
            *(one.encode() for one in ("グループ ポリシー オブジェクト", "gpo は", "セキュリティ グループ")),
        ),
        _printed_policies,
    ),
    ((b"gpo:",), _owners),
    ((b"gpmc_", b"<rsop", b"winning gpo", "優勢な gpo".encode()), _marked_policies),
)
