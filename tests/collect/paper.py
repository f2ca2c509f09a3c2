"""A zip of the collector made on paper: what each entry of the manifest would bring from a client.

No PowerShell runs in the tests, so the files are written here in the form in which the script writes them. Logs hold
the sample line of every message that their log is known for.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ccmdoctor.collect import manifest
from ccmdoctor.knowledge.logs import by_file
from ccmdoctor.knowledge.messages import messages

COLLECTED = "2025-03-25T01:30:00.0000000Z"
BIAS = -540
ENTRIES: dict[str, dict[str, Any]] = manifest()["entries"]
Files = dict[str, bytes]


def _crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


# --- logs ---------------------------------------------------------------------------------------------------------


def _framed(component: str, index: int, text: str) -> str:
    time = f"10:{index // 60 % 60:02d}:{index % 60:02d}.000{BIAS}"
    return f'<![LOG[{text}]LOG]!><time="{time}" date="03-25-2025" component="{component}" context="" type="1" thread="4120" file="source.cpp:100">'


def _reporting(component: str, index: int, text: str) -> str:
    return text if text.startswith("{") else f"2025-03-25 10:00:{index % 60:02d}:412+0900\t{text}"


def _servicing(component: str, index: int, text: str) -> str:
    return f"2025-03-25 10:00:{index % 60:02d}, Info                  {component}    {text}"


def _trace(component: str, index: int, text: str) -> str:
    return text if text[:2] == "20" else f"2025/03/25 10:00:{index % 60:02d}.0000000 1234  5678  Agent           {text}"


def _bare(component: str, index: int, text: str) -> str:
    return text


_SHAPES: dict[str, Callable[[str, int, str], str]] = {
    "ReportingEvents": _reporting, "CBS": _servicing, "CbsPersist": _servicing, "dism": _servicing,
    "setupact": _servicing, "setuperr": _servicing, "WindowsUpdate": _trace, "MSI": _bare,
}  # fmt: skip


def samples(name: str) -> list[str]:
    """The sample lines of the messages of the log that a file of this name is."""
    log = "WindowsEvents" if name == "MSI" else by_file(f"{name}.log").log
    return [message.sample for message in messages().values() if log in message.logs]


def log(name: str) -> bytes:
    """One log with all its samples, in the frame that its writer uses."""
    shape, first = _SHAPES.get(name, _framed), sum(name.encode()) % 60  # no two files are copies of each other
    return _crlf("".join(shape(name, index, text) + "\n" for index, text in enumerate(samples(name), first)))


def _logs(entry: dict[str, Any]) -> Files:
    return {f"{entry['to']}/{name if name != 'MSI' else 'MSI1a2b'}.log": log(name) for name in entry["names"]}


# --- WMI ----------------------------------------------------------------------------------------------------------

INSTANCES: dict[str, list[dict[str, Any]]] = {
    "operating-system": [
        {"Caption": "Microsoft Windows 11 Pro", "BuildNumber": "22631", "ProductType": 1, "LastBootUpTime": "20250324080000.500000+540", "Version": "10.0.22631"}
    ],
    "free-disk": [{"DeviceID": "C:", "FreeSpace": 64424509440, "Size": 255999340544}],
    "client-id": [{"Computer": "PC0123", "ClientId": "GUID:11112222-BBBB-3333-CCCC-4444DDDD5555", "ClientVersion": "5.00.9128.1000"}],
    "site-authority": [{"Name": "SMS:P01", "CurrentManagementPoint": "mp01.contoso.com", "Index": 1}],
    "assignments": [
        {
            "AssignmentID": "{6C09C8DA-0000-4D1C-9B5A-000000000001}", "AssignmentName": "2025-03 更新 クライアント", "StartTime": "20250301000000.000000+***",
            "EnforcementDeadline": "20250320000000.000000+***", "UseGMTTimes": False, "UserUIExperience": True, "OverrideServiceWindows": False, "SuppressReboot": 0,
            "RebootOutsideOfServiceWindows": False, "SoftDeadlineEnabled": True, "AssignedCIs": ["<CI><ID>0f7a4a3e-0000-4f6e-8b8a-000000000001</ID></CI>"],
        }
    ],
    "software-updates-client-config": [{"Enabled": True, "WSUSLocationTimeout": 10080, "ScanRetryDelay": 1800}],
    "component-client-config": [{"ComponentName": "SmsSoftwareUpdate", "Enabled": True}],
    "update-source": [{"UniqueId": "{5D0F4A3E-0000-4F6E-8B8A-000000000009}", "ContentVersion": 42, "ContentLocation": "http://sup01.contoso.com:8530", "ContentType": 2}],
    "client-agent-config": [{"PolicySource": "SMS:P01", "EnableThirdPartyOrchestration": False, "InstallRestriction": 0, "SuspendBitLocker": False}],
    "task-sequence-residue": [{"PolicySource": "CcmTaskSequence", "InstallRestriction": 0}],
    "metered-setting": [{"MeteredNetworkUsage": 1}],
    "bits-setting": [{"EnableBitsMaxBandwidth": False, "MaxTransferRateOnSchedule": 9600}],
    "maintenance-windows": [
        {"ID": "{AAAA1111-0000-4D1C-9B5A-000000000001}", "Type": 4, "StartTime": "20250326010000.000000+540", "EndTime": "20250326040000.000000+540", "Duration": 10800}
    ],
    "software-center-updates": [
        {
            "ArticleID": "5053602", "Name": "2025-03 x64 (KB5053602)", "UpdateID": "Site_1/SUM_0f7a4a3e-0000-4f6e-8b8a-000000000001", "EvaluationState": 12,
            "ErrorCode": 0, "Deadline": "20250320000000.000000+000", "MaxExecutionTime": 3600, "ComplianceState": 0,
        }
    ],
    "update-status": [
        {"UniqueId": "0f7a4a3e-0000-4f6e-8b8a-000000000001", "Title": "2025-03 Cumulative Update for Windows 11 (KB5053602)", "Article": "5053602", "Status": "Missing", "ScanTime": "20250325010000.000000+000"}
    ],
    "scan-path": [{"CurrentScanPath": "http://sup01.contoso.com:8530", "LastSuccessScanPath": "http://sup01.contoso.com:8530"}],
    "boundary-group-cache": [{"BoundaryGroupIDs": ["16777217"], "CacheToken": "x"}],
    "cache-state": [{"Location": "C:\\Windows\\ccmcache", "Size": 5120, "InUse": False}],
    "cache-items": [{"ContentId": "11112222-BBBB-3333-CCCC-4444DDDD5555", "ContentVer": "1", "ContentSize": 512000, "PersistInCache": 0, "Location": "C:\\Windows\\ccmcache\\1"}],
    "state-messages": [{"TopicType": 500, "TopicID": "0f7a4a3e", "StateID": 2, "MessageTime": "20250325010000.000000+000", "MessageSent": True}],
    "restart-state": [{"RebootPending": True, "IsHardRebootPending": False, "RebootDeadline": "00000000000000.000000+000", "ReturnValue": 0}],
    "update-services": [
        {"Name": "Windows Server Update Service", "ServiceID": "3da21691-e39d-4da6-8a4b-b43877bcb1b7", "IsDefaultAUService": True, "IsManaged": True},
        {"Name": "Windows Update", "ServiceID": "9482f4b4-e343-43b6-b170-9a65bc822c77", "IsDefaultAUService": False, "IsManaged": False},
    ],
}  # fmt: skip


def _escaped(value: Any) -> str:
    """JSON as Windows PowerShell 5.1 writes it: compact, Japanese as it is, quotes and angle brackets escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for letter in "'<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def instances(entry: dict[str, Any], rows: list[dict[str, Any]]) -> bytes:
    """A file of instances, one on each line."""
    name, namespace = entry.get("class", "Microsoft.Update.ServiceManager"), entry.get("namespace", "")
    head = f'{{"class":{_escaped(name)},"namespace":{_escaped(namespace)},"instances":['
    return _crlf(head + "\n" + ",\n".join(_escaped(row) for row in rows) + "\n]}\n")


