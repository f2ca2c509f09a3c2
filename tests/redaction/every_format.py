"""One piece of evidence of every format, with everything in it that tells whose it is.

Written by hand from public descriptions of each format; the names occur nowhere else, so that a piece has to give them
away by itself. ``SAMPLES``: file name to (text, identifiers that must be gone).
"""

from __future__ import annotations

SUP = "http://supq7.kaigai.contoso.co.jp:8530"


def decimal(text: str) -> str:
    """A text as ``gpresult /v`` prints it."""
    return ", ".join(str(byte) for byte in f"{text}\0".encode("utf-16-le"))


def exported(text: str) -> str:
    """A text as a registry export writes it, broken over lines."""
    pairs = [f"{byte:02x}" for byte in f"{text}\0".encode("utf-16-le")]
    rows = [",".join(pairs[at : at + 25]) for at in range(0, len(pairs), 25)]
    return ",\\\n  ".join(rows)


SAMPLES: dict[str, tuple[str, list[str]]] = {}
SAMPLES["gpresult_v.txt"] = (
    f"""
Microsoft (R) Windows (R) Operating System Group Policy Result tool v2.0
Created on 2025/03/25 at 10:02:03

RSOP data for CONTOSO\\sugitani on WKS7Q11 : Logging Mode
----------------------------------------------------------

OS Configuration:            Member Workstation
OS Version:                  10.0.22631
Site Name:                   Osaka-Honsha
Roaming Profile:             N/A
Local Profile:               C:\\Users\\sugitani
Connected over a slow link?: No

COMPUTER SETTINGS
------------------
    CN=WKS7Q11,OU=Keiri,OU=Honsha,DC=kaigai,DC=contoso,DC=co,DC=jp
    Last time Group Policy was applied: 2025/03/25 at 9:01:02
    Group Policy was applied from:      adc5.kaigai.contoso.co.jp
    Group Policy slow link threshold:   500 kbps
    Domain Name:                        KAIGAIDOM
    Domain Type:                        Windows 2008 or later

    Applied Group Policy Objects
    -----------------------------
        Keiri WSUS Settings
        Contoso Baseline 2024
        Default Domain Policy

    The following GPOs were not applied because they were filtered out
    -------------------------------------------------------------------
        Umeda Proxy GPO
            Filtering:  Denied (Security)

    The computer is a part of the following security groups
    -------------------------------------------------------
        BUILTIN\\Administrators
        Everyone
        WKS7Q11$
        Keiri-Clients
        Domain Computers

    Administrative Templates
    ------------------------
        GPO: Keiri WSUS Settings
            Folder Id: Software\\Policies\\Microsoft\\Windows\\WindowsUpdate\\WUServer
            Value:       {decimal(SUP)}
            State:       Enabled

        GPO: Keiri WSUS Settings
            Folder Id: Software\\Policies\\Microsoft\\Windows\\WindowsUpdate\\WUStatusServer
            Value:       {decimal(SUP)[:200]}
                         {decimal(SUP)[200:]}
            State:       Enabled
""",
    [
        "sugitani",
        "WKS7Q11",
        "Osaka-Honsha",
        "Keiri",
        "Honsha",
        "contoso",
        "adc5",
        "KAIGAIDOM",
        "Umeda",
        "115, 0, 117, 0, 112, 0, 113, 0, 55, 0",
    ],
)
SAMPLES["gpresult_ja.txt"] = (
    f"""
CONTOSO\\sugitani の WKS7Q11 の RSOP データ: ログ モード
----------------------------------------------------------
OS の構成:                   メンバー ワークステーション
サイト名:                    Osaka-Honsha
ローカル プロファイル:       C:\\Users\\sugitani

コンピューター設定
------------------
    CN=WKS7Q11,OU=経理部,DC=kaigai,DC=contoso,DC=co,DC=jp
    グループ ポリシーの最終適用時刻: 2025/03/25 - 9:01:02
    グループ ポリシーの適用元:      adc5.kaigai.contoso.co.jp
    ドメイン名:                        KAIGAIDOM

    適用されたグループ ポリシー オブジェクト
    -----------------------------
        経理部 WSUS 設定
        Default Domain Policy

    次の GPO はフィルターで除外されたため適用されませんでした
    -------------------------------------------------------------------
        梅田プロキシ
            フィルター:  拒否 (セキュリティ)

    コンピューターは次のセキュリティ グループの一部です
    -------------------------------------------------------
        Keiri-Clients

    管理用テンプレート
    ------------------------
        GPO: 経理部 WSUS 設定
            フォルダー ID: Software\\Policies\\Microsoft\\Windows\\WindowsUpdate\\WUServer
            値:       {decimal(SUP)}
            状態:       有効
""",
    ["sugitani", "WKS7Q11", "Osaka-Honsha", "経理部", "梅田", "contoso", "KAIGAIDOM", "115, 0, 117, 0, 112"],
)
SAMPLES["gpresult.html"] = (
    """<html dir="ltr"><head><title>CONTOSO\\WKS7Q11</title></head><body>
<table class="info"><tr><td>Computer name</td><td>CONTOSO\\WKS7Q11</td></tr><tr><td scope="row">Domain</td><td>kaigai.contoso.co.jp</td></tr>
<tr><td scope="row">Site</td><td>Osaka-Honsha</td></tr><tr><td>Organizational Unit</td><td>kaigai.contoso.co.jp/Honsha/Keiri</td></tr>
<tr><td>Security Group Membership</td><td>CONTOSO\\WKS7Q11$<br/>CONTOSO\\Keiri-Clients<br/>BUILTIN\\Administrators</td></tr></table>
<div class="he3"><span class="sectionTitle">Windows Components/Windows Update</span></div>
<table class="info3"><tr><th scope="col">Policy</th><th>Setting</th><th scope="col">Winning GPO</th></tr>
<tr><td><span class="explainlink" gpmc_settingName="Specify intranet Microsoft update service location" gpmc_settingPath="Computer Configuration/Administrative Templates/Windows Components/Windows Update">Specify intranet Microsoft update service location</span></td><td>Enabled</td><td>Keiri WSUS Settings</td></tr>
<tr><td colspan="3"><table class="subtable_frame"><tr><td>Set the intranet update service for detecting updates:</td><td>"""
    + SUP
    + """</td></tr>
<tr><td>Set the intranet statistics server:</td><td>"""
    + SUP
    + """</td></tr></table></td></tr></table>
<table class="info3"><tr><th>Name</th><th>Link Location</th><th>Revision</th></tr><tr><td>Umeda Proxy GPO</td><td>kaigai.contoso.co.jp/Honsha</td><td>AD (3)</td></tr></table></body></html>
""",
    ["WKS7Q11", "contoso", "Osaka-Honsha", "Honsha", "Keiri", "Umeda", "supq7"],
)
SAMPLES["gpresult.xml"] = (
    """<?xml version="1.0" encoding="utf-8"?>
<Rsop xmlns="http://www.microsoft.com/GroupPolicy/Rsop"><ComputerResults><Name>CONTOSO\\WKS7Q11$</Name><Domain>kaigai.contoso.co.jp</Domain><SOM>kaigai.contoso.co.jp/Honsha/Keiri</SOM><Site>Osaka-Honsha</Site>
<SearchedSOM><Path>kaigai.contoso.co.jp/Honsha</Path><Type>OU</Type></SearchedSOM>
<SecurityGroup><SID xmlns="http://www.microsoft.com/GroupPolicy/Types">S-1-5-21-777111222-333444555-666777888-1144</SID><Name xmlns="http://www.microsoft.com/GroupPolicy/Types">CONTOSO\\Keiri-Clients</Name></SecurityGroup>
<GPO><Name>Keiri WSUS Settings</Name><Path><Identifier xmlns="http://www.microsoft.com/GroupPolicy/Types">{1a2b3c4d-1111-4222-8333-abcdefabcdef}</Identifier><Domain xmlns="http://www.microsoft.com/GroupPolicy/Types">kaigai.contoso.co.jp</Domain></Path><Link><SOMPath>kaigai.contoso.co.jp/Honsha</SOMPath></Link></GPO>
<GPO><Name>Umeda Proxy GPO</Name><Path><Identifier>{2a2b3c4d-1111-4222-8333-abcdefabcdef}</Identifier></Path></GPO>
<ExtensionData><Extension xmlns:q1="http://www.microsoft.com/GroupPolicy/Settings/Registry"><q1:Policy>
<GPO xmlns="http://www.microsoft.com/GroupPolicy/Settings/Base"><Identifier xmlns="http://www.microsoft.com/GroupPolicy/Types">{1a2b3c4d-1111-4222-8333-abcdefabcdef}</Identifier></GPO>
<q1:Name>Specify intranet Microsoft update service location</q1:Name><q1:State>Enabled</q1:State><q1:Category>Windows Components/Windows Update</q1:Category>
<q1:EditText><q1:Name>Set the intranet update service for detecting updates:</q1:Name><q1:State>Enabled</q1:State><q1:Value>"""
    + SUP
    + """</q1:Value></q1:EditText>
</q1:Policy></Extension></ExtensionData></ComputerResults><UserResults><Name>CONTOSO\\sugitani</Name></UserResults></Rsop>
""",
    [
        "WKS7Q11",
        "contoso",
        "Osaka-Honsha",
        "Honsha",
        "Keiri",
        "Umeda",
        "supq7",
        "sugitani",
        "777111222",
        "1a2b3c4d-1111",
        "2a2b3c4d",
    ],
)
SAMPLES["policy.reg"] = (
    "Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft\\Windows\\WindowsUpdate]\n"
    f'"WUServer"=hex(1):{exported(SUP)}\n"WUStatusServer"="{SUP}"\n"TargetGroup"="Keiri-Clients"\n"ElevateNonAdmins"=dword:00000000\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\CCM]\n"AllowedMPs"=hex(7):{exported("mpq9.kaigai.contoso.co.jp")}\n\n'
    '[HKEY_CURRENT_USER\\Software\\Microsoft\\Windows\\CurrentVersion\\Internet Settings]\n"ProxyServer"="http=proxq3:8080;https=proxq3:8080"\n"ProxyOverride"="*.contoso.co.jp;<local>"\n"AutoConfigURL"="http://wpadq.contoso.co.jp/p.pac"\n'
    '[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters]\n"Hostname"="WKS7Q11"\n"NV Hostname"="WKS7Q11"\n"Domain"="kaigai.contoso.co.jp"\n'
    '"DefaultConnectionSettings"=hex:46,00,00,00,3b,0d,00,00,0b,00,00,00,0c,00,00,00,70,72,6f,78,71,33,3a,38,30,38,30,00,00\n'
    '[HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Authentication\\LogonUI]\n"LastLoggedOnUser"="CONTOSO\\\\sugitani"\n"LastLoggedOnDisplayName"="Sugitani Haruto"\n"DefaultUserName"="sugitani"\n',
    [
        "73,00,75,00,70,00,71,00",
        "6d,00,70,00,71",
        "supq7",
        "Keiri",
        "proxq3",
        "contoso",
        "wpadq",
        "WKS7Q11",
        "sugitani",
        "Haruto",
        "70,72,6f,78,71",
    ],
)
SAMPLES["reg_query.txt"] = (
    """
HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft\\Windows\\WindowsUpdate
    WUServer    REG_SZ    """
    + SUP
    + """
    WUStatusServer    REG_EXPAND_SZ    """
    + SUP
    + """
    TargetGroup    REG_SZ    Keiri-Clients

HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\ComputerName\\ActiveComputerName
    ComputerName    REG_SZ    WKSQZULU

HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters
    Hostname    REG_SZ    WKSQZULU
    NV Domain    REG_SZ    kaigai.contoso.co.jp
    DhcpIPAddress    REG_SZ    10.77.3.21
    RegisteredOwner    REG_SZ    Sugitani Haruto
    AltDefaultUserName    REG_SZ    sugitani
    Blob    REG_BINARY    680074007400700073003A002F002F0073007500700071
""",
    ["supq7", "Keiri", "WKSQZULU", "contoso", "10.77.3.21", "Haruto", "sugitani", "730075007000"],
)
SAMPLES["wmi.json"] = (
    """{"class":"CCM_Client","namespace":"root\\\\ccm","instances":[
{"Computer":"WKSQZULU","ClientId":"GUID:9a9a9a9a-BBBB-3333-CCCC-4444DDDD5555","ClientVersion":"5.00.9128.1000"}
]}
{"class":"SMS_Authority","namespace":"root\\\\ccm","instances":[
{"Name":"SMS:P01","CurrentManagementPoint":"mpqalpha.kaigai.contoso.co.jp","Index":1,"PSComputerName":"WKSQZULU","__SERVER":"WKSQZULU","__PATH":"\\\\\\\\WKSQZULU\\\\root\\\\ccm:SMS_Authority.Name=\\"SMS:P01\\""}
]}
{"class":"CCM_UpdateCIAssignment","instances":[{"AssignmentName":"2025-03 Keiri Honsha","AssignmentID":"{6C09C8DA-7777-4D1C-9B5A-000000000001}","UserName":"CONTOSO\\\\sugitani","note":"\\u0027\\\\\\\\filesq1\\\\updq$\\u0027","url":"http:\\/\\/supq7.contoso.co.jp:8530\\/x"}]}
""",
    ["WKSQZULU", "9a9a9a9a", "mpqalpha", "contoso", "sugitani", "filesq1", "updq", "supq7", "6C09C8DA-7777"],
)
SAMPLES["wmi_list.txt"] = (
    """
PS C:\\Users\\sugitani> Get-CimInstance -Namespace root\\ccm -ClassName SMS_Authority -ComputerName WKSQYANKEE | fl

CurrentManagementPoint : MPQBRAVO
Name                   : SMS:P01
PSComputerName         : WKSQYANKEE

PS C:\\> Get-CimInstance Win32_ComputerSystem | Format-List

Name                : WKSQYANKEE
PrimaryOwnerName    : Sugitani Haruto
Domain              : kaigai.contoso.co.jp
TotalPhysicalMemory : 1
Model               : x
Manufacturer        : y

Domain         Manufacturer Model Name       PrimaryOwnerName UserName
------         ------------ ----- ----       ---------------- --------
contoso.local  Dell         x     WKSQYANKEE haruto           CONTOSO\\sugitani
""",
    ["sugitani", "WKSQYANKEE", "MPQBRAVO", "Haruto", "contoso"],
)
SAMPLES["ipconfig.txt"] = (
    """
Windows IP Configuration

   Host Name . . . . . . . . . . . . : WKSQXRAY
   Primary Dns Suffix  . . . . . . . : kaigai.contoso.co.jp
   DNS Suffix Search List. . . . . . : kaigai.contoso.co.jp
                                       umeda.contosolan

Ethernet adapter Ethernet:

   Connection-specific DNS Suffix  . : dhcpq.contosolan
   Description . . . . . . . . . . . : Intel(R) Ethernet
   Physical Address. . . . . . . . . : 9C-7B-EF-01-02-03
   DHCP Enabled. . . . . . . . . . . : Yes
   Link-local IPv6 Address . . . . . : fe80::9cde:3e4f:5a6b:7c8d%12(Preferred)
   IPv6 Address. . . . . . . . . . . : 2400:4050:abcd::77(Preferred)
   IPv4 Address. . . . . . . . . . . : 10.77.3.21(Preferred)
   Subnet Mask . . . . . . . . . . . : 255.255.255.0
   Default Gateway . . . . . . . . . : fe80::1%12
                                       10.77.3.1
   DHCP Server . . . . . . . . . . . : 10.77.0.5
   DHCPv6 IAID . . . . . . . . . . . : 127696879
   DHCPv6 Client DUID. . . . . . . . : 00-01-00-01-2A-3B-4C-5D-9C-7B-EF-01-02-03
   DNS Servers . . . . . . . . . . . : 10.77.0.2
                                       133.77.8.9
   Primary WINS Server . . . . . . . : 10.77.0.9
   NetBIOS over Tcpip. . . . . . . . : Enabled
""",
    [
        "WKSQXRAY",
        "contoso",
        "umeda",
        "9C-7B-EF",
        "9cde:3e4f",
        "2400:4050:abcd",
        "10.77.3.21",
        "10.77.3.1",
        "10.77.0.5",
        "10.77.0.2",
        "133.77.8.9",
        "10.77.0.9",
    ],
)
SAMPLES["SMSTS.log"] = (
    """<![LOG[Set a global environment variable _SMSTSMachineName=MININT-Q7K2L]LOG]!><time="10:02:03.412-540" date="03-25-2025" component="TSManager" context="" type="1" thread="4120" file="x.cpp:1">
<![LOG[    Computer Name: WKSQWHISKY]LOG]!><time="10:02:03.412-540" date="03-25-2025" component="OSDNetSettings" context="" type="1" thread="4120" file="x.cpp:1">
<![LOG[Command line for extension .exe is "%1" %* OSDComputerName=WKSQWHISKY OSDDomainName=kaigai.contoso.co.jp OSDJoinAccount=CONTOSO\\svcjoinq OSDDomainOUName=LDAP://OU=Keiri,OU=Honsha,DC=kaigai,DC=contoso,DC=co,DC=jp]LOG]!><time="10:02:03.412-540" date="03-25-2025" component="TSManager" context="" type="1" thread="4120" file="x.cpp:1">
<![LOG[Connecting to "\\\\distq4.kaigai.contoso.co.jp\\SMSPKGD$\\P0100012" as "CONTOSO\\svcnaaq"]LOG]!><time="10:02:03.412-540" date="03-25-2025" component="TSManager" context="" type="1" thread="4120" file="x.cpp:1">
<![LOG[Joining domain: kaigai.contoso.co.jp with options. Name 'svcjoinq@contoso.co.jp']LOG]!><time="10:02:03.412-540" date="03-25-2025" component="OSDNetSettings" context="" type="1" thread="4120" file="x.cpp:1">
<![LOG[Setting wizard variable "OSDUserName" value "sugitani"; SMSTSUDAUsers="CONTOSO\\sugitani,CONTOSO\\maedaq"]LOG]!><time="10:02:03.412-540" date="03-25-2025" component="TSManager" context="" type="1" thread="4120" file="x.cpp:1">
<![LOG[Found network adapter "Intel(R)" with IP Address 10.77.3.99. MAC 9C:7B:EF:0A:0B:0C SMBIOS GUID 4C4C4544-0077-3510-8051-B4C04F4D3332 AssetTag=ASQ778899 SerialNumber=5CGQ77X]LOG]!><time="10:02:03.412-540" date="03-25-2025" component="TSPxe" context="" type="1" thread="4120" file="x.cpp:1">
""",
    [
        "Q7K2L",
        "WKSQWHISKY",
        "contoso",
        "svcjoinq",
        "Keiri",
        "Honsha",
        "distq4",
        "svcnaaq",
        "sugitani",
        "maedaq",
        "10.77.3.99",
        "9C:7B:EF",
        "4C4C4544-0077",
        "ASQ778899",
        "5CGQ77X",
    ],
)
SAMPLES["u_ex250325.log"] = (
    """#Software: Microsoft Internet Information Services 10.0
#Version: 1.0
#Date: 2025-03-25 01:02:03
#Fields: date time s-sitename s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) cs-host sc-status sc-substatus sc-win32-status time-taken
2025-03-25 01:02:03 W3SVC1 SUPQSIERRA 10.77.9.5 POST /ClientWebService/client.asmx - 8530 CONTOSO\\WKSQ77$ 10.77.3.21 Windows-Update-Agent/10.0.10011 - supq7.contoso.co.jp:8530 200 0 0 15
2025-03-25 01:02:04 W3SVC1 SUPQSIERRA 10.77.9.5 GET /x name=WKSQ88&user=sugitani%40contoso.co.jp&h=MPQCHARLIE 8530 sugitani 2400:4050:abcd::99 Mozilla/5.0 http://portalq.contoso.co.jp/ mpqcharlie 404 0 2 15
""",
    [
        "SUPQSIERRA",
        "10.77.9.5",
        "CONTOSO",
        "WKSQ77",
        "10.77.3.21",
        "supq7",
        "WKSQ88",
        "sugitani",
        "2400:4050",
        "portalq",
        "mpqcharlie",
    ],
)
SAMPLES["events.xml"] = (
    """<Event xmlns="http://schemas.microsoft.com/win/2004/08/events/event"><System><Provider Name="Microsoft-Windows-WindowsUpdateClient" Guid="{945a8954-c147-4acd-923f-40c45405a658}"/><EventID>20</EventID><TimeCreated SystemTime="2025-03-25T01:02:03Z"/><Computer>WKSQVICTOR.kaigai.contoso.co.jp</Computer><Security UserID="S-1-5-21-777111222-333444555-666777888-1144"/></System><EventData><Data Name="updateTitle">2025-03 Cumulative Update (KB5053598)</Data><Data Name="TargetUserName">sugitani</Data><Data Name="TargetDomainName">CONTOSO</Data><Data Name="WorkstationName">WKSQUNIFORM</Data><Data Name="IpAddress">10.77.3.21</Data></EventData></Event>
""",
    ["WKSQVICTOR", "contoso", "777111222", "sugitani", "WKSQUNIFORM", "10.77.3.21"],
)
SAMPLES["events.txt"] = (
    """Log Name:      System
Source:        Microsoft-Windows-WindowsUpdateClient
Date:          2025/03/25 10:02:03
Event ID:      20
User:          CONTOSO\\sugitani
Computer:      WKSQVICTOR
Description:
Installation Failure: Windows failed to install the following update with error 0x80070005: 2025-03 (KB5053598).

ログの名前:         System
ソース:           Microsoft-Windows-WindowsUpdateClient
ユーザー:          CONTOSO\\maedaq
コンピューター:       WKSQTANGO
""",
    ["sugitani", "WKSQVICTOR", "CONTOSO", "maedaq", "WKSQTANGO"],
)
SAMPLES["probe.json"] = (
    """{"schema":"ccmdoctor.probe/1","at":"2025-03-25T01:02:03Z","host":"WKSQROMEO","steps":[{"ask":"sup","url":"http://haruq:pa%24s@supq7.contoso.co.jp:8530/ClientWebService/client.asmx","addresses":["10.77.9.5","2400:4050:abcd::5"],"proxy":"http://sugitani:geheimq@proxq3.contoso.co.jp:8080","detail":"CN=supq7.contoso.co.jp,OU=Keiri IT; names supq7.contoso.co.jp, supqalt; valid 2025-01-01 to 2026-01-01","certificate":{"subject":"CN=supq7.contoso.co.jp, OU=Keiri IT, O=Contoso Honsha KK, L=Osaka-Kita","issuer":"CN=Contoso Issuing CA 3, DC=kaigai, DC=contoso, DC=co, DC=jp","thumbprint":"0123456789ABCDEF0123456789ABCDEF01234567","sans":["supq7.contoso.co.jp","10.77.9.5"]}}]}
""",
    [
        "WKSQROMEO",
        "haruq",
        "pa%24s",
        "supq7",
        "contoso",
        "10.77.9.5",
        "2400:4050:abcd",
        "sugitani",
        "geheimq",
        "proxq3",
        "Keiri",
        "Honsha",
        "Osaka-Kita",
        "Issuing CA 3",
        "0123456789ABCDEF",
        "supqalt",
    ],
)
SAMPLES["boundaries.csv"] = (
    '"BoundaryID","BoundaryType","DisplayName","Value","SiteSystems","GroupCount"\n"16777217","3","Osaka Honsha 3F","10.77.3.1-10.77.3.254","distq4.kaigai.contoso.co.jp","1"\n"16777218","1","AD site Osaka","Osaka-Honsha","DISTQ5","1"\n"16777219","2","v6","2400:4050:abcd::/64","","0"\n"16777220","4","vpn","Auto:On,Contoso VPN Client","","0"\n',
    ["10.77.3.1-", "Osaka", "distq4", "contoso", "DISTQ5", "2400:4050:abcd"],
)
SAMPLES["certs.txt"] = (
    """
================ Certificate 0 ================
Serial Number: 5c000000123456789abcdef01200000000012
Issuer: CN=Contoso Issuing CA 3, DC=kaigai, DC=contoso, DC=co, DC=jp
 NotBefore: 2025/01/01 0:00
Subject: CN=WKSQOSCAR.kaigai.contoso.co.jp
Non-root Certificate
Cert Hash(sha1): 01 23 45 67 89 ab cd ef 01 23 45 67 89 ab cd ef 01 23 45 67
  Key Container = le-Machine-3b1f0a1c-2222-4333-8444-555566667777
  Simple container name: tq-WKSQOSCAR-1
  DNS Name=WKSQOSCAR.kaigai.contoso.co.jp
  Other Name: Principal Name=sugitani@contoso.co.jp
Subject : CN=WKSQPAPA, OU=Keiri, O=Contoso KK
Subject : E=haruto@contoso.co.jp, CN=Sugitani Haruto, OU=Users2
DnsNameList : {WKSQPAPA.contosolan, wksqpapa}
""",
    [
        "5c000000123456789",
        "Issuing CA 3",
        "contoso",
        "WKSQOSCAR",
        "01 23 45 67 89 ab",
        "3b1f0a1c-2222",
        "sugitani",
        "WKSQPAPA",
        "Keiri",
        "Haruto",
    ],
)
SAMPLES["winhttp.txt"] = (
    """
Current WinHTTP proxy settings:

    Proxy Server(s) :  proxq3.contosolan:8080
    Bypass List     :  *.contoso.co.jp;<local>;filesq1;10.77.*;192.168.44.*

""",
    ["proxq3", "contoso", "filesq1", "10.77.", "192.168.44"],
)
SAMPLES["systeminfo.txt"] = (
    """
Host Name:                 WKSQNOVEMBER
OS Name:                   Microsoft Windows 11 Pro
Registered Owner:          Sugitani Haruto
Registered Organization:   Contoso Honsha
Product ID:                00330-80000-00000-AAQ77
Domain:                    kaigai.contoso.co.jp
Logon Server:              \\\\ADCQ5
Network Card(s):           1 NIC(s) Installed.
                           [01]: Intel(R) Ethernet
                                 DHCP Server:     10.77.0.5
                                 IP address(es)
                                 [01]: 10.77.3.21
                                 [02]: fe80::9cde:3e4f:5a6b:7c8d
""",
    ["WKSQNOVEMBER", "Haruto", "Honsha", "AAQ77", "contoso", "ADCQ5", "10.77.0.5", "10.77.3.21", "9cde:3e4f"],
)
SAMPLES["LocationServices.log"] = (
    """<![LOG[Current AD site of machine is Osaka-Honsha]LOG]!><time="10:02:03.412-540" date="03-25-2025" component="LocationServices" context="" type="1" thread="4120" file="x.cpp:1">
<![LOG[Distribution Point='http://distq4.kaigai.contoso.co.jp/SMS_DP_SMSPKG$/P0100012', Locality='LOCAL', DPType='SERVER', Version='9128', Capabilities='<Capabilities SchemaVersion="1.0"><Property Name="SSLState" Value="0"/></Capabilities>', Signature='http://distq4.kaigai.contoso.co.jp/SMS_DP_SMSSIG$/P0100012', ForestTrust='TRUE', BlockInfo='']LOG]!><time="10:02:03.412-540" date="03-25-2025" component="LocationServices" context="" type="1" thread="4120" file="x.cpp:1">
<![LOG[MPs from boundary: MPQDELTA, 'MPQECHO', <MPQFOXTROT>; MP [MPQGOLF] lookup, Default Management Points from MP: ]LOG]!><time="10:02:03.412-540" date="03-25-2025" component="LocationServices" context="" type="1" thread="4120" file="x.cpp:1">
<![LOG[&lt;WSUSLocationReply SchemaVersion=&quot;1.00&quot;&gt;&lt;Sites&gt;&lt;Site&gt;&lt;MPSite SiteCode=&quot;P01&quot;/&gt;&lt;LocationRecords&gt;&lt;LocationRecord WSUSURL=&quot;http://supq7.contoso.co.jp:8530&quot; ServerName=&quot;SUPQHOTEL&quot; Version=&quot;42&quot;/&gt;&lt;/LocationRecords&gt;]LOG]!><time="10:02:03.412-540" date="03-25-2025" component="LocationServices" context="CONTOSO\\sugitani" type="1" thread="4120" file="x.cpp:1">
<![LOG[<LocationRecord WSUSURL="http://supq7.contoso.co.jp:8530" ServerName="SUPQINDIA" ADSite="Osaka-Kita"/>]LOG]!><time="10:02:03.412-540" date="03-25-2025" component="LocationServices" context="" type="1" thread="4120" file="x.cpp:1">
""",
    ["Osaka", "distq4", "contoso", "supq7", "SUPQHOTEL", "SUPQINDIA", "sugitani"],
)
SAMPLES["SCClient_CONTOSO@sugitani_1.log"] = (
    """<![LOG[Using DP location http://distq4.contoso.co.jp/NOCERT_SMS_DP_SMSPKG$/P01 (Microsoft.SoftwareCenter.Client.Data.X at Y)]LOG]!><time="10:02:03.412-540" date="03-25-2025" component="SCClient" context="" type="1" thread="1" file="">
<![LOG[token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ6cSJ9.c2lnbmF0dXJlcXFxcQ cookie=q7secretq; url https://cmgq.contoso.co.jp/x?sv=2020&sig=Qz%2Bab12&se=2025&SAS=1&X-Amz-Signature=deadbeefq77&access_token=tokq77]LOG]!><time="10:02:03.412-540" date="03-25-2025" component="SCClient" context="" type="1" thread="1" file="">
<![LOG[Proxy http://haruq:geheimq@10.77.5.5:8080, Authorization: Basic aGFydXE6Z2VoZWltcTEyMzQ=, ftp://anonq:pwq1@filesq1/x]LOG]!><time="10:02:03.412-540" date="03-25-2025" component="SCClient" context="" type="1" thread="1" file="">
<![LOG[Set proxy haruq:geheimq@proxq3.contoso.co.jp:8080 /user:CONTOSO\\maedaq /password:pwq2222 -Password pwq3333]LOG]!><time="10:02:03.412-540" date="03-25-2025" component="SCClient" context="" type="1" thread="1" file="">
""",
    [
        "sugitani",
        "distq4",
        "contoso",
        "eyJhbGci",
        "q7secretq",
        "cmgq",
        "Qz%2Bab12",
        "deadbeefq77",
        "tokq77",
        "haruq",
        "geheimq",
        "10.77.5.5",
        "aGFydXE6",
        "anonq",
        "pwq1",
        "filesq1",
        "maedaq",
        "pwq2222",
        "pwq3333",
    ],
)
SAMPLES["netsh.txt"] = (
    """SSID : ContosoWifiQ
BSSID 1 : 9c:7b:ef:0d:0e:0f
Interface 10.77.3.21 --- 0xc
  Internet Address      Physical Address      Type
  10.77.3.1             9c-7b-ef-01-02-04     dynamic
Cisco: 9c7b.ef01.0205
nslookup
Server:  adcq5.kaigai.contoso.co.jp
Address:  10.77.0.2
Name:    supq7.contoso.co.jp
Addresses:  2400:4050:abcd::5
          10.77.9.5
""",
    [
        "Contoso",
        "9c:7b",
        "9c-7b",
        "9c7b.ef01",
        "10.77.3.21",
        "10.77.3.1",
        "adcq5",
        "10.77.0.2",
        "supq7",
        "2400:4050",
        "10.77.9.5",
    ],
)
SAMPLES["wmic.csv"] = (
    """Node,Name,UserName
WKSQMIKE,WKSQMIKE,CONTOSO\\sugitani

Get-Service output

MachineName : WKSQLIMA
SystemName,DeviceID
WKSQKILO,C:
""",
    ["WKSQMIKE", "sugitani", "CONTOSO", "WKSQLIMA", "WKSQKILO"],
)
SAMPLES["collected.json"] = (
    """{
    "schema": "ccmdoctor.collected/1",
    "script": "0.1.0",
    "collected": "2025-03-25T01:30:00.0000000Z",
    "began": "2025-03-25T01:29:00.0000000Z",
    "computer": "WKSQJULIET",
    "bias": -540,
    "steps": []
}
""",
    ["WKSQJULIET"],
)
