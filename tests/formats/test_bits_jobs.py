"""bitsadmin's listing of transfer jobs."""

from __future__ import annotations

from ccmdoctor.formats import bits_jobs

LISTING = """BITSADMIN version 3.0

GUID: {482FCAF0-74BF-469B-8929-5CCD028C9499} DISPLAY: 'CCMDTS Job'
TYPE: DOWNLOAD STATE: TRANSIENT_ERROR OWNER: NT AUTHORITY\\SYSTEM
PRIORITY: LOW FILES: 0 / 1 BYTES: 0 / UNKNOWN
CREATION TIME: 2025/03/25 10:02:03 MODIFICATION TIME: 2025/03/25 10:02:30
RETRY DELAY: 600 NO PROGRESS TIMEOUT: 1209600 ERROR COUNT: 4
ERROR FILE:    http://dp.contoso.com:80/SMS_DP_SMSPKG$/x/a.cab -> C:\\Windows\\ccmcache\\1\\a.cab
ERROR CODE:    0x80200010 - \u73fe\u5728\u3001\u30a2\u30af\u30c6\u30a3\u30d6\u306a\u30cd\u30c3\u30c8\u30ef\u30fc\u30af\u63a5\u7d9a\u306f\u3042\u308a\u307e\u305b\u3093\u3002
ERROR CONTEXT: 0x00000002 - The error occurred in the queue manager.
JOB FILES:
        0 / UNKNOWN WORKING http://dp.contoso.com:80/SMS_DP_SMSPKG$/x/a.cab -> C:\\Windows\\ccmcache\\1\\a.cab

GUID: {5A1D3C11-74BF-469B-8929-5CCD028C9499} DISPLAY: 'CCMDTS Job'
TYPE: DOWNLOAD STATE: TRANSFERRING OWNER: NT AUTHORITY\\SYSTEM
PRIORITY: LOW FILES: 0 / 1 BYTES: 1048576 / 104857600
JOB FILES:
        1048576 / 104857600 WORKING http://dp.contoso.com:80/SMS_DP_SMSPKG$/y/b.cab -> C:\\Windows\\ccmcache\\2\\b.cab
"""


def test_jobs_with_their_errors() -> None:
    broken, running = bits_jobs.read(LISTING, "bits.txt")
    assert broken.name == "{482FCAF0-74BF-469B-8929-5CCD028C9499}" and broken.place.line == 9
    assert broken.values["state"] == "TRANSIENT_ERROR" and broken.values["error"] == "0x80200010"
    assert broken.values["url"].startswith("http://dp.contoso.com:80/")
    assert running.values["error"] is None and running.values["bytes"] == 1048576


def test_pasted_error_lines_make_a_job_without_an_id() -> None:
    (job,) = bits_jobs.read("\n".join(LISTING.splitlines()[8:10]), "paste.txt")
    assert job.name == "" and job.values["error"] == "0x80200010"


def test_an_error_code_of_something_else_is_no_job() -> None:
    assert bits_jobs.read("ERROR CODE: 0x80070005 - access\nand more\n", "other.txt") == []