def class_error(entry: dict[str, Any], code: int, message: str) -> bytes:
    """What is written where a class could not be asked."""
    record = {"class": entry["class"], "namespace": entry["namespace"], "error": {"code": code, "message": message}}
    return _crlf(_escaped(record) + "\n")


# --- registry -----------------------------------------------------------------------------------------------------

VALUES: dict[str, dict[str, str]] = {
    r"SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate": {
        '"WUServer"': '"http://sup01.contoso.com:8530"', '"WUStatusServer"': '"http://sup01.contoso.com:8530"',
        '"DeferQualityUpdates"': "dword:00000000", '"AcceptTrustedPublisherCerts"': "dword:00000001",
    },
    r"SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate\AU": {'"UseWUServer"': "dword:00000001"},
    r"SOFTWARE\Microsoft\Windows NT\CurrentVersion": {'"CurrentBuild"': '"22631"', '"UBR"': "dword:00001324"},
    r"SOFTWARE\Microsoft\WindowsUpdate\UpdatePolicy\PolicyState": {'"IsWUfBDualScanActive"': "dword:00000000"},
    r"SYSTEM\CurrentControlSet\Control\Session Manager": {
        '"PendingFileRenameOperations"': "hex(7):5c,00,3f,00,3f,00,5c,00,43,00,3a,00,5c,00,61,00,00,00,00,00"
    },
    r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\SessionsPending": {'"Exclusive"': "dword:00000000"},
    r"SOFTWARE\Microsoft\CCM\CcmExec": {'"ProvisioningMode"': '"false"', '"SystemTaskExcludes"': '""'},
    r"SOFTWARE\Microsoft\DusmSvc\Profiles\{11112222-0000-0000-0000-000000000001}\*": {'"UserCost"': "dword:00000000"},
    r"Software\Microsoft\Windows\CurrentVersion\Internet Settings": {'"ProxyEnable"': "dword:00000000", '"ProxyServer"': '"proxy.contoso.com:8080"'},
    r"SOFTWARE\Policies\Microsoft\Windows\BITS": {'"EnableBITSMaxBandwidth"': "dword:00000000"},
}  # fmt: skip


