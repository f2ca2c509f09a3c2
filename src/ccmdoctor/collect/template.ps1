#Requires -Version 5.1
#Requires -PSEdition Desktop
<#
.SYNOPSIS
    Collects from a Configuration Manager client what ccmdoctor reads, as one zip file.

.DESCRIPTION
    Generated from manifest.toml by tools/generate.py: edit the manifest or the template, not this file.

    Runs in Windows PowerShell 5.1 as SYSTEM (ConfigMgr "Run Scripts", an RMM tool), or by hand as an administrator.
    It changes nothing on the computer: it writes the zip file and, while it runs, a folder beside it. It calls no
    server but the client's own management point and software update point, without signing in.
    Every step has its own time limit. A step that fails is noted in collected.json and never stops the others.

    The last line of the output is one JSON object: the path of the zip file and how many steps succeeded.
    Exit code 0: the zip file was written. 1: it was not, and the line says why.

.PARAMETER Output
    Path of the zip file. Default: <Windows>\Temp\CcmEvidence-<computer>-<UTC>.zip
    A dash keeps no zip file: its bytes go to the output as lines of base64, before the last line. This is for a caller
    that runs the script by PowerShell remoting; there is no exit code then, since it would end the caller's session.

.PARAMETER Skip
    Steps to leave out, separated by commas: ids of the manifest, or the privacy classes settings, names, addresses.

.EXAMPLE
    powershell.exe -NoProfile -ExecutionPolicy Bypass -File .\Collect-CcmEvidence.ps1 -Output C:\evidence\PC0123.zip
#>
[CmdletBinding()]
param(
    [string]$Output = '',
    [string]$Skip = ''
)

$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'

$Version = '<<version>>'
$Limits = <<limits>>
$Parts = <<parts>>
$Steps = @(
<<steps>>
)

# In constrained language mode neither locked logs can be opened nor steps be limited in time.
if ("$($ExecutionContext.SessionState.LanguageMode)" -ne 'FullLanguage') {
    Write-Output '{"schema":"ccmdoctor.collector/1","written":false,"error":"constrained-language"}'
    if ($Output -eq '-') { return }
    exit 1
}

# --- the parts of a step; they run in a runspace of their own and know only their parameters -------------------------

function ConvertTo-Json1 {
    # One object on one line. Depth is that of the nested objects WMI returns.
    param($Value)
    ConvertTo-Json -InputObject $Value -Depth 6 -Compress
}

function Resolve-Place {
    # The placeholders of the manifest.
    param([string]$Text, $Context)
    foreach ($name in 'logs', 'ccm', 'windows', 'system', 'drive') {
        $Text = $Text.Replace('{' + $name + '}', $Context.Places[$name])
    }
    $Text
}

