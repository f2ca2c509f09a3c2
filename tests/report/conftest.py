"""Diagnoses of real bundles, as the reports get them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import ccmdoctor
from ccmdoctor.model import Diagnosis

ROOT = Path(__file__).parent.parent.parent
HOSTILE = "<script>alert(1)</script> \x1b[31mred\x1b[0m ‮evil‬ ``` **bold** | pipe " + "long " * 1000
LINE = '<![LOG[{}]LOG]!><time="10:02:03.412-540" date="03-25-2025" component="WUAHandler" context="" type="3" thread="1" file="x.cpp:1">\r\n'


@pytest.fixture
def diagnosed(tmp_path: Path) -> Callable[[str, str], Diagnosis]:
    """``diagnosed("demo", "ja")``; bundles: demo, healthy, possible, hostile."""

    def diagnose(bundle: str, language: str) -> Diagnosis:
        folders = {"demo": ROOT / "src/ccmdoctor/demo", "healthy": ROOT / "tests/healthy/scan-succeeds"}
        folder = folders.get(bundle) or tmp_path / bundle
        folder.mkdir(exist_ok=True)
        if bundle == "possible":
            policy = '[HKEY_LOCAL_MACHINE\\SOFTWARE\\Policies\\Microsoft\\Windows\\WindowsUpdate]\r\n"DeferQualityUpdatesPeriodInDays"=dword:00000007\r\n"WUServer"="http://sup.contoso.com:8530"\r\n'
            (folder / "policy.reg").write_bytes(
                ("Windows Registry Editor Version 5.00\r\n\r\n" + policy).encode("utf-16")
            )
        if bundle == "hostile":
            (folder / "WUAHandler.log").write_text(
                LINE.format("Scan failed with error = 0x80244022. " + HOSTILE), encoding="utf-8"
            )
            (folder / "<img src=x onerror=alert(2)>.log").write_text("x", encoding="utf-8")
        return ccmdoctor.diagnose(ccmdoctor.open_source([str(folder)]), language=language)

    return diagnose


BUNDLES = ("demo", "healthy", "possible", "hostile")
LANGUAGES = ("ja", "en")
