"""Names that show by what stands around them: in URLs and paths, behind "computer name", in tags, in certificates.

Like the shapes, all of it works on bytes in UTF-8. Keys stand in English and Japanese, as Windows prints them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from ccmdoctor.redaction import public
from ccmdoctor.redaction.addresses import is_special, parse
from ccmdoctor.redaction.credentials import CREDENTIALS
from ccmdoctor.redaction.spans import As, Shape, Span, text_of

_NAME = r"[A-Za-z0-9_\x80-\xff](?:[A-Za-z0-9_.\x80-\xff-]*[A-Za-z0-9_\x80-\xff])?"
_USER = r"[A-Za-z0-9_\x80-\xff][A-Za-z0-9_.\x80-\xff-]*\$?"
_DOMAIN = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}"
# what stands between a key and its value: ". . . :", "=", quotes, cells of a table, XML
_OPENING = r"[ \t]{0,60}(?:\\?[\"'\[<{(]|&lt;|&quot;)?"
_SEP = (
    r"[\"'`]?(?:[ \t.\xa0\xc2]*[:=]|[ \t]*</t[dh]>[ \t]*<t[dh][^>]*>|>|&gt;|[\"'],|[ \t]+REG_(?:EXPAND_)?SZ[ \t])"
    + _OPENING
)
_SEP_OR_IS = _SEP.replace("(?:[", r"(?:[ \t]+is|[", 1)


def _compile(pattern: str) -> re.Pattern[bytes]:
    return re.compile(pattern.encode(), re.IGNORECASE | re.MULTILINE)


_URL = _compile(
    r"(?::\\?/\\?/|%3A%2F%2F)(?:[^\s/@\"'<>\\?#]*@)?"
    r"(\[[0-9A-F:.%]+\]|[A-Z0-9_\x80-\xff](?:[A-Z0-9_.\x80-\xff-]*[A-Z0-9_\x80-\xff])?)"
)
_UNC = _compile(
    r"(?:(?<![\w:.\\?%)}])|(?<=[a-z][a-z]:)|(?<=\\u00[23][0-9A-F]))(\\{2,8})(?:\?\\+UNC(\\+))?([A-Z0-9_][A-Z0-9_.\x80-\xff-]*)(?:@SSL)?(?:@\d+)?"
    r"(?:(\\{1,4})([^\\\s\"'<>|:;,*?\])\x00-\x1f]+))?"
)
_FILE_OF_USER = _compile(r"(?:SCNotify|SCClient|SCToastNotification)_([^@\s\\/_]+)@([^@\s\\/]+?)_(\d+)(?=[-_.]|$)")
_IN_PATH = r"[^\\/:*?\"<>|\r\n\t;,)\]&]"
_PROFILE = _compile(
    r"(?:\\{1,4}|/)(?:Users|Documents and Settings)(?:\\{1,4}|/)"
    rf"({_IN_PATH}(?:{_IN_PATH}{{0,63}}(?=\\|/)|[^\\/:*?\"<>|\r\n\t;,)\]&\s']{{0,63}}))"
)
# a name must not end inside a letter of several bytes
_ACCOUNT = _compile(
    rf"(?:(?<=[\s\"'<>(=\[,;:|\x80-\xff])|^)({_DOMAIN}|NT AUTHORITY|NT SERVICE)(?:\\{{1,4}}|%5C)"
    rf"({_USER})(?![\\\w\x80-\xff])"
)
_OF_ACCOUNT = _compile(
    r"(?:\b(?:\w*user|account|owner|logged|logon|login|member|on behalf|by|runas|run as|identity|principal|caller)\b"
    r"|ユーザー)[^\\]{0,24}$"
)
# first parts of paths without a drive; \\server is none of them
_PATHS = frozenset(
    b"root ccm software system windows hklm hkcu hku hkcr program files programdata wbem currentversion policies "
    b"policy microsoft users appdata temp tmp logs log cache system32 syswow64 sam security hardware machine classes "
    b"device harddisk registry cimv2 sms default winsxs servicing assembly drivers content inboxes bin localhost "
    b"policyagent requestedconfig actualconfig scanagent softwareupdates clientsdk events statemsg invagt dcm "
    b"cidownloader .".split()
)
_HOST_KEYS = (
    r"(?:Computer|Machine|Host|NetBIOS|Workstation)[ _]?Names?",
    r"(?:\b|_)(?:DNS|Device|CS|Server|System|Node|MP|DP|SUP|FSP)[ _]?Names?",
    r"\b(?:DNSHostName|__SERVER|PSComputerName|SYS|FQDN|MPHostName|LocalComputer|Workstation|Source ?Workstation)",
    r"(?:\b|current|assigned|resident|proxy|lookup)(?:management|distribution|update) ?point",
    r"\b(?:SMSMP|FSP|CCMHOSTNAME|SMSSLP)(?==)|\s/mp(?=:)|\b(?:lookup|default|assigned|current|proxy|internet) MP",
    r"\b(?:proxy ?server(?:\(s\))?|data source|netbios|client ?name)",
    r"(?:コンピューター|コンピュータ|ホスト|デバイス|ワークステーション) ?名",
    r"group policy was applied from|グループ ポリシーの適用元",
)
_KEYED_HOST = _compile(rf"(?:{'|'.join(_HOST_KEYS)}){_SEP_OR_IS}\\*(?!https?:)({_NAME})")
# "Computer:      PC0123" of an event, "computer": "PC0123" in JSON: prose has that word too, so it has to be all
_ONLY_HOST = _compile(
    r"(?:^[ \t]*|[{,;][ \t]*)[\"']?(?:computer|コンピューター|コンピュータ|host|machine|server|client|device|node)"
    rf"[\"']?[ \t]*[:=][ \t]*[\"']?({_NAME})(?=[\"']?[ \t]*(?:$|\r|[,;}}]))"
)
# behind these words only what can be nothing but a computer's name is one
_NEAR_HOST = _compile(
    r"\b(?:server|computer|machine|host|client|resource(?: ?name)?|workstation|node|mp|dp|sup|proxy|point|"
    r"site system|name)[\"']?(?:[ \t]*[:=][ \t]*|[ \t]+|>)(?:\\?[\"'\[<(]|&lt;|&quot;)?"
    r"([A-Z0-9][A-Z0-9-]{1,62})(?![\w.\\/~-]|:\\)"
)
_RESTARTING = _compile(r"\(([A-Z0-9-]{2,63})\) has initiated the")
_QUOTED_HOST = _compile(
    rf"(?:\b(?:host|server|computer|machine)\s{{0,8}}[:=]?\s{{0,8}}|(?:remote name|リモート名)[^'\r\n]{{0,60}})"
    rf"'({_NAME})'"
    rf"|\bat host ({_NAME})|^(?:<!\[LOG\[)?Machine: ({_NAME})"
    rf"|(?<![A-Za-z0-9_.-])({_NAME}) \[\d{{1,3}}(?:\.\d{{1,3}}){{3}}\]"
)
# how the probe shows a certificate: "CN=sup.contoso.com; names sup.contoso.com, sup; valid 2025-..."
_POINT = _compile(
    rf"\bMP (?:changed from <({_NAME})> to <({_NAME})>|name retrieved is '({_NAME})'|({_NAME}) using version)"
    rf"|\bName: '({_NAME})' HTTPS|\bissued to '({_NAME})'"
    rf"|\b(?:HOST|TERMSRV|MSSQLSvc|RestrictedKrbHost|WSMAN|cifs)/([A-Z][A-Z0-9.-]{{3,252}})"
)
_SHOWN_NAMES = _compile(r"; names ([^;\"\r\n]{1,400}); valid ")
_PARAMETER = _compile(rf"(?<!\S)[-/](?:ComputerName|Computer|Server|CN)[ :]+({_NAME}(?:, ?{_NAME})*)")
_HOST_PORT = _compile(r"(?<![\w.:/\\@-])([A-Z][A-Z0-9-]{1,62}(?:\.[A-Z][A-Z0-9-]{0,62}){0,8}):(\d{2,5})(?![\d.])")
_BYPASS = _compile(r"(?:bypass|exception|バイパス|ProxyOverride)[^:=\r\n]{0,40}[:=]\s*\"?([^\r\n\"]+)")
_WILDCARD = _compile(r"(?<![\w.])(\d{1,3}(?:\.\d{1,3}){0,2})\.\*")  # in a list of exceptions: 10.1.*
_ATTRIBUTE = _compile(
    r"<(ADSite|Forest|Domain|Computer|Machine|Server|User)\s+(?:Site)?Name\s*=\s*\\?[\"']([^\"'<>\\]+)"
)
_EVENT_DATA = _compile(
    r"<Data Name=[\"']\w{0,40}?(UserName|DomainName|Workstation|WorkstationName|ComputerName|MachineName)[\"']>"
    r"([^<>]{1,255})<"
)
_TAG = _compile(
    r"<(?:\w+:)?(ComputerName|MachineName|Computer|HostName|ServerName|UserName|SamAccountName|Domain|DomainName|"
    r"DnsDomain|SiteName|Site)>([^<>]{1,255})</"
)
_AD_SITE = _compile(
    r"(?:AD site of machine is|AD site(?: ?name)?|Active Directory site(?: name)?|DynamicSiteName|\bSite ?Name|"
    r"\bADSite|>Site(?=</t[dh]>)|サイト名|>サイト(?=</t[dh]>))(?:[\"']?\s*[:=]\s*[\"']?|\s+is\s+|\s+'|\s+|</t[dh]>\s*<t[dh][^>]*>)([^\r\n\"'<>\[\],;]{2,64})"
)
_NO_SITE = re.compile(rb"(?:code|search|is|of|from|in|for|not|has|was|and|the)\b", re.IGNORECASE)
_USER_KEYS = (
    r"(?:\b|default)user ?name",
    r"\b(?:logon ?name|logged[ -]?on user|last ?logged ?on ?user|samaccountname|user ?id|run ?as ?user|"
    r"primary ?user|top ?console ?user|user|account(?: name)?|owner)",
    r"(?:ユーザー|アカウント) ?名",
)
_KEYED_USER = _compile(
    rf"(?:{'|'.join(_USER_KEYS)})(?:{_SEP}|[ \t]+(?=['\"]))[\"']?(?:({_DOMAIN})\\{{1,4}})?"
    rf"({_USER})(?![\\:({{@\x80-\xff])"
)
_USER_AND_SID = _compile(
    rf"\buser (?!(?:is|has|was|not)\b)({_USER}) (?:\(S-1-|(?:has |is )?(?:logged|signed) o|in session)"
)
_DOMAIN_KEYS = (
    r"\b(?:AD |DNS |primary |NetBIOS |user ?|logon ?|machine ?|account ?)?(?:domain|forest|suffix)(?: ?name)?",
    r"\b(?:dns suffix(?: search list)?|userdnsdomain|workgroup)",
    r"DNS サフィックス[^:\r\n]*",
    r"\bDom Name|DNSSUFFIX",
    r"ドメイン(?: ?名)?",
)
_KEYED_DOMAIN = _compile(rf"(?:{'|'.join(_DOMAIN_KEYS)}){_SEP_OR_IS}[\"']?([A-Z0-9][A-Z0-9._-]{{1,253}})(?![\w\\:(])")
_SERIAL = _compile(
    r"(?:serial ?(?:number|no\.?|#)|\bserial(?=[:=])|\bS/?N(?=:)|asset ?tag|service ?tag|identifying ?number"
    r"|シリアル(?: ?番号)?)"
    rf"{_SEP}[\"'/]?([A-Z0-9][A-Z0-9-]{{3,62}})(?:/([A-Z0-9][A-Z0-9-]{{3,62}}))?"
)
_OWNER = _compile(
    rf"(?:registered (?:owner|organi[sz]ation)|RegisteredO(?:wner|rganization)|PrimaryOwnerName|full name|"
    r"\bTenantName|(?:SMSTS|Registered)OrgName|\bSSID(?= *:)|"
    r"(?:User|LoggedOn|UserPrincipal)DisplayName|company(?: ?name)?|TargetGroup(?=[\"' ])|"
    rf"登録されている(?:所有者|組織)){_SEP}[\"']?([^\r\n\"'<>;,\[\]]{{3,64}})"
)
_PART_OF_NAME = _compile(
    r"(?<![A-Z0-9_])(CN|OU|DC|O|L|ST|S|E|STREET|G|SN|T|emailAddress|serialNumber)="
    r"(\"[^\"]*\"|(?:\\[^\s]|[^,;+\"'<>\]\)\}\r\n/\t\\|&])+)"
)


def _host(raw: bytes, start: int, rank: int, loose: bool = True) -> Iterator[Span]:
    """A host as it stands in a URL and the like: an address in either form, or a name."""
    text = text_of(raw)
    if text.startswith("["):
        inner = text[1:-1].partition("%")[0]
        if re.fullmatch(r"[0-9A-Fa-f:]+", inner) and inner.count(":") > 1:
            yield Span(start + 1, start + 1 + len(inner), As.ADDRESS6, rank)
    elif re.fullmatch(r"\d{1,3}(?:\.\d{1,3}){3}", text):
        value = parse(text)
        if value is not None and not is_special(value):
            yield Span(start, start + len(raw), As.ADDRESS, rank)
    elif not re.fullmatch(r"[\d.]+", text):
        yield Span(start, start + len(raw), As.HOST, rank, loose)


def _user(name: str, start: int, rank: int) -> Iterator[Span]:
    size = len(name.encode("utf-8", "surrogateescape"))
    if name.endswith("$"):
        yield Span(start, start + size - 1, As.HOST, rank)
    elif not public.is_public_account(name) and not name.casefold().startswith(("s-1-", "s_1_")):
        yield Span(start, start + size, As.USER, rank)


def _site(value: bytes, at: int) -> Iterator[Span]:
    if text_of(value).casefold() not in ("default-first-site-name", "null", "(null)", "none", "n/a", "unknown"):
        yield Span(at, at + len(value), As.SITE, 4)


def _url(work: bytes, start: int, end: int) -> Iterator[Span]:
    for found in _URL.finditer(work, start, end):
        yield from _host(found[1], found.start(1), 2)


def _unc(work: bytes, start: int, end: int) -> Iterator[Span]:
    for found in _UNC.finditer(work, start, end):
        lead, separator = len(found[1]), len(found[4] or b"")
        # a path in a quoted string doubles every backslash: \\\\server\\share is one, \\Windows\\System32 is none
        if found[2] is None and (lead % 2 or (separator and lead != 2 * separator)):
            continue
        if found[3].lower() in _PATHS:
            continue
        yield from _host(found[3].rstrip(b".-"), found.start(3), 3)
        if found[5] and not public.is_public_share(text_of(found[5]).rstrip(".")):
            yield Span(*found.span(5), As.SHARE, 4, False)


def _file_of_user(work: bytes, start: int, end: int) -> Iterator[Span]:
    for found in _FILE_OF_USER.finditer(work, start, end):
        yield Span(*found.span(1), As.DOMAIN, 1)
        yield Span(*found.span(2), As.USER, 1)


def _profile(work: bytes, start: int, end: int) -> Iterator[Span]:
    for found in _PROFILE.finditer(work, start, end):
        name = found[1].rstrip(b" .")
        if name and not name.startswith((b"%", b"{", b"$")) and not public.is_public_account(text_of(name)):
            yield Span(found.start(1), found.start(1) + len(name), As.USER, 3)


def accounts(work: bytes, start: int, end: int) -> Iterator[tuple[re.Match[bytes], bool]]:
    """``DOMAIN\\user`` by its look, and whether the context says that it is an account and no path."""
    for found in _ACCOUNT.finditer(work, start, end):
        if found[1].lower() in _PATHS or found[1].isdigit():
            continue
        sure = (found[2].endswith(b"$") and found[1].lower() != b"nt authority") or _is_shouted(found[1], found[2])
        yield found, sure or _OF_ACCOUNT.search(work, max(start, found.start() - 48), found.start(1)) is not None


def _is_shouted(domain: bytes, user: bytes) -> bool:
    """Whether a pair is ``CONTOSO\\yamada`` by its letters: a NetBIOS domain in capitals and no file behind it."""
    capitals = re.fullmatch(rb"[A-Z][A-Z0-9-]{2,14}", domain)
    return bool(capitals and re.search(rb"[A-Za-z]", user) and b"." not in user[-5:])


def account_spans(found: re.Match[bytes]) -> Iterator[Span]:
    """The two halves of an account."""
    if public.is_public_domain(text_of(found[1])):
        yield Span(*found.span(), As.KEPT, 2)
        return
    yield Span(*found.span(1), As.DOMAIN, 3)
    yield from _user(text_of(found[2]), found.start(2), 3)


def _no_span(work: bytes, start: int, end: int) -> Iterator[Span]:
    """Accounts have a way of their own: whether they are some depends on the domains that were learned."""
    return iter(())


def _keyed_host(work: bytes, start: int, end: int) -> Iterator[Span]:
    for found in _KEYED_HOST.finditer(work, start, end):
        name = text_of(found[1])
        known = "." in name or not public.is_ordinary(name) or name.isupper()
        if known and public.looks_like_name(name):
            yield from _host(found[1], found.start(1), 4)


def _near_host(work: bytes, start: int, end: int) -> Iterator[Span]:
    for found in _NEAR_HOST.finditer(work, start, end):
        if public.looks_like_label(text_of(found[1])):
            yield Span(*found.span(1), As.HOST, 6)


def _told_host(work: bytes, start: int, end: int) -> Iterator[Span]:
    for expression in (_ONLY_HOST, _QUOTED_HOST, _POINT, _PARAMETER, _RESTARTING, _SHOWN_NAMES):
        for found in expression.finditer(work, start, end):
            for group in range(1, expression.groups + 1):
                if found[group]:
                    yield from _listed_hosts(found, group)


def _listed_hosts(found: re.Match[bytes], group: int) -> Iterator[Span]:
    for one in re.finditer(rb"[^,\s]+", found[group]):
        name = text_of(one.group())
        if public.looks_like_name(name) and ("." in name or not public.is_ordinary(name)):
            yield from _host(one.group(), found.start(group) + one.start(), 4)


def _proxy(work: bytes, start: int, end: int) -> Iterator[Span]:
    for found in _HOST_PORT.finditer(work, start, end):
        name = text_of(found[1])
        if int(found[2]) < 65536 and not public.is_public_host(name) and public.looks_like_name(name):
            yield Span(*found.span(1), As.HOST, 4)
    for found in _WILDCARD.finditer(work, start, end):
        yield Span(*found.span(1), As.NETWORK, 1)
    for listed in _BYPASS.finditer(work, start, end):
        for one in re.finditer(rb"[^;,\s]+", listed[1]):
            if re.fullmatch(rb"[A-Za-z][A-Za-z0-9-]*\d[A-Za-z0-9-]*", one.group()):
                yield Span(listed.start(1) + one.start(), listed.start(1) + one.end(), As.HOST, 4)


def _tagged(work: bytes, start: int, end: int) -> Iterator[Span]:
    for found in chain.from_iterable(one.finditer(work, start, end) for one in (_ATTRIBUTE, _TAG, _EVENT_DATA)):
        tag, value = found[1].lower(), found[2].strip()
        at = found.start(2) + found[2].find(value)
        if not value or b"\\" in value:
            continue
        if tag in (b"adsite", b"sitename") or (tag == b"site" and not re.fullmatch(rb"[A-Za-z0-9]{3}", value)):
            yield from _site(value, at)
        elif tag in (b"forest", b"domain", b"domainname", b"dnsdomain"):
            yield Span(at, at + len(value), As.DOMAIN, 3)
        elif tag in (b"user", b"username", b"samaccountname"):
            yield from _user(text_of(value), at, 3)
        elif tag != b"site" and re.fullmatch(_NAME.encode(), value):
            yield from _host(value, at, 3)


def _ad_site(work: bytes, start: int, end: int) -> Iterator[Span]:
    for found in _AD_SITE.finditer(work, start, end):
        value = re.split(rb"\]LOG\]|, | {2,}|\t|\$\$<", found[1])[0].rstrip(b" .'~")
        if value and not _NO_SITE.match(value):
            yield from _site(value, found.start(1))


def _keyed_user(work: bytes, start: int, end: int) -> Iterator[Span]:
    for found in _KEYED_USER.finditer(work, start, end):
        name = text_of(found[2])
        if found[1] is not None:
            if public.is_public_domain(text_of(found[1])):
                continue
            yield Span(*found.span(1), As.DOMAIN, 4)
        elif public.is_ordinary(name) and not name.endswith("$"):
            continue
        if not re.fullmatch(r"[\d.]+|0x[0-9A-Fa-f]+", name):
            yield from _user(name, found.start(2), 4)
    for found in _USER_AND_SID.finditer(work, start, end):
        yield from _user(text_of(found[1]), found.start(1), 4)


def _keyed_domain(work: bytes, start: int, end: int) -> Iterator[Span]:
    for found in _KEYED_DOMAIN.finditer(work, start, end):
        name = text_of(found[1]).rstrip(".")
        flat = name.isupper() and "_" not in name and not public.is_ordinary(name)
        if flat or ("." in name and not re.fullmatch(r"[\d.]+", name)):
            yield Span(found.start(1), found.start(1) + len(name.encode()), As.DOMAIN, 4)


def _serial(work: bytes, start: int, end: int) -> Iterator[Span]:
    for found in _SERIAL.finditer(work, start, end):
        for group in (1, 2):
            if found[group] and re.search(rb"\d", found[group]):
                yield Span(*found.span(group), As.SERIAL, 2)


def _owner(work: bytes, start: int, end: int) -> Iterator[Span]:
    for found in _OWNER.finditer(work, start, end):
        value = found[1].strip(b" .")
        name = text_of(value)
        if value and not public.is_public_certificate_name(name) and not public.is_public_account(name):
            yield Span(
                found.start(1) + found[1].find(value), found.start(1) + found[1].find(value) + len(value), As.UNIT, 3
            )


def _directory(work: bytes, start: int, end: int) -> Iterator[Span]:
    """Subjects of certificates and paths of a directory: ``CN=PC0123, OU=Tokyo, DC=contoso, DC=com``."""
    for found in _PART_OF_NAME.finditer(work, start, end):
        key, value = found[1].upper(), found[2].strip(b' "')
        at = found.start(2) + found[2].find(value)
        stop = at + len(value)
        text = text_of(value)
        if not value or public.is_public_certificate_name(text) or value.startswith((b"{", b"%", b"*", b"$")):
            continue
        if key == b"DC":
            yield Span(at, stop, As.DOMAIN, 2)
        elif key == b"CN" and re.fullmatch(_NAME.encode(), value):
            yield Span(at, stop, As.HOST, 3)
        elif key in (b"E", b"EMAILADDRESS") and b"@" in value:
            continue  # a mail address shows by itself
        elif key == b"SERIALNUMBER":
            yield Span(at, stop, As.SERIAL, 2)
        else:
            yield Span(at, stop, As.UNIT, 3, key in (b"CN", b"O") and len(value) >= 5 and b"=" not in value)


_TRIGGER_SEP = rb"(?:\W| is)"
CONTEXTS = {
    **CREDENTIALS,
    "url": Shape((rb"(?::\\?/\\?/|%3a%2f%2f)[^\s/]",), _url),
    "unc": Shape((rb"\\\\[a-z0-9_]", rb"\\unc\\"), _unc),
    "file-of-user": Shape((rb"sc(?:notify|client|toastnotification)_[^@\s]{1,64}@",), _file_of_user),
    "profile": Shape((rb"(?:\\|/)(?:users|documents and settings)(?:\\|/)",), _profile),
    "account": Shape(
        (
            rb"(?:^|[\s\"'<>(=\[,;:|\x80-\xff])[a-z0-9][a-z0-9_.-]{0,62}(?:\\{1,4}|%5c)[a-z0-9_\x80-\xff]",
            rb"[a-z0-9]\\{1,2}[a-z0-9_-]{1,15}\$",
        ),
        _no_span,
    ),
    "keyed-host": Shape(
        (
            rb"(?:computer|machine|host|dns|netbios|device|cs|server|system|node|mp|dp|sup|fsp|workstation)[ _]?names?"
            + _TRIGGER_SEP,
            rb"\b(?:__server|dnshostname|mphostname|localcomputer|sys|fqdn|source ?workstation|workstation)"
            + _TRIGGER_SEP,
            rb"(?:management|distribution|update) ?point" + _TRIGGER_SEP,
            rb"\b(?:smsmp|fsp|ccmhostname|smsslp)=|/mp:|\b(?:lookup|default|assigned|current|proxy|internet) mp\W",
            rb"proxy ?server|data source|\bnetbios|client ?name",
            "group policy was applied from|グループ ポリシーの適用元".encode(),
            "(?:コンピューター|コンピュータ|ホスト|デバイス|ワークステーション) ?名".encode(),
        ),
        _keyed_host,
    ),
    "near-host": Shape(
        (
            rb"\b(?:server|computer|machine|host|client|resource|resource ?name|workstation|node|mp|dp|sup|proxy|point|"
            rb"site system|name)[\"']?(?:[ \t]{0,8}[:=][ \t]{0,8}|[ \t]{1,8}|>)(?:\\?[\"'\[<(]|&lt;|&quot;)?"
            rb"[a-z0-9-]{0,62}\d",
        ),
        _near_host,
    ),
    "told-host": Shape(
        (
            rb"(?:^|[{,;])[ \t]{0,40}[\"']?(?:computer|host|machine|server|client|device|node)[\"']?[ \t]{0,8}[:=]",
            "コンピューター|コンピュータ".encode(),
            rb"\) has initiated the",
            rb"\b(?:host|server|computer|machine)\s{0,2}[:=]?\s{0,2}'",
            rb"remote name|\bat host |machine: |[a-z0-9] \[\d{1,3}\.",
            rb"[-/](?:computer|server|cn)(?:name)?[ :]",
            rb"; names |\bmp (?:changed from <|name retrieved is|[^\s]{1,64} using version)|\bname: '|issued to '",
            rb"\b(?:host|termsrv|mssqlsvc|restrictedkrbhost|wsman|cifs)/[a-z][a-z0-9.-]{3}",
            "リモート名".encode(),
        ),
        _told_host,
    ),
    "proxy": Shape((rb"proxy", rb"bypass", "プロキシ|バイパス".encode()), _proxy),
    "tagged": Shape(
        (
            rb"<data name=",
            rb"<(?:adsite|forest|domain|computer|machine|server|user)\s",
            rb"<[a-z0-9:]{0,10}(?:computer|machine|host|server|user|samaccount|domain|dnsdomain|site)(?:name)?>",
        ),
        _tagged,
    ),
    "ad-site": Shape((rb"ad ?site|directory site|site ?name|>site<", "サイト名|>サイト<".encode()), _ad_site),
    "keyed-user": Shape(
        (
            rb"\b(?:user|account|owner|logon|samaccount|logged|runas)|(?:console|primary|as|on|default) ?user",
            "(?:ユーザー|アカウント) ?名".encode(),
        ),
        _keyed_user,
    ),
    "keyed-domain": Shape(
        (rb"domain|forest|suffix|workgroup|dom name", "サフィックス|ドメイン".encode()), _keyed_domain
    ),
    "serial": Shape(
        (rb"serial ?(?:n|#|[:=])|\bs/?n:|asset ?tag|service ?tag|identifying ?number", "シリアル".encode()), _serial
    ),
    "owner": Shape(
        (
            rb"registered ?o|tenantname|orgname|\bssid|full name|ownername|ondisplayname|serdisplayname|company",
            rb"targetgroup",
            "登録されている".encode(),
        ),
        _owner,
    ),
    "directory": Shape((rb"\b(?:cn|ou|dc)=",), _directory),
}
