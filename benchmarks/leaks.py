"""Whether any identifier of real evidence comes through a redaction: ``python benchmarks/leaks.py FOLDER``.

The list of identifiers is made here, with plain expressions over the whole folder and nothing of ccmdoctor, and looked
for in every member and name of the redacted copy, in every report and every timeline. Then the diagnosis of the copy
is compared with that of the folder after the owner's map was applied to it. Prints figures only; exit code 1 when an
identifier was found that is nobody's constant, or when the diagnoses differ.
"""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

GUID = r"[0-9a-f]{8}([-_])[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}"
SHAPES = {
    "guid": rf"(?<![0-9a-f]){GUID}(?![0-9a-f])",
    "hash": r"(?<![0-9a-f])[0-9a-f]{33,}(?![0-9a-f])",
    "sid": r"s[-_]1[-_]5[-_]21(?:[-_]\d+)+",
    "hardware": r"(?<![0-9a-f])[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}(?![0-9a-f])",
    "mail": r"[\w.+-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}",
    "url host": r"(?<=://)[a-z0-9][a-z0-9.-]*[a-z0-9]",
    "unc host": r"(?<=[\s\"'(=]\\\\)[a-z0-9][a-z0-9.-]*[a-z0-9](?=\\)",
    "dotted host": r"(?<![\w.-])[a-z0-9][\w-]*(?:\.[a-z0-9][\w-]*)*\.(?:com|net|org|edu|local|lan|corp|int)(?![\w.-])",
    "profile": r"(?<=[\\/]users[\\/])[\w.-]+(?=[\\/])",
    "address": r"(?:(?<=://)|(?<=[ =\[(@]))\d{1,3}(?:\.\d{1,3}){3}(?=[:/])",
}
# nobody's: the zero GUIDs of the client's schedules, Microsoft's hosts and ids, what every machine has
NOBODYS = re.compile(
    r"0{8}.0{4}.0{4}.0{4}.\d{12}|.*\.?(?:microsoft\.com|windowsupdate\.com|w3\.org|xmlsoap\.org)|localhost|root|public"
    r"|e0789628.ce08.4437.be74.2495b842f43b|02c159c0381[0-9a-f]*0{4}.*",
    re.IGNORECASE,
)
MEDIA = ("text", "json", "html", "markdown")


def identifiers(folder: Path) -> dict[str, str]:
    """Lower-case identifier to what it is."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*.log")):
        text = f"{path.name}\n{path.read_bytes().replace(bytes(1), b'').decode('utf-8', 'replace')}".lower()
        for what, shape in SHAPES.items():
            found.update({one.group(): what for one in re.finditer(shape, text)})
    found = {one: what for one, what in found.items() if not NOBODYS.fullmatch(one)}
    short = {one.split(".")[0] for one, what in found.items() if "host" in what and "." in one}
    return found | dict.fromkeys((one for one in short if len(one) > 4), "short host")


def run(*arguments: str) -> str:
    done = subprocess.run([sys.executable, "-m", "ccmdoctor", *arguments], capture_output=True, text=True)
    if done.returncode not in (0, 1, 3):
        sys.exit(done.stderr)
    return done.stdout + done.stderr


def outputs(folder: Path, copy: Path) -> Iterator[tuple[str, str]]:
    """Name and text of everything that may be passed on."""
    with zipfile.ZipFile(copy) as archive:
        members = [
            (name, archive.read(name).replace(bytes(1), b"").decode("utf-8", "replace")) for name in archive.namelist()
        ]
    yield f"copy, {len(members)} members", "\n".join(f"{name}\n{text}" for name, text in members)
    for language in ("ja", "en"):
        for medium in MEDIA:
            yield (
                f"report {medium} {language}",
                run("diagnose", str(folder), "--redact", "--format", medium, "--lang", language),
            )
    for medium in ("text", "jsonl", "html"):
        target = copy.with_suffix(f".{medium}")
        said = run("timeline", str(folder), "--redact", "--format", medium, "-o", str(target))
        yield f"timeline {medium}", said + target.read_text(encoding="utf-8")


def differences(folder: Path, copy: Path, map: Path) -> int:
    """Values of the two diagnoses that the map does not explain; the note inside the copy does not count."""
    with map.open(encoding="utf-8-sig", newline="") as file:
        pairs = {row["original"].lower(): row["replacement"].lower() for row in csv.DictReader(file)}
    names = re.compile(
        rf"(?<![a-z0-9])(?:{'|'.join(map_ for map_ in sorted(re.escape(one) for one in pairs)[::-1])})(?![a-z0-9])"
    )

    def plain(text: str) -> str:
        text = names.sub(lambda found: pairs[found.group()], text.lower().replace(f"{copy.name}!", ""))
        return re.sub(r"\.(?:example|edu|com|local)\b|\s+", "", text)

    def leaves(one: Any, where: str = "") -> Iterator[tuple[str, str]]:
        if isinstance(one, dict):
            for key, value in one.items():
                yield from leaves(value, f"{where}/{key}")
        elif isinstance(one, list):
            for at, value in enumerate(one):
                yield from leaves(value, f"{where}/{at}")
        else:
            yield where, plain(str(one))

    told = []
    for source in (folder, copy):
        found = json.loads(run("diagnose", str(source), "--format", "json", "--lang", "en"))
        coverage = [one for one in found.pop("coverage") if not one["artifact"].endswith("REDACTED.txt")]
        counted = sorted(f"{one['state']} {one['records']} {one['unreadable']}" for one in coverage)
        told.append({*leaves(found), *leaves(counted, "coverage")})
    return len(told[0] ^ told[1])


def main() -> int:
    folder = Path(sys.argv[1])
    wanted = identifiers(folder)
    print(f"{len(wanted)} identifiers of {folder}")
    with tempfile.TemporaryDirectory() as work:
        copy, map = Path(work) / "copy.zip", Path(work) / "map.csv"
        begun = time.perf_counter()
        run("redact", str(folder), "-o", str(copy), "--map", str(map))
        print(f"redacted in {time.perf_counter() - begun:.1f} s")
        leaks = 0
        for name, text in outputs(folder, copy):
            low = text.lower()
            left = sorted(one for one in wanted if one in low)
            leaks += len(left)
            print(f"{name}: {len(left)} left {left[:5]}")
        other = differences(folder, copy, map)
    print(f"values of the diagnosis that differ: {other}")
    return 1 if leaks or other else 0


if __name__ == "__main__":
    sys.exit(main())