def _registry(entry: dict[str, Any]) -> bytes:
    hive = "HKEY_CURRENT_USER" if entry.get("hive") == "user" else "HKEY_LOCAL_MACHINE"
    lines = ["Windows Registry Editor Version 5.00", ""]
    for wanted in entry["keys"]:
        below = [
            key
            for key in VALUES
            if key == wanted["key"] or (wanted.get("deep") and key.startswith(wanted["key"] + "\\"))
        ]
        lines += [] if below else [f"[-{hive}\\{wanted['key']}]", ""]
        for key in below:
            lines += [f"[{hive}\\{key}]", *(f"{name}={value}" for name, value in VALUES[key].items()), ""]
    return _crlf("\n".join(lines) + "\n")


# --- the rest -----------------------------------------------------------------------------------------------------


def _pol_entry(key: str, name: str, type: int, data: bytes) -> bytes:
    wide = "utf-16-le"
    return (
        "[".encode(wide) + f"{key}\0;{name}\0;".encode(wide) + type.to_bytes(4, "little") + ";".encode(wide)
        + len(data).to_bytes(4, "little") + ";".encode(wide) + data + "]".encode(wide)
    )  # fmt: skip


REGISTRY_POL = b"PReg\x01\x00\x00\x00" + _pol_entry(
    r"Software\Policies\Microsoft\Windows\WindowsUpdate",
    "WUServer",
    1,
    "http://sup01.contoso.com:8530\0".encode("utf-16-le"),
)
GPRESULT_HTML = """<html><body><table><tr><td>Computer name</td><td>CONTOSO\\PC0123</td></tr></table>
<table><tr><td><span class="explainlink" gpmc_settingName="Specify intranet Microsoft update service location" gpmc_settingPath="Computer Configuration/Administrative Templates/Windows Components/Windows Update">Specify intranet Microsoft update service location</span></td><td>Enabled</td><td>Local Group Policy</td></tr>
<tr><td colspan="3"><table class="subtable_frame"><tr><td>Set the intranet update service for detecting updates:</td><td>http://sup01.contoso.com:8530</td></tr>
<tr><td>Set the intranet statistics server:</td><td>http://sup01.contoso.com:8530</td></tr></table></td></tr></table></body></html>
"""
GPRESULT_XML = """<?xml version="1.0" encoding="utf-16"?>
<Rsop xmlns="http://www.microsoft.com/GroupPolicy/Rsop"><ComputerResults><Name>CONTOSO\\PC0123</Name>
<ExtensionData><Extension xmlns:q1="http://www.microsoft.com/GroupPolicy/Settings/Registry"><q1:Policy>
<GPO xmlns="http://www.microsoft.com/GroupPolicy/Settings"><Identifier xmlns="http://www.microsoft.com/GroupPolicy/Types">LocalGPO</Identifier></GPO>
<q1:Name>Specify intranet Microsoft update service location</q1:Name><q1:State>Enabled</q1:State><q1:Category>Windows Components/Windows Update</q1:Category>
<q1:EditText><q1:Name>Set the intranet update service for detecting updates:</q1:Name><q1:State>Enabled</q1:State><q1:Value>http://sup01.contoso.com:8530</q1:Value></q1:EditText>
<q1:EditText><q1:Name>Set the intranet statistics server:</q1:Name><q1:State>Enabled</q1:State><q1:Value>http://sup01.contoso.com:8530</q1:Value></q1:EditText>
</q1:Policy></Extension></ExtensionData></ComputerResults></Rsop>
"""
IPCONFIG = """
Windows IP 構成

   ホスト名 . . . . . . . . . . . . . . .: PC0123
   プライマリ DNS サフィックス . . . . . .: contoso.com

イーサネット アダプター イーサネット:

   接続固有の DNS サフィックス . . . . . .: contoso.com
   IPv4 アドレス . . . . . . . . . . . . .: 10.0.1.10(優先)
   サブネット マスク . . . . . . . . . . .: 255.255.255.0
   デフォルト ゲートウェイ . . . . . . . .: 10.0.1.1
"""
BITS = """
GUID: {482FCAF0-74BF-469B-8929-5CCD028C9499} DISPLAY: 'CCMDTS Job'
TYPE: DOWNLOAD STATE: TRANSIENT_ERROR OWNER: NT AUTHORITY\\SYSTEM
PRIORITY: NORMAL FILES: 0 / 1 BYTES: 0 / UNKNOWN
ERROR FILE:    http://dp01.contoso.com/SMS_DP_SMSPKG$/1/x.cab -> C:\\Windows\\ccmcache\\1\\x.cab
ERROR CODE:    0x80200010 - 現在アクティブなネットワーク接続がありません。
ERROR CONTEXT: 0x00000005
NOTIFICATION FLAGS: 3
"""
WINHTTP = "\n現在の WinHTTP プロキシ設定:\n\n    直接アクセス (プロキシ サーバーなし)。\n\n"
BITLOCKER = "ボリューム C:\nすべてのキーの保護機能\n\n    TPM And PIN:\n      ID: {11112222-0000-0000-0000-000000000001}\n\n    数字パスワード:\n      パスワード:\n        (hidden)\n"
EVENTS = "".join(
    f"2025-03-25 10:0{index % 10}:00:000+0900\t{19 + index}\tMicrosoft-Windows-WindowsUpdateClient\t{sample}\n"
    for index, sample in enumerate(samples("WindowsEvents") + samples("SCNotify")[:0])
)


