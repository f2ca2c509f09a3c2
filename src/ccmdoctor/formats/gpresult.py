"""Group Policy results: ``gpresult /h`` (HTML), ``gpresult /x`` (XML) and a report copied out of a browser.

What is read is the Windows Update part: which setting is on, and which GPO won. In HTML a setting is a row of a
three-column table, and its options are rows of a table below it::

    <tr><td><span class="explainlink" gpmc_settingName="…" gpmc_settingPath="Computer Configuration/Administrative
    Templates/Windows Components/Windows Update">Specify intranet Microsoft update service location</span></td>
    <td>Enabled</td><td>Local Group Policy</td></tr>
    <tr><td colspan="3"><table class="subtable_frame">
    <tr><td>Set the intranet update service for detecting updates:</td><td>http://sup01.contoso.com:8530</td></tr>

``gpresult /v`` and ``/z`` print text instead, where a setting is its registry value, written as bytes
(which are not read)::

    GPO: WSUS
        Folder Id: Software\\Policies\\Microsoft\\Windows\\WindowsUpdate\\WUServer
        Value:       104, 0, 116, 0, 116, 0, 112, 0, 58, 0
        State:       Enabled

HTML words are in the language of Windows; XML has fixed element names, but titles and option names are translated
there, too. The location policy of a language that is not listed is known by its first two options, which are URLs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from html import escape
from typing import Any, NamedTuple

from lxml import etree  # type: ignore[import-untyped]

from ccmdoctor.model import Place, State

MARKERS: tuple[str, ...] = (
    "<rsop",
    "gpmc_settingname",
    "winning gpo",
    "優勢な gpo",
    "specify intranet microsoft update service location",
    "イントラネットの microsoft 更新サービスの場所",
    "\\windows\\windowsupdate\\wuserver",
)

LOCATION = "wsus-location"

# All words below are compared without blanks, in one width and in lower case.
_LOCATION_TITLES = (
    "specifyintranetmicrosoftupdateservicelocation",
    "イントラネットのmicrosoft更新サービスの場所",
)
_UPDATE_PATHS = ("windowsupdate", "центробновленияwindows", "windows更新")
_LOCAL_NAMES = frozenset(
    {
        "localgpo",
        "localgrouppolicy",
        "localsecuritypolicy",
        "ローカルグループポリシー",
        "ローカルセキュリティポリシー",
        "локальнаягрупповаяполитика",
        "lokalegruppenrichtlinie",
        "richtliniendlokalengruppe",
        "richtliniendelokalengruppe",
        "richtlinienderlokalengruppe",
        "stratégiedegroupelocale",
        "directivadegrupolocal",
        "políticadegrupolocal",
        "criteridigruppolocali",
        "本地组策略",
        "本機群組原則",
        "로컬그룹정책",
    }
)
_ENABLED = frozenset({"enabled", "有効", "включено", "включен", "aktiviert", "activé", "habilitada", "habilitado",
                      "ativado", "已启用", "已啟用", "사용"})  # fmt: skip
_DISABLED = frozenset({"disabled", "無効", "отключено", "отключен", "deaktiviert", "désactivé", "deshabilitada",
                       "deshabilitado", "desativado", "已禁用", "已停用", "사용안함"})  # fmt: skip
_OPTIONS = {  # parts of the option labels
    "detectingupdates": "detection",
    "更新を検出": "detection",
    "intranetstatisticsserver": "statistics",
    "統計サーバー": "statistics",
    "setthealternatedownloadserver": "alternate",
    "代替ダウンロードサーバーの": "alternate",
}
_COMPUTER_LABELS = frozenset(
    {"computername", "コンピューター名", "コンピュータ名", "имякомпьютера", "nomdelordinateur"}
)
_DOMAIN_LABELS = frozenset({"domain", "ドメイン", "домен", "domäne", "domaine"})
_HEADINGS = ("winninggpo", "優勢なgpo")
_PASTED_STATE = re.compile(r"(?<=[\t ])(Enabled|Disabled|有効|無効)(?=[\t ])")
_PASTED_PATHS = ("windowscomponents/", "windowsコンポーネント/")
_PASTED_ENDS = (
    "preferences",
    "基本設定",
    "userdetails",
    "ユーザーの詳細",
    "system/",
    "システム/",
    "network/",
    "ネットワーク/",
    "controlpanel/",
    "コントロールパネル/",
)
_VERBOSE = re.compile(
    r"^[^:：\\]{1,40}[:：]\s*Software\\Policies\\Microsoft\\Windows\\WindowsUpdate\\WUServer\s*$", re.IGNORECASE
)
_LABELLED = re.compile(r"^[^:：]{1,60}[:：]\s*(.*\S)")
_STATES = ("enabled", "disabled")
_VERBOSE_REACH = 12  # lines of one setting, whose bytes may be wrapped
_PASTED_REACH = 12  # lines below a pasted title in which an option proves that it is a report, not a sentence
_PARSER_LINES = 65_535
_XML_MAX = 64 << 20


class _Row(NamedTuple):
    """One policy setting with the (label, value) pairs of its options."""

    title: str
    state: str
    gpo: str
    local: bool
    path: str
    line: int
    options: list[tuple[str, str]]


def read(text: str, file: str) -> list[State]:
    """The Windows Update settings of a report (kind ``gpo-setting``), and whose report it is (kind ``client``).

    The setting with the address of the update server is named ``wsus-location``, whatever its title's language.
    """
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    try:
        if "<Rsop" in plain:
            return _read_xml(plain, file)
        if "<tr" in plain.casefold():
            return _read_html(plain, file)
        lines = plain.split("\n")
        return [*(_state(row, file) for row in _pasted(lines)), *_verbose(lines, file)]
    except (etree.LxmlError, ValueError, RecursionError):
        return []


def _verbose(lines: list[str], file: str) -> Iterator[State]:
    """The settings of the update server's address in the text of ``gpresult /v``; labels stand in any language."""
    for index, line in enumerate(lines):
        if not _VERBOSE.match(line.strip()):
            continue
        above = next((one.strip() for one in reversed(lines[max(0, index - 2) : index]) if one.strip()), "")
        owner = _LABELLED.match(above)
        body = [one.strip() for one in lines[index + 1 : index + _VERBOSE_REACH]]
        if owner is None or not body:
            continue
        body = body[: next((at for at, one in enumerate(body) if not one), len(body))]
        told = [one for one in body if (found := _LABELLED.match(one)) and _state_word(found[1]) in _STATES]
        state = _state_word(told[0].replace("：", ":").partition(":")[2]) if told else ""
        values: dict[str, Any] = {"state": state, "gpo": owner[1], "local": is_local(owner[1])}
        quoted = "\n".join((above, line.strip(), *told[:1]))
        yield State("gpo-setting", LOCATION, values, Place(file, index + 1), quoted)


