"""What is replaced and what is kept, one line of real evidence at a time."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmdoctor.redaction.text import Learner, Replacer

KEY = b"k" * 32

REPLACED = [
    # (text, pieces that must be gone, apart from case)
    ("Current AD site of machine is Tokyo-HQ", ["Tokyo-HQ"]),
    (
        '<ADSite Name="Tokyo-HQ"/><Forest Name="contoso.com"/><Domain Name="corp.contoso.com"/>'
        '<IPAddresses><IPAddress SubnetAddress="10.0.1.0" Address="10.0.1.10"/></IPAddresses>',
        ["Tokyo-HQ", "contoso", "10.0.1.10", "10.0.1.0"],
    ),
    ("   Host Name . . . . . . . . . . . . : PC0123", ["PC0123"]),
    ("   ホスト名. . . . . . . . . . . . .: PC0123", ["PC0123"]),
    ("   Primary Dns Suffix  . . . . . . . : corp.contoso.com", ["contoso"]),
    ("   DNS サフィックス検索一覧 . . . . . . .: corp.contoso.com", ["contoso"]),
    ("   Physical Address. . . . . . . . . : 00-15-5D-01-02-03", ["00-15-5D-01-02-03"]),
    ("   DHCPv6 Client DUID. . . . . . . . : 00-01-00-01-2A-3B-4C-5D-00-15-5D-01-02-03", ["00-15-5D"]),
    ("   Link-local IPv6 Address . . . . . : fe80::1c2d:3e4f:5a6b:7c8d%12(Preferred)", ["1c2d:3e4f"]),
    ("   IPv6 Address. . . . . . . . . . . : 2001:db8:1:2:3:4:5:6(Preferred)", ["2001:db8:1:2"]),
    ('"ComputerName"="WSTARO"\nWSTARO is here', ["WSTARO"]),
    ("Computer Name: WS-TARO-01", ["WS-TARO-01"]),
    ("C:\\Users\\yamada\\AppData\\Local\\Temp\\x.log", ["yamada"]),
    ("C:\\Users\\Taro Yamada\\AppData, and later Taro Yamada too", ["Taro Yamada"]),
    ("C:\\\\Users\\\\yamada\\\\AppData", ["yamada"]),
    ("C:\\Users\\山田太郎\\x 山田太郎", ["山田"]),
    ("file:///C:/Users/yamada/x", ["yamada"]),
    ("The logged on user is CONTOSO\\yamada.t", ["yamada", "CONTOSO"]),
    ("User Name : yamada", ["yamada"]),
    ("ユーザー名: yamada", ["yamada"]),
    ("TopConsoleUser = contoso\\hanako", ["hanako", "contoso"]),
    ('"UserName":"CONTOSO\\\\hanako"', ["hanako", "CONTOSO"]),
    ("for user yamadahanako (S-1-5-21-1004336348-1177238915-682003330-1001)", ["yamadahanako", "1004336348"]),
    ("yamada@contoso.com wrote", ["yamada", "contoso"]),
    ("宛先yamada@contoso.comへ", ["yamada", "contoso"]),
    ("http://user1:Passw0rd@proxy.contoso.com:8080/", ["user1", "Passw0rd", "contoso"]),
    ("https://cmg.contoso.com/x?sig=abc123DEF&sv=1", ["abc123DEF", "contoso"]),
    ("Authorization: Bearer eyJ0eXAiOiJKV1QiLCJhbGciOiJ", ["eyJ0eXAi"]),
    ("password=Sup3rSecret!", ["Sup3rSecret"]),
    ("password=true-Sup3rSecret!", ["Sup3rSecret"]),
    ("\\\\FS01\\Finance$\\updates", ["FS01", "Finance"]),
    ("\\\\\\\\FS01\\\\Finance\\\\updates", ["FS01", "Finance"]),
    ("from source “\\\\cm.contoso.com\\source\\updates”", ["contoso", "source\\"]),
    ("\\\\?\\UNC\\fs02\\data\\x", ["fs02", "data"]),
    ('CN=PC0123.corp.contoso.com, OU=Clients, O="Contoso K.K.", L=Minato, C=JP', ["PC0123", "contoso", "Minato"]),
    ("CN=PC0123,OU=Tokyo Clients,DC=corp,DC=contoso,DC=com", ["PC0123", "contoso", "Tokyo Clients"]),
    ("Thumbprint 0123456789ABCDEF0123456789ABCDEF01234567", ["0123456789ABCDEF"]),
    ("GUID:0F7A4A3E-1111-4F6E-8B8A-0000000ABCDE", ["0F7A4A3E"]),
    ("%7B0F7A4A3E-1111-4F6E-8B8A-0000000ABCDE%7D", ["0F7A4A3E"]),
    ("ScopeId_0F7A4A3E_1111_4F6E_8B8A_0000000ABCDE_Policy", ["0F7A4A3E"]),
    ("0f7a4a3e11114f6e8b8a0000000abcde", ["0f7a4a3e"]),
    ("ccm\\Policy\\S_1_5_21_1004336348_1177238915_682003330_1001\\ActualConfig", ["1004336348", "_1001"]),
    ("S-1-12-1-1004336348-1177238915-682003330-1001", ["1004336348"]),
    ("contoso-cmg.cloudapp.net", ["contoso"]),
    ("tenant contoso.onmicrosoft.com", ["contoso"]),
    ("Serial Number: 5CG1234XYZ, later 5CG1234XYZ", ["5CG1234XYZ"]),
    ("Win32_BaseBoard.SerialNumber=/5CG1234XYZ/CN1234567890AB/", ["5CG1234XYZ", "CN1234567890AB"]),
    ("Read SMBIOS (encoded): 35004300470031003200330034005800590050", ["350043004700"]),
    ("SCNotify_CONTOSO@user1_1.log", ["user1", "CONTOSO"]),
    ("__SERVER                     : PC0123\nsaw PC0123", ["PC0123"]),
    ("Computer  ClientId\n--------  --------\nPCALPHA   GUID:x\n\nand PCALPHA", ["PCALPHA"]),
    ('"MachineName","Status"\n"PCBETA","ok"\n\nPCBETA', ["PCBETA"]),
    ("<td>CONTOSO\\PC0123$</td>", ["PC0123", "CONTOSO"]),
    ("NT AUTHORITY\\SYSTEM on behalf of CONTOSO\\svc-sccm", ["svc-sccm", "CONTOSO"]),
    ("server SUP01 answered", ["SUP01"]),
    ("Proxy Server(s) :  proxy01:8080", ["proxy01"]),
    ("Bypass List     :  *.contoso.com;<local>;srv7", ["contoso", "srv7"]),
    ("ldap://dc01.corp.contoso.com:389/DC=corp,DC=contoso,DC=com", ["dc01", "contoso"]),
    ("Successfully connected to server: SUP.CONTOSO.CO.JP, port: 8530", ["SUP.", "CONTOSO"]),
    ("サーバーsup.contoso.comに接続", ["contoso"]),
    ('\tHostName = "MPONLY";', ["MPONLY"]),
    ("connected to 203.0.113.77 port 443", ["203.0.113.77"]),
    ("of the management agent 192.168.44.5 and software 172.20.1.2", ["192.168.44", "172.20."]),
    ("W3SVC1 CCM_POST /x - 80 CONTOSO\\PC0123$ ccmhttp 10.1.2.3 200", ["PC0123", "10.1.2.3"]),
    ("http://[2001:db8::5]:8530/x", ["2001:db8::5"]),
    ("Microsoft-Windows-WUSA N/A CORP\\yamada7 Windows update could not be installed", ["yamada7", "CORP"]),
    ("correlation guid {109B537A-194F-4171-A803- 5022A6C7D27F} for", ["109B537A", "5022A6C7D27F"]),
    ("The remote name could not be resolved: 'supserver'", ["supserver"]),
    ("Failed to send request to /x at host DPALPHA, error 0x2efd", ["DPALPHA"]),
    ("for server 'mpalpha'.", ["mpalpha"]),
    ("Pinging pcgamma [10.0.9.1] with 32 bytes", ["pcgamma", "10.0.9.1"]),
    ("Get-WmiObject -ComputerName PCALPHA, PCBETA -Namespace root", ["PCALPHA", "PCBETA"]),
    ("Registered Organization:   Contoso Trading", ["Contoso Trading"]),
    ("登録されている所有者:   山田太郎", ["山田太郎"]),
    ("http://www.contoso.com/ ContosoVPN contoso-wifi", ["contoso"]),
    ("The process a.exe (PC0123) has initiated the restart of computer PC0123", ["PC0123"]),
    (
        '<![LOG[Authorization: Basic dXNlcjE6cGFzc3dvcmQx]LOG]!><time="10:02:03.412-540" date="03-25-2025" '
        'component="X" context="" type="1" thread="4120" file="x.cpp:1">',
        ["dXNlcjE6"],
    ),
    ("set proxy user1:Passw0rd@proxyhost:8080", ["user1", "Passw0rd"]),
    ("net use x /user:CONTOSO\\user1 /password:Passw0rd and -Password Passw1rd", ["user1", "Passw0rd", "Passw1rd"]),
    ("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0xyz.c2lnbmF0dXJl", ["eyJhbGci", "c2lnbmF0"]),
    ("http:\\/\\/supalpha:8530\\/x", ["supalpha"]),
    ("Bypass List     :  10.77.*;192.168.44.*", ["10.77.", "192.168.44"]),
    ("the switch knows 9c7b.ef01.0203, MACAddress: 9C7BEF010204", ["9c7b.ef01", "9C7BEF010204"]),
    ("Cert Hash(sha1): 01 23 45 67 89 ab cd ef 01 23 45 67 89 ab cd ef 01 23 45 67", ["01 23 45"]),
    ("Product ID:                00330-80000-00000-AA123", ["AA123"]),
    ("2400:4050:abcd::/64", ["2400:4050"]),
    ('{"computer": "PCALPHA"}', ["PCALPHA"]),
    ("Computer:      PCALPHA\r\nDescription:", ["PCALPHA"]),
    ('<Data Name="TargetUserName">yamada7</Data>', ["yamada7"]),
    ("    Hostname    REG_SZ    PCALPHA", ["PCALPHA"]),
    ("Site code is P01; Management Point is PCALPHA;", ["PCALPHA"]),
    ("Successfully connected to server: SUPALPHA, port: 8530, useSSL: False", ["SUPALPHA"]),
    ("SYSTEM-INFO\nHost Name:                 PCALPHA", ["PCALPHA"]),
    ("user=CONTOSO%5Csuzuki&x=1", ["suzuki", "CONTOSO"]),
    ("C:\\>whoami\ncontoso\\suzuki\n", ["suzuki", "contoso"]),
    ("アカウント名:\t\tsuzuki\nワークステーション名:\tPCALPHA", ["suzuki", "PCALPHA"]),
    (
        "ccmsetup.exe /mp:mpalpha /source:\\\\filealpha\\share7 FSP=fspalpha SMSMP=mpbravo",
        ["mpalpha", "filealpha", "fspalpha", "mpbravo"],
    ),
    ("Assigned MP changed from <MPALPHA> to <MPBRAVO>.", ["MPALPHA", "MPBRAVO"]),
    ("The MP name retrieved is 'MPALPHA' with version '9128'", ["MPALPHA"]),
    ("Certificate issued to 'PCALPHA' for HOST/PCBRAVO", ["PCALPHA", "PCBRAVO"]),
    ("The user suzuki has logged on to Data Source=SQL01;", ["suzuki", "SQL01"]),
    ("_SMSTSOrgName=Minato Trading", ["Minato"]),
    ('Proxy Server: "proxyalpha"', ["proxyalpha"]),
    ("RSOP\nGPO: Tokyo WSUS Settings\nand Tokyo WSUS Settings", ["Tokyo WSUS"]),
]

KEPT = [
    "HasPrivateKey        : True",
    "ServiceId = {3DA21691-E39D-4da6-8A4B-B43877BCB1B7}",
    "{00000000-0000-0000-0000-000000000113}",
    "2025-03 Cumulative Update for Windows 11 Version 24H2 for x64-based Systems (KB5053598) (26100.3476)",
    "Client version is 5.00.9122.1000, agent 10.0.19041.1, Version=4.0.0.0, file version 1.2.3.4",
    "C:\\Windows\\CCM\\Logs\\WUAHandler.log",
    "http://download.windowsupdate.com/c/msdownload/update/software/secu/2025/03/"
    "windows10.0-kb5053598-x64_0123456789abcdef0123456789abcdef01234567.cab",
    "NT AUTHORITY\\SYSTEM and NT AUTHORITY\\NETWORK SERVICE and S-1-5-18, S-1-5-32-544",
    "Subnet Mask . . . : 255.255.255.0, loopback 127.0.0.1, 169.254.1.2, 0.0.0.0, localhost:8005",
    "C:\\Users\\Public\\x C:\\Users\\Default\\x",
    "System.Net.WebException at Microsoft.SoftwareCenter.Client.Data.WmiDataConnector",
    'Scan failed with error = 0x80244022. HRESULT = "0x80072ee2";',
    "\\\\.\\root\\ccm\\Policy \\\\localhost\\root\\cimv2 root\\ccm\\Policy\\Machine HKLM\\SOFTWARE\\Policies",
    "package P0100123 of site P01 in \\\\localhost\\SMSPKGC$\\P0100123",
    "CSoftwareCenterLogonTask:: End 10:02:03.412 03-25-2025",
    "2014-01-20\t12:18:42:694\t 3856\t708\tCOMAPI\t-- START --",
    "Package_for_RollupFix~31bf3856ad364e35~amd64~~26100.3476.1.8",
    "ScheduleString=02C159C0381A200002C159C0381B200002C159C0381C200002C159C0381D2000, Type=6",
    "User = SYSTEM, user 'S-1-5-18'. The user has logged off. A user is logged on to the system.",
    "Intel - System - 10.1.1.42",
    'used proxy from forwardproxy.cpp:123, in file="policyutil.h:7"',
    'FullName = "Silent install";',
    "Management Point is unknown; computer: the machine could not be found",
    "versions 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and hex:00,00,00,00,01,02,03,04,05,06",
    "cmtrace::end and a::b, 10.0.*, code 1234.5678.9012",
    "Title = Oracle Calendar 10.1.2.4 (64-bit)",
    "Failed at host localhost; server 'localhost'; Machine: x64; the server could not be found",
]


def settled(*texts: str) -> Replacer:
    learner = Learner()
    for text in texts:
        learner.learn(text.encode("utf-8", "surrogatepass"), with_tables=True)
    return learner.settled(KEY)


@pytest.mark.parametrize(("text", "gone"), REPLACED, ids=lambda value: value[:40] if isinstance(value, str) else "")
def test_identifiers_are_replaced(text: str, gone: list[str]) -> None:
    made = settled(text).text(text)
    assert not [one for one in gone if one.lower() in made.lower()], made
    assert made.count("\n") == text.count("\n")


@pytest.mark.parametrize("text", KEPT, ids=lambda text: text[:40])
def test_what_identifies_nobody_stays(text: str) -> None:
    assert settled(*KEPT).text(text) == text


def test_a_name_learned_anywhere_is_replaced_everywhere() -> None:
    found = settled(
        "Host Name . . . : PC0123", "\\\\PCBRAVO\\share\\x", "C:\\Users\\yamada\\x", "PC0123.corp.contoso.com"
    )
    made = found.text("PC0123 pc0123 PC0123$ PCBRAVO [yamada] (YAMADA) contoso-vpn backup_of_PC0123_logs.zip PC01234")
    first, second, third, bravo, user, upper, vpn, backup, other = made.split()
    assert first == second.upper() == third.removesuffix("$") and backup == f"backup_of_{first}_logs.zip"
    assert other == "PC01234" and bravo != first and user == f"[{upper[1:-1].lower()}]"
    assert "contoso" not in vpn
    assert found.text("PC0123.corp.contoso.com").startswith(f"{first}.")


def test_the_relations_between_names_stay() -> None:
    found = settled(
        "http://sup.contoso.com:8530 http://mp.corp.contoso.com sup.fabrikam.com mp.contoso.local CONTOSO\\u$"
    )
    sup, mp, other, local = map(
        found.text, ("sup.contoso.com", "mp.corp.contoso.com", "sup.fabrikam.com", "mp.contoso.local")
    )
    bypass = found.text("Bypass List : *.contoso.com").rpartition("*")[2]
    assert sup.endswith(bypass) and mp.endswith(bypass) and not other.endswith(bypass) and not local.endswith(bypass)
    assert sup.split(".")[0] == other.split(".")[0] != mp.split(".")[0] == local.split(".")[0]
    assert found.text("http://SUP.contoso.com:8530/x?y=1") == f"http://{sup.split('.')[0].upper()}{bypass}:8530/x?y=1"
    assert found.text("CONTOSO\\PC1$").split("\\")[0].lower() == bypass.split(".")[1]


def test_ordinary_words_are_replaced_only_where_they_are_names() -> None:
    found = settled("http://server/x", "\\\\scan\\share\\x", "User Name : test")
    assert found.text("The server could not scan the test") == "The server could not scan the test"
    assert "server" not in found.text("http://server/x")


def test_well_known_accounts_and_rids_stay() -> None:
    found = settled("S-1-5-21-1004336348-1177238915-682003330-500")
    made = found.text("S-1-5-21-1004336348-1177238915-682003330-500 and S-1-5-21-1004336348-1177238915-682003330-1104")
    assert re.fullmatch(r"(S-1-5-21-\d+-\d+-\d+)-500 and \1-\d{4,6}", made) and "1104" not in made


def test_the_same_identifier_in_every_spelling_becomes_the_same() -> None:
    found = settled("x")
    plain = found.text("0f7a4a3e-1111-4f6e-8b8a-0000000abcde")
    assert found.text("{0F7A4A3E-1111-4F6E-8B8A-0000000ABCDE}") == f"{{{plain.upper()}}}"
    assert found.text("0f7a4a3e11114f6e8b8a0000000abcde") == plain.replace("-", "")
    assert found.text("S_1_5_21_1_2_3_1001") == found.text("S-1-5-21-1-2-3-1001").replace("-", "_")


def test_the_frame_of_a_record_stays_and_its_context_does_not() -> None:
    record = (
        '<![LOG[user yamada]LOG]!><time="10:02:03.412-540" date="03-25-2025" component="yamada" '
        'context="CONTOSO\\yamada" type="1" thread="4120" file="yamada.cpp:12">'
    )
    made = settled("C:\\Users\\yamada\\x", "CONTOSO\\PC1$").text(record)
    assert 'component="yamada"' in made and 'file="yamada.cpp:12"' in made and made.count("yamada") == 2


def test_columns_stay_where_they_are() -> None:
    rows = (
        "Name                      ServiceID                             Server\n"
        "PC0123.contoso.com        3f0c1a22-1111-4222-8333-444455556666  a\n"
    )
    head, row = settled(rows).text(rows).splitlines()
    assert row.index("  a") + 2 == head.index("Server") and row[26 + 8] == "-"


def test_every_run_has_a_key_of_its_own() -> None:
    text = "0f7a4a3e-1111-4f6e-8b8a-0000000abcde 10.1.2.3"
    made = {_learned(text, key).text(text) for key in (b"a" * 32, b"b" * 32, b"c" * 32)}
    assert len(made) == 3


def _learned(text: str, key: bytes) -> Replacer:
    learner = Learner()
    learner.learn(text.encode())
    return learner.settled(key)


@given(st.text(max_size=300))
def test_any_text_is_taken_and_keeps_its_lines(text: str) -> None:
    raw = text.encode("utf-8", "surrogatepass")
    learner = Learner()
    learner.learn(raw, with_tables=True)
    assert learner.settled(KEY).change(raw).count(b"\n") == raw.count(b"\n")


@given(st.lists(st.sampled_from([text for text, _ in REPLACED] + KEPT), max_size=8))
def test_identifiers_stay_away_in_any_company(texts: list[str]) -> None:
    text = "\n\n".join(texts)
    made = settled(text).text(text).lower()
    gone = {one.lower() for known, pieces in REPLACED if known in texts for one in pieces if len(one) > 5}
    kept = " ".join(KEPT).lower()
    assert not [one for one in gone if one in made and one not in kept]