def _services(names: list[str]) -> bytes:
    lines: list[str] = []
    for name in names:
        if name == "CcmExec":  # as on a computer whose client was removed
            lines += [
                f"    + CategoryInfo          : ObjectNotFound: ({name}:String) [Get-Service], ServiceCommandException"
            ]
            lines += [
                "    + FullyQualifiedErrorId : NoServiceFoundForGivenName,Microsoft.PowerShell.Commands.GetServiceCommand",
                "",
            ]
        else:
            lines += [f"Name      : {name}", "Status    : Running", "StartType : Automatic", ""]
    return _crlf("\n".join(lines) + "\n")


def answer(entry: dict[str, Any], **facts: Any) -> bytes:
    """What the script writes of a question to a server."""
    host = "mp01.contoso.com" if entry["at"] == "management-point" else "sup01.contoso.com:8530"
    record = {
        "schema": "ccmdoctor.collected-answer/1", "ask": entry["ask"], "url": f"http://{host}{entry['path']}",
        "at": COLLECTED, "addresses": ["10.0.9.1"], "name_seconds": 0.012, "connected": True, "connect_seconds": 0.003,
        **(facts or {"status": 200, "type": "text/xml", "date": "2025-03-25T01:30:00.0000000Z", "clock_seconds": 0.4}),
        "seconds": 0.21,
    }  # fmt: skip
    return _crlf(json.dumps(record, indent=4, ensure_ascii=False) + "\n")


def _command(id: str) -> bytes:
    if id.startswith("gpresult"):
        return GPRESULT_XML.encode("utf-16") if id.endswith("xml") else GPRESULT_HTML.encode("utf-16")
    texts = {
        "winhttp-proxy": WINHTTP, "ip-configuration": IPCONFIG, "bits-jobs": BITS, "bitlocker-state": BITLOCKER,
        "wmi-repository": "WMI リポジトリは一貫しています\n",
    }  # fmt: skip
    return _crlf(texts[id])