def _compact(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def is_local(gpo: str) -> bool:
    """Whether a group policy object is the computer's own, by its name in any language."""
    return _compact(gpo) in _LOCAL_NAMES


def _is_update_path(path: str) -> bool:
    return any(word in _compact(path) for word in _UPDATE_PATHS)


def _is_location(row: _Row) -> bool:
    if _compact(row.title).startswith(_LOCATION_TITLES):
        return True
    values = [value for label, value in row.options if label]
    return len(values) >= 2 and all(value.casefold().startswith(("http://", "https://")) for value in values[:2])


def _state_word(word: str) -> str:
    compact = _compact(word)
    if compact in _ENABLED:
        return "enabled"
    return "disabled" if compact in _DISABLED else word.strip()


def _state(row: _Row, file: str) -> State:
    """The state of a row; its text is the row as a reader of the report sees it, with the options that have a value."""
    values: dict[str, Any] = {"state": _state_word(row.state), "gpo": row.gpo, "local": row.local or is_local(row.gpo)}
    shown = [f"{row.title} | {row.state} | {row.gpo}"]
    name = row.title
    if _is_location(row):
        name = LOCATION
        values.update(_addresses(row.options))
        shown += [f"{label} {value}" for label, value in row.options if value]
    return State("gpo-setting", name, values, Place(file, row.line), "\n".join(shown))


def _placed(rows: list[_Row], text: str, above: int = 0) -> Iterator[_Row]:
    """The rows with their lines. The parser counts to 65,535 only; what lies below is looked up by its title."""
    lines: list[str] = []
    at = above + _PARSER_LINES - 1
    for row in rows:
        if row.line - above < _PARSER_LINES:
            yield row
            continue
        lines = lines or text.split("\n")
        titles = (row.title, escape(row.title))
        at = next((index for index in range(at, len(lines)) if any(title in lines[index] for title in titles)), at)
        yield row._replace(line=min(at + 1, len(lines)))


def _addresses(options: list[tuple[str, str]]) -> dict[str, str | None]:
    """The three addresses by the labels of their options, else by their order, which is the same in every language."""
    found: dict[str, str | None] = {"detection": None, "statistics": None, "alternate": None}
    labelled = False
    for label, value in options:
        compact = _compact(label)
        for part, name in _OPTIONS.items():
            if part in compact:
                found[name] = found[name] or value.strip() or None
                labelled = True
                break
    if not labelled:
        urls = [value.strip() for _, value in options if value.strip().casefold().startswith(("http://", "https://"))]
        found.update(dict(zip(found, urls, strict=False)))
    return found


def _client(name: str, domain: str, line: int, text: str, file: str) -> State:
    """``CONTOSO\\PC0123$`` is the computer PC0123."""
    bare = name.rpartition("\\")[2].rstrip("$").strip()
    return State("client", bare, {"name": bare, "domain": domain.strip() or None}, Place(file, line), text)


# --- HTML ---------------------------------------------------------------------------------------------------------


def _read_html(text: str, file: str) -> list[State]:
    parser = etree.HTMLParser(
        recover=True, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True, encoding="utf-8"
    )
    root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    if root is None:
        return []
    client, rows = _html_rows(root, file)
    wanted = [row for row in rows if _is_update_path(row.path) or _is_location(row)]
    states = [_state(row, file) for row in _placed(wanted, text)]
    return [client, *states] if client is not None else states


def _html_rows(root: Any, file: str) -> tuple[State | None, list[_Row]]:
    """Every setting of the report in order, with the section or path it stands under."""
    rows: list[_Row] = []
    section = ""
    named: tuple[str, int, str] | None = None
    domain = ""
    for element in root.iter("span", "tr"):
        if element.tag == "span":
            if "sectiontitle" in element.get("class", "").casefold():
                section = _own_text(element)
            continue
        cells = [cell for cell in element if cell.tag in ("td", "th")]
        if len(cells) == 3 and all(cell.tag == "td" for cell in cells) and not _inside_setting(element):
            row = _html_setting(cells, section, element.sourceline or 1)
            if row is not None:
                rows.append(row)
        elif len(cells) == 2 and cells[0].tag == "td":
            label, value = _own_text(cells[0]), _own_text(cells[1])
            if rows and _inside_setting(element):
                rows[-1].options.append((label, value))
            elif named is None and _compact(label) in _COMPUTER_LABELS and value:
                named = value, element.sourceline or 1, f"{label} | {value}"
            elif named is not None and not domain and _compact(label) in _DOMAIN_LABELS:
                domain = value
    return (_client(named[0], domain, named[1], named[2], file) if named else None), rows


def _html_setting(cells: list[Any], section: str, line: int) -> _Row | None:
    title, state, gpo = (_own_text(cell) for cell in cells)
    if not title or not state:
        return None
    path = next((link.get("gpmc_settingpath") or "" for link in cells[0].iter("span")), "") or section
    return _Row(title, state, gpo, False, path, line, [])


def _inside_setting(element: Any) -> bool:
    """Whether the row stands in a table inside another table's cell, as the options of a setting do."""
    table = element.getparent()
    while table is not None and table.tag != "table":
        table = table.getparent()
    return table is not None and table.getparent() is not None and table.getparent().tag == "td"


def _own_text(element: Any) -> str:
    """The text of an element without that of a table inside it, blanks collapsed."""
    if element.find(".//table") is None:
        return " ".join("".join(element.itertext()).split())
    parts = [element.text or ""]
    for child in element:
        if child.tag != "table":
            parts += child.itertext()
        parts.append(child.tail or "")
    return " ".join("".join(parts).split())


# --- XML ----------------------------------------------------------------------------------------------------------


def _read_xml(text: str, file: str) -> list[State]:
    """A report with a DTD or entities of its own is not from gpresult: it is left alone."""
    lower = text.casefold()
    if "<!doctype" in lower or "<!entity" in lower or len(text) > _XML_MAX:
        return []
    start = text.index("<Rsop")
    end = text.rfind("</Rsop>")
    cut = text[start : end + len("</Rsop>")] if end > start else text[start:]
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True, encoding="utf-8"
    )
    root = etree.fromstring(cut.encode("utf-8", "replace"), parser)
    if root is None:
        return []
    above = text.count("\n", 0, start)
    states: list[State] = []
    for results in _children(root, "ComputerResults", "UserResults"):
        if _local(results) == "ComputerResults":
            states += _xml_client(results, above, file)
        wanted = [row for row in _xml_rows(results, above) if _is_update_path(row.path) or _is_location(row)]
        states += [_state(row, file) for row in _placed(wanted, text, above)]
    return states


