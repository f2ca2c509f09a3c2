"""The collector over PowerShell remoting: its text goes into a runspace of the client, its zip comes back as base64.

Nothing is copied to the client, and its work folder is gone before the last line is written. A session that nobody
asks for ``IDLE`` seconds is ended by the client, so one that was cut off does not stay.

Protocol: MS-PSRP, learn.microsoft.com/openspecs/windows_protocols/ms-psrp; faults: MS-WSMV 2.2.4.43.
"""

from __future__ import annotations

import base64
import time
import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from ccmdoctor.collect import longest, script
from ccmdoctor.sources.artifact import RefusedError
from ccmdoctor.sources.collector import size_of

IDLE = 180  # seconds
WAIT = 15  # seconds that one request waits for output
_NO_SCRIPTS = "ScriptsNotAllowed"  # the error of a session in no-language mode


def collect(connection: Any) -> Iterator[bytes]:
    """The zip of the collector in pieces. Raises RefusedError, and what pypsrp raises."""
    from pypsrp.exceptions import WSManFaultError
    from pypsrp.powershell import PowerShell, RunspacePool, RunspacePoolWarning

    warnings.simplefilter("ignore", RunspacePoolWarning)  # text of the client; the report says what went wrong
    pool = RunspacePool(connection, idle_timeout=IDLE)
    try:
        try:
            pool.open()
        except WSManFaultError as fault:
            raise RefusedError("remoting-refused") from fault
        shell = PowerShell(pool)
        shell.add_script(script()).add_parameter("Output", "-")
        shell.begin_invoke()
        yield from _zip(_lines(shell))
    finally:
        with suppress(Exception):  # a connection that is gone has no session to close
            pool.close()


def _zip(lines: Iterator[str]) -> Iterator[bytes]:
    """What the lines hold. It is whole when the last one says so."""
    got = 0
    last = ""
    for line in lines:
        if line.startswith("{"):
            last = line
            continue
        try:
            piece = base64.b64decode(line, validate=True)
        except ValueError:
            raise RefusedError("collector-failed") from None
        got += len(piece)
        if piece:
            yield piece
    if got != size_of(last):
        raise RefusedError("collector-failed")


def _lines(shell: Any) -> Iterator[str]:
    """The output of a pipeline while it runs, up to the time limit. Raises RefusedError."""
    from pypsrp.complex_objects import PSInvocationState

    end = time.monotonic() + longest()
    while shell.state == PSInvocationState.RUNNING:
        shell.poll_invoke(timeout=WAIT)
        said, shell.output = shell.output, []
        for one in said:
            if not isinstance(one, str):
                raise RefusedError("collector-failed")
            yield one
        if time.monotonic() > end:
            raise RefusedError("step-timeout")
    if any(getattr(error, "fq_error", None) == _NO_SCRIPTS for error in shell.streams.error):
        raise RefusedError("remoting-refused")