def files_of(id: str) -> Files:
    """The files that one entry brings."""
    entry = ENTRIES[id]
    kind = entry["kind"]
    if kind == "logs":
        return _logs(entry)
    if kind in ("wmi", "wmi-method", "update-services"):
        return {entry["to"]: instances(entry, INSTANCES[id])}
    makers: dict[str, Callable[[], bytes]] = {
        "registry": lambda: _registry(entry),
        "file": lambda: REGISTRY_POL,
        "command": lambda: _command(id),
        "web": lambda: answer(entry),
        "services": lambda: _services(entry["names"]),
        "listing": lambda: _crlf("2025/03/25 10:02:03      17301504 CcmStore.sdf\n2025/03/25 10:02:03         65536 CcmSQLCE.log\n"),
        "events": lambda: _crlf("2025-03-25 10:02:00:000+0900\t1117\tMicrosoft-Windows-Windows Defender\t" + samples("Antivirus")[0] + "\n" if id.startswith("anti") else EVENTS),
        "certificates": lambda: _crlf(
            "Store                : My\nCertificates         : 1\n\nStore                : My\nSubject              : CN=PC0123.contoso.com\n"
            "Issuer               : CN=Contoso Issuing CA\nNotBefore            : 2025-01-01T00:00:00.0000000Z\nNotAfter             : 2026-01-01T00:00:00.0000000Z\n"
            "HasPrivateKey        : True\nEnhancedKeyUsageList : 1.3.6.1.5.5.7.3.2\nThumbprint           : 0123456789ABCDEF0123456789ABCDEF01234567\n\n"
        ),
        "windowsupdate-log": lambda: log("WindowsUpdate"),
    }  # fmt: skip
    return {entry["to"]: makers[kind]()}


def record(id: str, state: str = "ok", **more: Any) -> dict[str, Any]:
    """The record of one step in ``collected.json``."""
    return {"id": id, "to": ENTRIES[id]["to"], "state": state, "seconds": 0.1, **more}


def collected(steps: list[dict[str, Any]]) -> bytes:
    """``collected.json`` as the script writes it."""
    head = {
        "schema": "ccmdoctor.collected/1", "script": "0.1.0", "collected": COLLECTED, "began": "2025-03-25T01:29:00.0000000Z",
        "computer": "PC0123", "bias": BIAS, "zone": "Tokyo Standard Time", "system": True, "administrator": True,
        "process64": True, "powershell": "5.1.22621.4391", "culture": "ja-JP", "codepage": 932, "steps": steps,
    }  # fmt: skip
    return json.dumps(head, indent=4, ensure_ascii=False).encode()


def bundle(*ids: str) -> Files:
    """The whole zip, or that of some entries, with its ``collected.json``."""
    wanted = ids or tuple(ENTRIES)
    files: Files = {}
    for id in wanted:
        files |= files_of(id)
    return files | {"collected.json": collected([record(id, files=list(files_of(id))) for id in wanted])}


def healthy() -> Files:
    """Everything but logs and events from a client that lacks nothing, with the optional registry keys absent."""
    files: Files = {}
    for id, entry in ENTRIES.items():
        if entry["kind"] not in ("logs", "windowsupdate-log", "events"):
            files |= files_of(id)
    for id, rows in {
        "restart-state": [{"RebootPending": False, "IsHardRebootPending": False, "ReturnValue": 0}],
        "task-sequence-residue": [],
    }.items():
        files[ENTRIES[id]["to"]] = instances(ENTRIES[id], rows)
    running = (
        f"Name      : {name}\nStatus    : Running\nStartType : Automatic\n\n" for name in ENTRIES["services"]["names"]
    )
    stores = (
        "CcmStore",
        "CertEnrollmentStore",
        "CIDownloaderStore",
        "CIStateStore",
        "CIStore",
        "CITaskStore",
        "InventoryStore",
        "StateMessageStore",
    )
    files["services.txt"] = _crlf("".join(running))
    files["commands/databases.txt"] = _crlf(
        "".join(f"2025/03/25 10:02:03      17301504 {name}.sdf\n" for name in stores)
    )
    files["commands/bits.txt"] = _crlf("\nBITSADMIN version 3.0\nListed 0 job(s).\n")
    for id, entry in ENTRIES.items():
        if entry["kind"] == "registry" and id != "windows-update-policy":
            hive = "HKEY_CURRENT_USER" if entry.get("hive") == "user" else "HKEY_LOCAL_MACHINE"
            absent = "".join(f"[-{hive}\\{one['key']}]\n\n" for one in entry["keys"])
            files[entry["to"]] = _crlf(f"Windows Registry Editor Version 5.00\n\n{absent}")
    return files | {"collected.json": collected([record(id) for id in ENTRIES])}