def _local(element: Any) -> str:
    """The name of an element without its namespace; comments have none."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _children(element: Any, *names: str) -> Iterator[Any]:
    return (child for child in element if _local(child) in names)


def _child_text(element: Any, name: str) -> str:
    return next(("".join(child.itertext()).strip() for child in _children(element, name)), "")


def _xml_client(results: Any, above: int, file: str) -> list[State]:
    name = next(_children(results, "Name"), None)
    if name is None or not (name.text or "").strip():
        return []
    text = name.text.strip()
    return [_client(text, _child_text(results, "Domain"), above + (name.sourceline or 1), text, file)]


def _xml_rows(results: Any, above: int) -> Iterator[_Row]:
    """The winning settings: a report lists every GPO that sets a policy, the winner has precedence 1."""
    names = _gpo_names(results)
    for element in results.iter():
        if _local(element) != "Policy" or _child_text(element, "Precedence") not in ("", "1"):
            continue
        title = next(_children(element, "Name"), None)
        if title is None or not (title.text or "").strip():
            continue
        gpo = next(_children(element, "GPO"), None)
        identifier = _child_text(gpo, "Identifier") if gpo is not None else ""
        winner = (_child_text(gpo, "Name") if gpo is not None else "") or names.get(identifier, identifier)
        yield _Row(
            title.text.strip(),
            _child_text(element, "State"),
            winner,
            is_local(identifier),
            _child_text(element, "Category"),
            above + (title.sourceline or 1),
            list(_xml_options(element)),
        )


def _gpo_names(results: Any) -> dict[str, str]:
    """Identifier to display name, for every GPO that the report lists."""
    names: dict[str, str] = {}
    for gpo in _children(results, "GPO"):
        path = next(_children(gpo, "Path"), gpo)
        identifier = _child_text(path, "Identifier")
        if identifier:
            names[identifier] = _child_text(gpo, "Name")
    return names


def _xml_options(policy: Any) -> Iterator[tuple[str, str]]:
    """The options of a setting: text boxes, numbers, lists and check boxes, each with its label and value."""
    for option in _children(policy, "EditText", "DropDownList", "Numeric", "Decimal", "ComboBox", "CheckBox"):
        value = next(_children(option, "Value"), None)
        shown = _child_text(option, "State") if value is None else "".join(value.itertext()).strip()
        yield _child_text(option, "Name"), shown


# --- copied out of a browser --------------------------------------------------------------------------------------


def _pasted(lines: list[str]) -> Iterator[_Row]:
    """Settings of a report that was copied as text: ``title, state, GPO`` on one line or on three."""
    in_updates = False
    current: _Row | None = None
    for index, line in enumerate(lines):
        compact = _compact(line)
        if compact.startswith(_PASTED_PATHS):
            in_updates = _is_update_path(line)
        elif compact.startswith(_PASTED_ENDS):
            in_updates = False
        setting = _pasted_setting(lines, index, compact, in_updates)
        if setting is not None:
            if current is not None:
                yield current
            current = setting
        elif current is not None:
            label, _, value = line.replace("：", ":").partition(":")
            if any(part in _compact(label) for part in _OPTIONS):
                current.options.append((f"{label.strip()}:", value.strip()))
    if current is not None:
        yield current


def _pasted_setting(lines: list[str], index: int, compact: str, in_updates: bool) -> _Row | None:
    """The setting that begins on the line, when what stands around it shows that this is a report."""
    is_location = compact.startswith(_LOCATION_TITLES)
    if not is_location and not in_updates:
        return None
    if is_location and not in_updates and not _beside_report(lines, index):
        return None
    line = lines[index]
    match = _PASTED_STATE.search(line)
    if match is not None and line[match.end() :].strip():
        title, gpo = line[: match.start()].strip(), line[match.end() :].strip()
        return _Row(title, match[1], gpo, False, "", index + 1, []) if title else None
    below = [x.strip() for x in lines[index + 1 : index + 6] if x.strip()][:2]
    if line.strip() and len(below) == 2 and _compact(below[0]) in (_ENABLED | _DISABLED):
        return _Row(line.strip(), below[0], below[1], False, "", index + 1, [])
    return None


def _beside_report(lines: list[str], index: int) -> bool:
    above = (_compact(line) for line in lines[max(0, index - 8) : index])
    below = (_compact(line) for line in lines[index + 1 : index + 1 + _PASTED_REACH])
    return any(heading in line for line in above for heading in _HEADINGS) or any(
        part in line for line in below for part in _OPTIONS
    )