function New-Target {
    # The full path of a file in the work folder; its folder is made.
    param([string]$To, $Context)
    $path = Join-Path -Path $Context.Work -ChildPath $To.Replace('/', '\')
    [void][System.IO.Directory]::CreateDirectory([System.IO.Path]::GetDirectoryName($path))
    $path
}

function Write-Text {
    # UTF-8 without a mark.
    param([string]$To, [string]$Text, $Context)
    $encoding = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false
    [System.IO.File]::WriteAllText((New-Target -To $To -Context $Context), $Text, $encoding)
    $To
}

function Copy-Tail {
    # Copies the last bytes of a file that others have open and may write, rename or delete meanwhile, from the start of
    # a line on. A file of two bytes a letter keeps its mark. Tells the size as it is and how much was taken.
    param([string]$From, [string]$To, [long]$Most, $Context)
    $share = [System.IO.FileShare]::ReadWrite -bor [System.IO.FileShare]::Delete
    $source = New-Object -TypeName System.IO.FileStream -ArgumentList $From, ([System.IO.FileMode]::Open), ([System.IO.FileAccess]::Read), $share
    try {
        $size = [long]$source.Length
        $wide = ($source.ReadByte() -eq 255) -and ($source.ReadByte() -eq 254)
        $left = $size
        if ($size -gt $Most) {
            $start = $size - $Most
            if ($wide) { $start += $start % 2 }
            [void]$source.Seek($start, [System.IO.SeekOrigin]::Begin)
            do {
                $byte = $source.ReadByte()
                $upper = 0
                if ($wide) { $upper = $source.ReadByte() }
            } while (($byte -ge 0) -and (($byte -ne 10) -or ($upper -ne 0)))
            $left = $size - $source.Position
        }
        else { [void]$source.Seek(0, [System.IO.SeekOrigin]::Begin) }
        $taken = $left
        $target = [System.IO.File]::Create((New-Target -To $To -Context $Context))
        try {
            if ($wide -and ($size -gt $Most)) { $target.WriteByte(255); $target.WriteByte(254) }
            $buffer = New-Object -TypeName 'byte[]' -ArgumentList 65536
            while ($left -gt 0) {
                $read = $source.Read($buffer, 0, [int][System.Math]::Min([long]$buffer.Length, $left))
                if ($read -le 0) { break }
                $target.Write($buffer, 0, $read)
                $left -= $read
            }
        }
        finally { $target.Dispose() }
        @{ size = $size; taken = ($taken - $left) }
    }
    finally { $source.Dispose() }
}

function Save-Logs {
    # Every log of the step with its older parts, the newest first, up to the limit of one log and of everything.
    param($Step, $Context)
    $result = @{ files = @(); cut = @(); failed = @() }
    $folder = Resolve-Place -Text $Step.Folder -Context $Context
    if (-not (Test-Path -LiteralPath $folder)) { return @{ state = 'absent'; error = $folder } }
    foreach ($name in $Step.Names) {
        $room = [long]$Context.Limits.family_bytes
        $likes = @("$name.lo?", "$name-*.lo?", "$($name)_*.lo?")
        if ($name -eq 'MSI') { $likes = @('MSI*.log') }
        $parts = @(Get-ChildItem -LiteralPath $folder -File -Force | Where-Object -FilterScript {
            $file = $_
            (-not ($file.Attributes -band [System.IO.FileAttributes]::ReparsePoint)) -and (@($likes | Where-Object -FilterScript { $file.Name -like $_ }).Count -gt 0)
        } | Sort-Object -Property 'LastWriteTimeUtc' -Descending)
        # of a file that is being written, the folder may tell an old time and size: the log in use is the newest
        $current = "$name.log"
        $parts = @($parts | Where-Object -FilterScript { $_.Name -eq $current }) + @($parts | Where-Object -FilterScript { $_.Name -ne $current })
        foreach ($part in $parts) {
            $most = [System.Math]::Min($room, [long]$Context.Shared.Left)
            if ($most -lt 1024) {
                $result.cut += @{ file = $part.Name; bytes = $part.Length; taken = 0 }
                continue
            }
            $to = "$($Step.To)/$($part.Name)"
            try {
                $copied = Copy-Tail -From $part.FullName -To $to -Most $most -Context $Context
                $result.files += $to
                $room -= $copied.taken
                $Context.Shared.Left = [long]$Context.Shared.Left - $copied.taken
                if ($copied.size -gt $most) { $result.cut += @{ file = $part.Name; bytes = $copied.size; taken = $copied.taken } }
            }
            catch { $result.failed += @{ file = $part.Name; error = $_.Exception.Message } }
        }
    }
    if (-not ($result.files.Count + $result.failed.Count)) { return @{ state = 'absent'; error = $folder } }
    $result
}

function Save-File {
    param($Step, $Context)
    $from = Resolve-Place -Text $Step.From -Context $Context
    if (-not (Test-Path -LiteralPath $from)) { return @{ state = 'absent'; error = $from } }
    if ((Get-Item -LiteralPath $from -Force).Length -gt 16777216) { return @{ state = 'failed'; error = "too large: $from" } }
    [void](Copy-Tail -From $from -To $Step.To -Most 16777216 -Context $Context)
    @{ files = @($Step.To) }
}

function ConvertTo-Plain {
    # A value of WMI as text, number, truth or list; objects become tables of their properties.
    param($Value)
    if ($null -eq $Value) { return $null }
    if ($Value -is [System.Array]) {
        $list = @(foreach ($one in $Value) { ConvertTo-Plain -Value $one })
        return , $list
    }
    if ($Value -is [System.Management.ManagementBaseObject]) {
        $table = [ordered]@{}
        foreach ($property in $Value.Properties) { $table[$property.Name] = ConvertTo-Plain -Value $property.Value }
        return $table
    }
    if (($Value -is [string]) -or ($Value -is [bool])) { return $Value }
    if ($Value -is [char]) { return "$Value" }
    $Value
}

function Write-Instances {
    # One file of instances, one on each line; a new file before the limit is passed.
    param([string]$To, [string]$Class, [string]$Namespace, $Rows, $Context)
    $head = '{"class":' + (ConvertTo-Json1 -Value $Class) + ',"namespace":' + (ConvertTo-Json1 -Value $Namespace) + ',"instances":['
    $files = @()
    $lines = New-Object -TypeName System.Text.StringBuilder
    $number = 1
    foreach ($row in $Rows) {
        $line = ConvertTo-Json1 -Value $row
        if (($lines.Length -gt 0) -and (($lines.Length + $line.Length) -gt $Context.Limits.file_characters)) {
            $files += Write-Text -To $To.Replace('.json', ".$number.json") -Text ($head + "`r`n" + $lines.ToString() + "`r`n]}`r`n") -Context $Context
            $number += 1
            [void]$lines.Clear()
        }
        if ($lines.Length -gt 0) { [void]$lines.Append(",`r`n") }
        [void]$lines.Append($line)
    }
    $files += Write-Text -To $To -Text ($head + "`r`n" + $lines.ToString() + "`r`n]}`r`n") -Context $Context
    $files
}

function Get-ErrorCode {
    # The 32-bit number behind an error, or 0.
    param($Exception)
    while ($null -ne $Exception) {
        if ($Exception -is [System.Management.ManagementException]) { return [int]$Exception.ErrorCode }
        if ($Exception -is [System.Runtime.InteropServices.COMException]) { return [int]$Exception.ErrorCode }
        if ($Exception -is [System.UnauthorizedAccessException]) { return [int]$Exception.HResult }
        $Exception = $Exception.InnerException
    }
    0
}

function Write-ClassError {
    # That a class could not be asked is evidence, so it is written where its instances would stand.
    param($Step, $Exception, $Context)
    $code = Get-ErrorCode -Exception $Exception
    $failure = [ordered]@{ code = $code; message = $Exception.Message }
    $record = [ordered]@{ class = $Step.Class; namespace = $Step.Namespace; error = $failure }
    $file = Write-Text -To $Step.To -Text ((ConvertTo-Json1 -Value $record) + "`r`n") -Context $Context
    @{ state = 'failed'; files = @($file); code = $code; error = $Exception.Message }
}

function Save-Wmi {
    param($Step, $Context)
    try {
        $query = @{ Namespace = $Step.Namespace; Class = $Step.Class; ErrorAction = 'Stop' }
        if ($Step.Filter) { $query['Filter'] = $Step.Filter }
        $found = @(Get-WmiObject @query)
    }
    catch { return Write-ClassError -Step $Step -Exception $_.Exception -Context $Context }
    $rows = @(foreach ($instance in $found) {
        $row = [ordered]@{}
        if ($Step.Computer) { $row['Computer'] = $env:COMPUTERNAME }
        foreach ($property in $instance.Properties) {
            if ((-not $Step.Properties) -or ($Step.Properties -contains $property.Name)) {
                $row[$property.Name] = ConvertTo-Plain -Value $property.Value
            }
        }
        $row
    })
    @{ files = @(Write-Instances -To $Step.To -Class $Step.Class -Namespace $Step.Namespace -Rows $rows -Context $Context); count = $rows.Count }
}

function Save-WmiMethod {
    # A method that only tells something.
    param($Step, $Context)
    try { $answer = Invoke-WmiMethod -Namespace $Step.Namespace -Class $Step.Class -Name $Step.Method -ErrorAction 'Stop' }
    catch { return Write-ClassError -Step $Step -Exception $_.Exception -Context $Context }
    $rows = @(ConvertTo-Plain -Value $answer)
    @{ files = @(Write-Instances -To $Step.To -Class $Step.Class -Namespace $Step.Namespace -Rows $rows -Context $Context); count = 1 }
}

function Save-UpdateServices {
    # The services that the Windows Update agent knows.
    param($Step, $Context)
    $manager = New-Object -ComObject 'Microsoft.Update.ServiceManager'
    $rows = @(foreach ($service in $manager.Services) {
        [ordered]@{ Name = "$($service.Name)"; ServiceID = "$($service.ServiceID)"; IsDefaultAUService = [bool]$service.IsDefaultAUService; IsManaged = [bool]$service.IsManaged; IsRegisteredWithAU = [bool]$service.IsRegisteredWithAU }
    })
    @{ files = @(Write-Instances -To $Step.To -Class 'Microsoft.Update.ServiceManager' -Namespace '' -Rows $rows -Context $Context); count = $rows.Count }
}

function ConvertTo-RegLine {
    # One value as a line of a .reg file.
    param($Key, [string]$Name)
    $kind = "$($Key.GetValueKind($Name))"
    $value = $Key.GetValue($Name, $null, [Microsoft.Win32.RegistryValueOptions]::DoNotExpandEnvironmentNames)
    $label = '@'
    if ($Name) { $label = '"' + $Name.Replace('\', '\\').Replace('"', '\"') + '"' }
    $unicode = [System.Text.Encoding]::Unicode
    switch ($kind) {
        'String' {
            if ($value -notmatch '[\r\n\x00]') { return $label + '="' + $value.Replace('\', '\\').Replace('"', '\"') + '"' }
            $type = 'hex(1)'; $bytes = $unicode.GetBytes($value + "`0")
        }
        'DWord' { return $label + '=dword:' + ('{0:x8}' -f $value) }
        'QWord' { $type = 'hex(b)'; $bytes = [System.BitConverter]::GetBytes([long]$value) }
        'ExpandString' { $type = 'hex(2)'; $bytes = $unicode.GetBytes($value + "`0") }
        'MultiString' { $type = 'hex(7)'; $bytes = $unicode.GetBytes(($value -join "`0") + "`0`0") }
        default { $type = 'hex'; $bytes = [byte[]]@($value) }
    }
    $label + '=' + $type + ':' + ((@($bytes) | ForEach-Object -Process { '{0:x2}' -f $_ }) -join ',')
}

function Add-RegKey {
    # The lines of one key, and of the keys below it when the step goes deep. An absent key is written as [-key].
    param($Base, [string]$Shown, [string]$Path, $Wanted, [bool]$Deep, $Lines, [int]$Level)
    $key = $Base.OpenSubKey($Path, $false)
    if ($null -eq $key) {
        $Lines.Add("[-$Shown\$Path]")
        $Lines.Add('')
        return
    }
    try {
        $Lines.Add("[$Shown\$Path]")
        foreach ($name in $key.GetValueNames()) {
            if ((-not $Wanted) -or ($Wanted -contains $name)) { $Lines.Add((ConvertTo-RegLine -Key $key -Name $name)) }
        }
        $Lines.Add('')
        if ($Deep -and ($Level -lt 6)) {
            foreach ($child in $key.GetSubKeyNames()) {
                Add-RegKey -Base $Base -Shown $Shown -Path "$Path\$child" -Wanted $Wanted -Deep $true -Lines $Lines -Level ($Level + 1)
            }
        }
    }
    finally { $key.Dispose() }
}

function Get-UserSid {
    # The SID of the signed-in user, told by the desktop's own process; no name is asked of a server.
    foreach ($shell in @(Get-WmiObject -Namespace 'root\cimv2' -Class 'Win32_Process' -Filter "Name = 'explorer.exe'")) {
        $owner = $shell.GetOwnerSid()
        if ($owner.Sid) { return "$($owner.Sid)" }
    }
    ''
}

function Save-Registry {
    param($Step, $Context)
    $hive = [Microsoft.Win32.RegistryHive]::LocalMachine
    $shown = 'HKEY_LOCAL_MACHINE'
    $prefix = ''
    if ($Step.Hive -eq 'user') {
        $shown = 'HKEY_CURRENT_USER'
        $hive = [Microsoft.Win32.RegistryHive]::Users
        $prefix = Get-UserSid
        if (-not $prefix) { return @{ state = 'absent'; error = 'no user is signed in' } }
    }
    $view = [Microsoft.Win32.RegistryView]::Registry64
    if (-not [System.Environment]::Is64BitOperatingSystem) { $view = [Microsoft.Win32.RegistryView]::Default }
    $base = [Microsoft.Win32.RegistryKey]::OpenBaseKey($hive, $view)
    $lines = New-Object -TypeName 'System.Collections.Generic.List[string]'
    $lines.Add('Windows Registry Editor Version 5.00')
    $lines.Add('')
    try {
        $root = $base
        if ($prefix) { $root = $base.OpenSubKey($prefix, $false) }
        if ($null -eq $root) { return @{ state = 'absent'; error = 'the profile of the user is not loaded' } }
        foreach ($one in $Step.Paths) {
            Add-RegKey -Base $root -Shown $shown -Path $one.Path -Wanted $one.Only -Deep ([bool]$one.Deep) -Lines $lines -Level 0
        }
    }
    finally { $base.Dispose() }
    @{ files = @(Write-Text -To $Step.To -Text (($lines -join "`r`n") + "`r`n") -Context $Context) }
}

function Save-Command {
    # A program of Windows in a process of its own, which is ended when its time is over.
    param($Step, $Context)
    $start = New-Object -TypeName System.Diagnostics.ProcessStartInfo
    $start.FileName = Join-Path -Path $Context.Places['system'] -ChildPath $Step.Program
    if (-not (Test-Path -LiteralPath $start.FileName)) { return @{ state = 'absent'; error = $start.FileName } }
    $arguments = Resolve-Place -Text $Step.Arguments -Context $Context
    $file = New-Target -To $Step.To -Context $Context
    $start.Arguments = $arguments.Replace('{file}', $file)
    $start.UseShellExecute = $false
    $start.CreateNoWindow = $true
    $start.RedirectStandardOutput = $true
    $start.RedirectStandardError = $true
    $start.StandardOutputEncoding = [System.Text.Encoding]::GetEncoding($Context.CodePage)
    $start.StandardErrorEncoding = $start.StandardOutputEncoding
    $process = [System.Diagnostics.Process]::Start($start)
    try {
        $said = $process.StandardOutput.ReadToEndAsync()
        $complained = $process.StandardError.ReadToEndAsync()
        if (-not $process.WaitForExit(1000 * $Step.Seconds)) {
            $process.Kill()
            return @{ state = 'timeout'; error = $Step.Program }
        }
        $text = $said.Result + $complained.Result
        $code = $process.ExitCode
    }
    finally { $process.Dispose() }
    if ($Step.Hide) { $text = $text -replace $Step.Hide, '(hidden)' }
    if ($Step.WritesFile) {
        if (Test-Path -LiteralPath $file) { return @{ files = @($Step.To); code = $code } }
        return @{ state = 'failed'; error = $text.Trim(); code = $code }
    }
    @{ files = @(Write-Text -To $Step.To -Text $text -Context $Context); code = $code }
}

function Save-Services {
    # What Get-Service prints of each service, and its error for a service that is not there.
    param($Step, $Context)
    $text = New-Object -TypeName System.Text.StringBuilder
    foreach ($name in $Step.Names) {
        try {
            $service = Get-Service -Name $name -ErrorAction 'Stop'
            [void]$text.Append("Name      : $($service.Name)`r`nStatus    : $($service.Status)`r`nStartType : $($service.StartType)`r`n`r`n")
        }
        catch { [void]$text.Append("    + CategoryInfo          : $($_.CategoryInfo)`r`n    + FullyQualifiedErrorId : $($_.FullyQualifiedErrorId)`r`n`r`n") }
    }
    @{ files = @(Write-Text -To $Step.To -Text $text.ToString() -Context $Context) }
}

function Save-Listing {
    # Time, size and name of files; nothing is opened.
    param($Step, $Context)
    $text = New-Object -TypeName System.Text.StringBuilder
    foreach ($pattern in $Step.Names) {
        $path = Resolve-Place -Text $pattern -Context $Context
        foreach ($one in @(Get-ChildItem -Path $path -File -Force -ErrorAction 'SilentlyContinue')) {
            $when = $one.LastWriteTime.ToString('yyyy/MM/dd HH:mm:ss', [System.Globalization.CultureInfo]::InvariantCulture)
            $size = ([string]$one.Length).PadLeft(14)
            [void]$text.Append("$when $size $($one.Name)`r`n")
        }
    }
    @{ files = @(Write-Text -To $Step.To -Text $text.ToString() -Context $Context) }
}

function Save-Events {
    # Events on one line each: local time with its offset, id, provider, text.
    param($Step, $Context)
    $lines = New-Object -TypeName 'System.Collections.Generic.List[string]'
    $failed = @()
    foreach ($query in $Step.Queries) {
        $filter = @{ LogName = $query.Log; Id = $query.Ids; StartTime = (Get-Date).AddDays(0 - $Step.Days) }
        if ($query.Provider) { $filter['ProviderName'] = $query.Provider }
        try { $found = @(Get-WinEvent -FilterHashtable $filter -MaxEvents $Step.Most -ErrorAction 'Stop') }
        catch {
            $found = @()
            if ("$($_.FullyQualifiedErrorId)" -notlike 'NoMatchingEventsFound*') { $failed += @{ file = $query.Log; error = $_.Exception.Message } }
        }
        foreach ($one in $found) {
            $at = $one.TimeCreated
            $offset = $at.ToString('zzz', [System.Globalization.CultureInfo]::InvariantCulture).Replace(':', '')
            $when = $at.ToString('yyyy-MM-dd HH:mm:ss:fff', [System.Globalization.CultureInfo]::InvariantCulture)
            $said = "$($one.Message)" -replace '\s*[\r\n]+\s*', ' '
            if (-not $said) { $said = (@($one.Properties) | ForEach-Object -Process { "$($_.Value)" }) -join ' ' }
            $lines.Add("$when$offset`t$($one.Id)`t$($one.ProviderName)`t$said")
        }
    }
    $sorted = @($lines | Sort-Object)
    $result = @{ files = @(Write-Text -To $Step.To -Text (($sorted -join "`r`n") + "`r`n") -Context $Context); count = $sorted.Count; failed = $failed }
    if ($failed.Count -eq $Step.Queries.Count) { $result['state'] = 'failed'; $result['error'] = $failed[0].error }
    $result
}

function Save-Certificates {
    # How many certificates a store holds, and each of them without its key.
    param($Step, $Context)
    $text = New-Object -TypeName System.Text.StringBuilder
    foreach ($name in $Step.Stores) {
        $store = New-Object -TypeName System.Security.Cryptography.X509Certificates.X509Store -ArgumentList $name, 'LocalMachine'
        $store.Open('ReadOnly, OpenExistingOnly')
        try {
            [void]$text.Append("Store                : $name`r`nCertificates         : $($store.Certificates.Count)`r`n`r`n")
            foreach ($one in $store.Certificates) {
                $uses = @(foreach ($extension in $one.Extensions) {
                    if ($extension -is [System.Security.Cryptography.X509Certificates.X509EnhancedKeyUsageExtension]) { foreach ($use in $extension.EnhancedKeyUsages) { $use.Value } }
                }) -join ' '
                [void]$text.Append("Store                : $name`r`nSubject              : $($one.Subject)`r`nIssuer               : $($one.Issuer)`r`n")
                [void]$text.Append("NotBefore            : $($one.NotBefore.ToUniversalTime().ToString('o'))`r`nNotAfter             : $($one.NotAfter.ToUniversalTime().ToString('o'))`r`n")
                [void]$text.Append("HasPrivateKey        : $($one.HasPrivateKey)`r`nEnhancedKeyUsageList : $uses`r`nThumbprint           : $($one.Thumbprint)`r`n`r`n")
            }
        }
        finally { $store.Close() }
    }
    @{ files = @(Write-Text -To $Step.To -Text $text.ToString() -Context $Context) }
}

function Save-UpdateLog {
    # The agent's traces as text. Nothing is flushed, so no service is stopped; what the cmdlet leaves in its temporary
    # folder goes with the work folder. Before Windows 10 1709 it would fetch symbols from the internet: not done.
    param($Step, $Context)
    if ([System.Environment]::OSVersion.Version.Build -lt 16299) { return @{ state = 'absent'; error = 'this Windows would need symbols from the internet' } }
    $raw = New-Target -To 'raw/WindowsUpdate.log' -Context $Context
    $before = $env:TEMP
    try {
        $env:TEMP = [System.IO.Path]::GetDirectoryName($raw)
        [void](Get-WindowsUpdateLog -LogPath $raw -Confirm:$false *>&1)
    }
    finally { $env:TEMP = $before }
    if (-not (Test-Path -LiteralPath $raw)) { return @{ state = 'failed'; error = 'Get-WindowsUpdateLog wrote nothing' } }
    $most = [System.Math]::Min([long]$Context.Limits.family_bytes, [long]$Context.Shared.Left)
    $copied = Copy-Tail -From $raw -To $Step.To -Most $most -Context $Context
    $Context.Shared.Left = [long]$Context.Shared.Left - $copied.taken
    $result = @{ files = @($Step.To) }
    if ($copied.size -gt $most) { $result['cut'] = @(@{ file = 'WindowsUpdate.log'; bytes = $copied.size; taken = $copied.taken }) }
    $result
}

function Get-MachineValue {
    # One value of the registry as text, from the 64-bit view also in a 32-bit process; empty when it is not there.
    param([string]$Path, [string]$Name)
    $view = [Microsoft.Win32.RegistryView]::Registry64
    if (-not [System.Environment]::Is64BitOperatingSystem) { $view = [Microsoft.Win32.RegistryView]::Default }
    $base = [Microsoft.Win32.RegistryKey]::OpenBaseKey([Microsoft.Win32.RegistryHive]::LocalMachine, $view)
    try {
        $key = $base.OpenSubKey($Path, $false)
        if ($null -eq $key) { return '' }
        try { return [string]$key.GetValue($Name, '') } finally { $key.Dispose() }
    }
    finally { $base.Dispose() }
}

function Get-ManagementPoint {
    # The address of the management point in use, with the way in which the client talks to it.
    param($Context)
    $name = ''
    foreach ($authority in @(Get-WmiObject -Namespace 'root\ccm' -Class 'SMS_Authority')) {
        if ($authority.CurrentManagementPoint) { $name = "$($authority.CurrentManagementPoint)" }
    }
    if (-not $name) { return @{ url = ''; why = 'no management point is known' } }
    if ($name.Contains('/')) { return @{ url = ''; why = "a gateway: $name" } }
    $scheme = 'http'
    foreach ($candidate in @(Get-WmiObject -Namespace 'root\ccm\LocationServices' -Class 'SMS_ActiveMPCandidate' -ErrorAction 'SilentlyContinue')) {
        if (("$($candidate.MP)" -eq $name) -and (("$($candidate.Protocol)" -eq 'https') -or ("$($candidate.Capabilities)" -match 'SSLState"\s+Value="(?:31|63)"'))) { $scheme = 'https' }
    }
    $value = 'HttpPort'
    if ($scheme -eq 'https') { $value = 'HttpsPort' }
    $port = Get-MachineValue -Path 'SOFTWARE\Microsoft\CCM' -Name $value
    if ($port) { $port = ":$port" }
    @{ url = "$($scheme)://$name$port"; why = '' }
}

function Get-UpdatePoint {
    # The update server that policy names.
    param($Context)
    $url = (Get-MachineValue -Path 'SOFTWARE\Policies\Microsoft\Windows\WindowsUpdate' -Name 'WUServer').TrimEnd('/')
    if ($url -notmatch '^https?://') { return @{ url = ''; why = 'no WUServer is set' } }
    @{ url = $url; why = '' }
}

function Get-ClientCertificate {
    # Certificates that the client may show: valid, with a key, for client authentication.
    $store = New-Object -TypeName System.Security.Cryptography.X509Certificates.X509Store -ArgumentList 'My', 'LocalMachine'
    $store.Open('ReadOnly, OpenExistingOnly')
    try {
        foreach ($one in $store.Certificates) {
            $now = Get-Date
            if ((-not $one.HasPrivateKey) -or ($one.NotAfter -lt $now) -or ($one.NotBefore -gt $now)) { continue }
            foreach ($extension in $one.Extensions) {
                if ($extension -is [System.Security.Cryptography.X509Certificates.X509EnhancedKeyUsageExtension]) {
                    foreach ($use in $extension.EnhancedKeyUsages) { if ($use.Value -eq '1.3.6.1.5.5.7.3.2') { $one } }
                }
            }
        }
    }
    finally { $store.Close() }
}

function Test-Name {
    # How long the name took and which addresses it has.
    param([System.Uri]$Address, $Probe)
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    try { $Probe['addresses'] = @([System.Net.Dns]::GetHostAddresses($Address.DnsSafeHost) | ForEach-Object -Process { "$_" }) }
    catch { $Probe['name_error'] = $_.Exception.GetBaseException().Message }
    $Probe['name_seconds'] = [System.Math]::Round($watch.Elapsed.TotalSeconds, 3)
}

function Test-Port {
    # How long a plain connection took. Said of the server itself, even where a proxy stands between.
    param([System.Uri]$Address, $Probe)
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    $family = [System.Net.Sockets.AddressFamily]::InterNetwork
    if ($Probe['addresses'] -and (@($Probe['addresses'] | Where-Object -FilterScript { $_ -notlike '*:*' }).Count -eq 0)) { $family = [System.Net.Sockets.AddressFamily]::InterNetworkV6 }
    $client = New-Object -TypeName System.Net.Sockets.TcpClient -ArgumentList $family
    try {
        $waiting = $client.BeginConnect($Address.DnsSafeHost, $Address.Port, $null, $null)
        if ($waiting.AsyncWaitHandle.WaitOne(15000)) { $client.EndConnect($waiting); $Probe['connected'] = $true }
        else { $Probe['connected'] = $false; $Probe['connect_error'] = 'TimedOut' }
    }
    catch {
        $Probe['connected'] = $false
        $inner = $_.Exception.GetBaseException()
        $Probe['connect_error'] = $inner.GetType().Name
        if ($inner -is [System.Net.Sockets.SocketException]) { $Probe['connect_error'] = "$($inner.SocketErrorCode)" }
    }
    finally { $client.Close() }
    $Probe['connect_seconds'] = [System.Math]::Round($watch.Elapsed.TotalSeconds, 3)
}

function Read-Answer {
    # What stands in the head of an answer, and the difference between the server's clock and this one.
    param($Response, [System.DateTime]$Before, $Probe)
    $after = [System.DateTime]::UtcNow
    $Probe['status'] = [int]$Response.StatusCode
    $Probe['type'] = "$($Response.ContentType)"
    $Probe['server'] = "$($Response.Headers['Server'])"
    $Probe['bytes'] = [long]$Response.ContentLength
    $date = [System.DateTime]::MinValue
    $style = [System.Globalization.DateTimeStyles]::AssumeUniversal -bor [System.Globalization.DateTimeStyles]::AdjustToUniversal
    if ([System.DateTime]::TryParse("$($Response.Headers['Date'])", [System.Globalization.CultureInfo]::InvariantCulture, $style, [ref]$date)) {
        $middle = $Before.AddTicks([long](($after - $Before).Ticks / 2))
        $Probe['date'] = $date.ToString('o')
        $Probe['clock_seconds'] = [System.Math]::Round(($date - $middle).TotalSeconds, 1)
    }
}

function Read-Body {
    # Whether the answer is the one of the service, and no login page: the words that it holds. Its first 64 KB are read.
    param($Response, [string]$Words, [System.Diagnostics.Stopwatch]$Watch, [int]$Seconds, $Probe)
    $buffer = New-Object -TypeName 'byte[]' -ArgumentList 65536
    $length = 0
    try {
        $stream = $Response.GetResponseStream()
        do {
            $read = $stream.Read($buffer, $length, $buffer.Length - $length)
            $length += $read
        } while (($read -gt 0) -and ($length -lt $buffer.Length) -and ($Watch.Elapsed.TotalSeconds -lt $Seconds))
    }
    catch { $Probe['detail'] = @($_.Exception.GetBaseException().Message); return }
    $Probe['expected'] = [System.Text.Encoding]::UTF8.GetString($buffer, 0, $length) -match $Words
}

function Test-Answer {
    # One request without sign-in and without following to another address.
    param([System.Uri]$Address, [string]$Words, [int]$Seconds, $Probe)
    $protocols = [System.Net.ServicePointManager]::SecurityProtocol
    # 0 leaves the choice to Windows, as the client's own requests do
    if ([int]$protocols -ne 0) { [System.Net.ServicePointManager]::SecurityProtocol = $protocols -bor [System.Net.SecurityProtocolType]::Tls12 }
    $request = [System.Net.WebRequest]::Create($Address)
    $request.Method = 'GET'
    $request.AllowAutoRedirect = $false
    $request.UseDefaultCredentials = $false
    $request.KeepAlive = $false
    $request.Timeout = 1000 * $Seconds
    $request.ReadWriteTimeout = 1000 * $Seconds
    $request.UserAgent = 'ccmdoctor-collector'
    if ($Address.Scheme -eq 'https') {
        $mine = @(Get-ClientCertificate)
        foreach ($one in $mine) { [void]$request.ClientCertificates.Add($one) }
        $Probe['certificates'] = $mine.Count
    }
    if (($null -ne $request.Proxy) -and (-not $request.Proxy.IsBypassed($Address))) { $Probe['proxy'] = "$($request.Proxy.GetProxy($Address).Authority)" }
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    $before = [System.DateTime]::UtcNow
    $response = $null
    try {
        $response = $request.GetResponse()
        Read-Answer -Response $response -Before $before -Probe $Probe
        if ($Probe['status'] -eq 200) { Read-Body -Response $response -Words $Words -Watch $watch -Seconds $Seconds -Probe $Probe }
    }
    catch {
        $failure = $_.Exception
        while (($null -ne $failure) -and ($failure -isnot [System.Net.WebException])) { $failure = $failure.InnerException }
        if ($null -eq $failure) { throw }
        $Probe['error'] = "$($failure.Status)"
        $Probe['detail'] = @()
        $inner = $failure
        while ($null -ne $inner) {
            $Probe['detail'] += $inner.Message
            if ($inner -is [System.Net.Sockets.SocketException]) { $Probe['socket'] = "$($inner.SocketErrorCode)" }
            $inner = $inner.InnerException
        }
        $response = $failure.Response
        if ($null -ne $response) { Read-Answer -Response $response -Before $before -Probe $Probe }
    }
    finally {
        if ($null -ne $response) { $response.Close() }
        $request.Abort()
    }
    $Probe['seconds'] = [System.Math]::Round($watch.Elapsed.TotalSeconds, 3)
}

function Save-Web {
    # Asks the client's own server one question and writes what came back, or what did not.
    param($Step, $Context)
    if ($Step.At -eq 'management-point') { $server = Get-ManagementPoint -Context $Context }
    else { $server = Get-UpdatePoint -Context $Context }
    if (-not $server.url) { return @{ state = 'absent'; error = $server.why } }
    $address = [System.Uri]($server.url + $Step.Path)
    $probe = [ordered]@{ schema = 'ccmdoctor.collected-answer/1'; ask = $Step.Ask; url = "$address"; at = [System.DateTime]::UtcNow.ToString('o') }
    Test-Name -Address $address -Probe $probe
    Test-Port -Address $address -Probe $probe
    Test-Answer -Address $address -Words $Step.Expect -Seconds ([System.Math]::Max(5, $Step.Seconds - 25)) -Probe $probe
    @{ files = @(Write-Text -To $Step.To -Text ((ConvertTo-Json -InputObject $probe -Depth 4) + "`r`n") -Context $Context) }
}

# --- running the steps ---------------------------------------------------------------------------------------------

function New-StepSession {
    # The functions that steps use, and nothing else of this script.
    $state = [System.Management.Automation.Runspaces.InitialSessionState]::CreateDefault()
    foreach ($name in $Parts) {
        $definition = (Get-Item -LiteralPath "Function:\$name").Definition
        $entry = New-Object -TypeName System.Management.Automation.Runspaces.SessionStateFunctionEntry -ArgumentList $name, $definition
        $state.Commands.Add($entry)
    }
    $state
}

function Invoke-Step {
    # One step with its time limit. What it returns is the record of the step.
    param($Step, $Context, $Session)
    $record = [ordered]@{ id = $Step.Id; to = $Step.To; state = 'ok'; seconds = 0 }
    $watch = [System.Diagnostics.Stopwatch]::StartNew()
    $shell = [System.Management.Automation.PowerShell]::Create()
    $space = [System.Management.Automation.Runspaces.RunspaceFactory]::CreateRunspace($Session)
    $over = $false
    try {
        $space.Open()
        $shell.Runspace = $space
        # without the type data, ConvertTo-Json would write some lists as objects with a count
        [void]$shell.AddScript('$ErrorActionPreference = ''Stop''; $ProgressPreference = ''SilentlyContinue''; Remove-TypeData -TypeName System.Array -ErrorAction SilentlyContinue')
        [void]$shell.AddStatement().AddCommand("Save-$($Step.Kind)").AddParameter('Step', $Step).AddParameter('Context', $Context)
        $running = $shell.BeginInvoke()
        if (-not $running.AsyncWaitHandle.WaitOne(1000 * $Step.Seconds + 5000)) {
            $over = $true
            $record['state'] = 'timeout'
            [void]$shell.BeginStop($null, $null)
        }
        else {
            $answers = @($shell.EndInvoke($running) | Where-Object -FilterScript { $_ -is [hashtable] })
            if ($answers.Count -eq 0) { throw 'the step returned nothing' }
            $answer = $answers[-1]
            foreach ($name in 'state', 'files', 'count', 'code', 'error', 'cut', 'failed') {
                if ($answer.ContainsKey($name) -and ($null -ne $answer[$name]) -and (@($answer[$name]).Count -gt 0)) { $record[$name] = $answer[$name] }
            }
        }
    }
    catch {
        $record['state'] = 'failed'
        $record['error'] = $_.Exception.GetBaseException().Message
        $record['code'] = [int]$_.Exception.GetBaseException().HResult
    }
    finally {
        # A step that hangs is left behind: waiting for it would hang the script.
        if (-not $over) { $shell.Dispose(); $space.Dispose() }
    }
    $record['seconds'] = [System.Math]::Round($watch.Elapsed.TotalSeconds, 2)
    $record
}

function Get-Places {
    # Where the client keeps its things; the registry knows, the defaults are those of setup.
    $system = 'System32'
    if ([System.Environment]::Is64BitOperatingSystem -and (-not [System.Environment]::Is64BitProcess)) { $system = 'Sysnative' }
    $places = @{ windows = $env:windir; drive = $env:SystemDrive; system = (Join-Path -Path $env:windir -ChildPath $system) }
    $places['ccm'] = Join-Path -Path $env:windir -ChildPath 'CCM'
    $set = Get-MachineValue -Path 'SOFTWARE\Microsoft\SMS\Client\Configuration\Client Properties' -Name 'Local SMS Path'
    if ($set) { $places['ccm'] = $set.TrimEnd('\') }
    $places['logs'] = Join-Path -Path $places['ccm'] -ChildPath 'Logs'
    $set = Get-MachineValue -Path 'SOFTWARE\Microsoft\CCM\Logging\@Global' -Name 'LogDirectory'
    if ($set) { $places['logs'] = $set.TrimEnd('\') }
    $places['codepage'] = 437
    $set = Get-MachineValue -Path 'SYSTEM\CurrentControlSet\Control\Nls\CodePage' -Name 'OEMCP'
    if ($set) { $places['codepage'] = [int]$set }
    $places
}

function Write-Zip {
    # The work folder as one zip file; a file that a hanging step still holds is left out.
    param([string]$Folder, [string]$File)
    Add-Type -AssemblyName 'System.IO.Compression'
    $stream = [System.IO.File]::Open($File, [System.IO.FileMode]::CreateNew)
    $whole = $false
    try {
        $zip = New-Object -TypeName System.IO.Compression.ZipArchive -ArgumentList $stream, ([System.IO.Compression.ZipArchiveMode]::Create), $true
        foreach ($one in @(Get-ChildItem -LiteralPath $Folder -Recurse -File -Force)) {
            $name = $one.FullName.Substring($Folder.Length).TrimStart('\').Replace('\', '/')
            if ($name.StartsWith('raw/')) { continue }
            $share = [System.IO.FileShare]::ReadWrite -bor [System.IO.FileShare]::Delete
            try { $source = New-Object -TypeName System.IO.FileStream -ArgumentList $one.FullName, ([System.IO.FileMode]::Open), ([System.IO.FileAccess]::Read), $share }
            catch { continue }
            try {
                $entry = $zip.CreateEntry($name, [System.IO.Compression.CompressionLevel]::Optimal)
                $target = $entry.Open()
                try { $source.CopyTo($target) } finally { $target.Dispose() }
            }
            finally { $source.Dispose() }
        }
        $zip.Dispose()
        $whole = $true
    }
    finally {
        $stream.Dispose()
        if (-not $whole) { [System.IO.File]::Delete($File) }  # on a full disk, half a zip file is of no use
    }
}

function Send-File {
    # The bytes of a file as lines of base64, each of which can be decoded alone.
    param([string]$Path)
    $source = [System.IO.File]::OpenRead($Path)
    try {
        $buffer = New-Object -TypeName 'byte[]' -ArgumentList 196608
        while (($read = $source.Read($buffer, 0, $buffer.Length)) -gt 0) { [System.Convert]::ToBase64String($buffer, 0, $read) }
    }
    finally { $source.Dispose() }
}

$began = [System.DateTime]::UtcNow
$watch = [System.Diagnostics.Stopwatch]::StartNew()
$places = @{ windows = $env:windir }
$work = ''
$exit = 1
$send = $Output -eq '-'
$line = [ordered]@{ schema = 'ccmdoctor.collector/1'; written = $false; computer = $env:COMPUTERNAME }
try {
    $places = Get-Places
    if ($send -or (-not $Output)) {
        $stamp = $began.ToString('yyyyMMddTHHmmssZ', [System.Globalization.CultureInfo]::InvariantCulture)
        $Output = Join-Path -Path $env:windir -ChildPath "Temp\CcmEvidence-$($env:COMPUTERNAME)-$stamp.zip"
    }
    $Output = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Output)
    if (Test-Path -LiteralPath $Output) { throw "the file exists already: $Output" }
    [void][System.IO.Directory]::CreateDirectory([System.IO.Path]::GetDirectoryName($Output))
    $room = [long]::MaxValue
    $root = [System.IO.Path]::GetPathRoot($Output)
    if ($root -match '^[A-Za-z]:') { $room = (New-Object -TypeName System.IO.DriveInfo -ArgumentList $root).AvailableFreeSpace }
    if ($room -lt $Limits.free_bytes) { throw "too little room on the disk: $room bytes" }

    # The name cannot be guessed: in <Windows>\Temp anybody may lay out folders and links for it beforehand.
    $work = "$Output.$([System.Guid]::NewGuid().ToString('N'))"
    [void][System.IO.Directory]::CreateDirectory($work)
    $shared = [hashtable]::Synchronized(@{ Left = [System.Math]::Min([long]$Limits.all_bytes, [long]($room / 3)) })
    $context = @{ Work = $work; Places = $places; Limits = $Limits; CodePage = $places['codepage']; Shared = $shared }
    $skipped = @($Skip -split '[,;\s]+' | Where-Object -FilterScript { $_ })
    $unknown = @($skipped | Where-Object -FilterScript { $word = $_; @($Steps | Where-Object -FilterScript { ($_.Id -eq $word) -or ($_.Privacy -eq $word) }).Count -eq 0 })
    if ($unknown.Count -gt 0) { throw "no such step or privacy class: $($unknown -join ', ')" }
    $session = New-StepSession
    $hung = 0
    $records = @(foreach ($step in $Steps) {
        if (($skipped -contains $step.Id) -or ($skipped -contains $step.Privacy)) {
            [ordered]@{ id = $step.Id; to = $step.To; state = 'skipped'; seconds = 0 }
        }
        elseif ($watch.Elapsed.TotalSeconds -gt $Limits.all_seconds) {
            [ordered]@{ id = $step.Id; to = $step.To; state = 'timeout'; seconds = 0; error = 'no time was left' }
        }
        elseif (($hung -ge 2) -and ($step.Kind -like 'Wmi*')) {
            [ordered]@{ id = $step.Id; to = $step.To; state = 'timeout'; seconds = 0; error = 'WMI did not answer twice' }
        }
        else {
            $record = Invoke-Step -Step $step -Context $context -Session $session
            if (($step.Kind -like 'Wmi*') -and ($record['state'] -eq 'timeout')) { $hung += 1 }
            $record
        }
    })

    $zone = [System.TimeZoneInfo]::Local
    $who = [System.Security.Principal.WindowsIdentity]::GetCurrent()
    $role = New-Object -TypeName System.Security.Principal.WindowsPrincipal -ArgumentList $who
    $collected = [ordered]@{
        schema = 'ccmdoctor.collected/1'
        script = $Version
        collected = [System.DateTime]::UtcNow.ToString('o')
        began = $began.ToString('o')
        computer = $env:COMPUTERNAME
        bias = 0 - [int]$zone.GetUtcOffset([System.DateTime]::UtcNow).TotalMinutes
        zone = $zone.Id
        system = [bool]$who.IsSystem
        administrator = [bool]$role.IsInRole([System.Security.Principal.WindowsBuiltInRole]::Administrator)
        process64 = [System.Environment]::Is64BitProcess
        powershell = "$($PSVersionTable.PSVersion)"
        culture = [System.Globalization.CultureInfo]::CurrentUICulture.Name
        codepage = $places['codepage']
        steps = $records
    }
    $encoding = New-Object -TypeName System.Text.UTF8Encoding -ArgumentList $false
    [System.IO.File]::WriteAllText((Join-Path -Path $work -ChildPath 'collected.json'), (ConvertTo-Json -InputObject $collected -Depth 6), $encoding)
    $zip = $Output
    if ($send) { $zip = New-Target -To 'raw/evidence.zip' -Context $context } # raw is left out of the zip, and goes with the work folder
    Write-Zip -Folder $work -File $zip
    $line['written'] = $true
    $line['bytes'] = (Get-Item -LiteralPath $zip).Length
    if ($send) { Send-File -Path $zip } else { $line['zip'] = $zip }
    foreach ($state in 'ok', 'absent', 'failed', 'timeout', 'skipped') {
        $line[$state] = @($records | Where-Object -FilterScript { $_.state -eq $state }).Count
    }
    $exit = 0
}
catch { $line['error'] = $_.Exception.GetBaseException().Message }
finally {
    if ($work -and (Test-Path -LiteralPath $work)) { Remove-Item -LiteralPath $work -Recurse -Force -ErrorAction 'SilentlyContinue' }
}
$line['seconds'] = [System.Math]::Round($watch.Elapsed.TotalSeconds, 1)
Write-Output (ConvertTo-Json -InputObject $line -Compress)
if (-not $send) { exit $exit }
