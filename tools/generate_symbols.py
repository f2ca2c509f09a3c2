"""Write ``src/ccmdoctor/knowledge/symbols.tsv`` from the Windows headers of mingw-w64, which are in the public domain.

    python tools/generate_symbols.py /usr/share/mingw-w64/include

Debian ships the headers as ``mingw-w64-common``. The same headers always give the same file: rows are ordered by
value, then by header in the order of ``HEADERS``, then by name, so that the first row of a value is its usual name.

How a number becomes an HRESULT:

* a name with a full 32-bit value keeps it;
* a Win32 error ``n`` becomes ``0x80070000 + n``, as HRESULT_FROM_WIN32 does;
* WinHTTP, WinINet and WinSock errors are Win32 errors whose value the header gives as a base plus an offset.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "src" / "ccmdoctor" / "knowledge" / "symbols.tsv"
HEADERS = ("winerror.h", "wuerror.h", "bitsmsg.h", "wbemcli.h", "winhttp.h", "wininet.h")
COMMENT = "# value, symbol, header: made by tools/generate_symbols.py from the public-domain headers of mingw-w64\n"

FULL = re.compile(r"^#define\s+(\w+)\s+(?:_HRESULT_TYPEDEF_|_NDIS_ERROR_TYPEDEF_|__MSABI_LONG)\((0x[0-9A-Fa-f]{8})\)")
ENUM = re.compile(r"^\s*(WBEM_[ES]_\w+)\s*=\s*(0x[0-9A-Fa-f]+)\b")
WIN32 = re.compile(r"^#define\s+(\w+)\s+__MSABI_LONG\((\d+)\)")
BASED = re.compile(r"^#define\s+(\w+)\s+\((WSABASEERR|WINHTTP_ERROR_BASE|INTERNET_ERROR_BASE)\s*\+\s*(\d+)\)")
BASES = {"WSABASEERR": 10_000, "WINHTTP_ERROR_BASE": 12_000, "INTERNET_ERROR_BASE": 12_000}
NO_ERROR_NAME = re.compile(r"FACILITY_|SEVERITY_|\w*_BASE$|\w*_ERROR_LAST$|\w*RESERVED")


def names(header: str, text: str) -> Iterator[tuple[int, str]]:
    """The (value, symbol) pairs that one header defines. Zero is left out: success has a hundred names."""
    for line in text.splitlines():
        if found := FULL.match(line) or ENUM.match(line):
            value = int(found[2], 16)
        elif found := WIN32.match(line):
            value = 0x80070000 + int(found[2]) if 0 < int(found[2]) <= 0xFFFF else 0
        elif found := BASED.match(line):
            value = 0x80070000 + BASES[found[2]] + int(found[3])
        else:
            continue
        if value and not NO_ERROR_NAME.match(found[1]):
            yield value, found[1]


def table(folder: Path) -> str:
    """The text of ``symbols.tsv``."""
    rows = set()
    for place, header in enumerate(HEADERS):
        text = (folder / header).read_text(encoding="utf-8", errors="replace")
        rows |= {(value, place, symbol) for value, symbol in names(header, text)}
    return COMMENT + "".join(f"0x{value:08x}\t{symbol}\t{HEADERS[place]}\n" for value, place, symbol in sorted(rows))


def main() -> None:
    """Write the file."""
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    TARGET.write_text(table(Path(sys.argv[1])), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
