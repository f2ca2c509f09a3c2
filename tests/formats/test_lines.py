"""Logs whose record is one physical line, and pasted lines."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmdoctor.formats import lines
from ccmdoctor.model import Zone

CASES = [
    # (line, text, component, local time or None, UTC or None)
    ("2021/07/14 08:53:25.9281234 10980 3032  ComApi          * START *   Federated Search ClientId = CcmExec", "* START *   Federated Search ClientId = CcmExec", "ComApi", datetime(2021, 7, 14, 8, 53, 25, 928123), None),
    ("2021-07-14 08:53:25.9281234 10980 3032  Agent           Added update", "Added update", "Agent", datetime(2021, 7, 14, 8, 53, 25, 928123), None),
    ("2014-01-20\t12:18:42:694\t3856\t708\tCOMAPI\t-- START --  COMAPI: Search [ClientId = CcmExec]", "-- START --  COMAPI: Search [ClientId = CcmExec]", "COMAPI", datetime(2014, 1, 20, 12, 18, 42, 694000), None),
    ("2024-02-11    20:14:08:407     968    119c    PT      WARNING: PTError: 0x80244010", "WARNING: PTError: 0x80244010", "PT", datetime(2024, 2, 11, 20, 14, 8, 407000), None),
    ("{11112222-BBBB-3333-CCCC-4444DDDD5555}\t2025-03-25 10:02:03:412+0900\t1\t148 [AGENT_DETECTION_FAILED]\t101\tx", "1\t148 [AGENT_DETECTION_FAILED]\t101\tx", "", datetime(2025, 3, 25, 10, 2, 3, 412000), datetime(2025, 3, 25, 1, 2, 3, 412000)),
    ("{11112222-BBBB-3333-CCCC-4444DDDD5555}\t2025-03-25 10:02:03:412-0700\t1\t147 [X]", "1\t147 [X]", "", datetime(2025, 3, 25, 10, 2, 3, 412000), datetime(2025, 3, 25, 17, 2, 3, 412000)),
    # without its first columns, as it is often pasted
    ("2025-03-25 10:02:03:412+0900\t1\t182 [AGENT_INSTALLING_FAILED]\t101\t{x}", "1\t182 [AGENT_INSTALLING_FAILED]\t101\t{x}", "", datetime(2025, 3, 25, 10, 2, 3, 412000), datetime(2025, 3, 25, 1, 2, 3, 412000)),
    ("182 [AGENT_INSTALLING_FAILED]\t101\t{x}\t200\t80070643\tCcmExec\tFailure", "182 [AGENT_INSTALLING_FAILED]\t101\t{x}\t200\t80070643\tCcmExec\tFailure", "", None, None),
    ("156 [AGENT_STATUS_30]\t101\tx", "156 [AGENT_STATUS_30]\t101\tx", "", None, None),
    ("Reports [AGENT_STATUS].\tWUAHandler\t3/25/2025 10:02:03 AM\t5120 (0x1400)", "Reports [AGENT_STATUS].", "WUAHandler", datetime(2025, 3, 25, 10, 2, 3), None),
    ("(p)\tCSI Payload Corrupt\t(n)\t\t\tamd64_x\\y.dll", "(p)\tCSI Payload Corrupt\t(n)\t\t\tamd64_x\\y.dll", "", None, None),
    ("2023-02-01 01:02:03, Info                  CBS    Exec: Processing started.", "Exec: Processing started.", "CBS", datetime(2023, 2, 1, 1, 2, 3), None),
    ("Sync failed: WSUS server not configured.~  $$<SMS_WSUS_SYNC_MANAGER><11-30-2022 01:03:34.174-60><thread=4844 (0x12EC)>", "Sync failed: WSUS server not configured.", "SMS_WSUS_SYNC_MANAGER", datetime(2022, 11, 30, 1, 3, 34, 174000), datetime(2022, 11, 30, 0, 3, 34, 174000)),
    ("Scan failed with error = 0x80244022.\tWUAHandler\t3/25/2025 10:02:03 AM\t5120 (0x1400)", "Scan failed with error = 0x80244022.", "WUAHandler", datetime(2025, 3, 25, 10, 2, 3), None),
    ("Scan failed with error = 0x80244022.\tWUAHandler\t3/25/2025 10:02:03 PM\t5120 (0x1400)", "Scan failed with error = 0x80244022.", "WUAHandler", datetime(2025, 3, 25, 22, 2, 3), None),
    ("Scan failed with error = 0x80244022.\tWUAHandler\t2025/03/25 10:02:03\t5120 (0x1400)", "Scan failed with error = 0x80244022.", "WUAHandler", datetime(2025, 3, 25, 10, 2, 3), None),
    # day and month cannot be told apart: no time is invented
    ("Scan failed with error = 0x80244022.\tWUAHandler\t04/05/2025 10:02:03\t5120 (0x1400)", "Scan failed with error = 0x80244022.", "WUAHandler", None, None),
    ("Policy refresh forced.         WUAHandler", "Policy refresh forced.", "WUAHandler", None, None),
    ("Scan failed with error = 0x80244022.", "Scan failed with error = 0x80244022.", "", None, None),
]  # fmt: skip


@pytest.mark.parametrize(("line", "text", "component", "local", "utc"), CASES)
def test_a_line_is_taken_apart(
    line: str, text: str, component: str, local: datetime | None, utc: datetime | None
) -> None:
    found = lines.read_line(line.encode())
    assert (found.text, found.component) == (text, component)
    assert (found.when.local if found.when else None) == local
    assert (found.when.utc if found.when else None) == (utc.replace(tzinfo=UTC) if utc else None)
    if found.when and utc is None:
        assert found.when.zone is Zone.UNKNOWN


def test_a_line_of_200_megabytes_is_looked_at_in_a_bounded_way() -> None:
    data = b"x" * 3_000_000
    start, end = lines.line_at(data, 1_500_000)
    assert 0 < end - start <= 2 * lines.REACH


@given(st.binary(max_size=3000))
def test_never_raises(raw: bytes) -> None:
    lines.read_line(raw)
    for at in range(0, len(raw), 50):
        start, end = lines.line_at(raw, at)
        assert 0 <= start <= at <= end <= len(raw)
