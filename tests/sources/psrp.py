"""The PowerShell remoting side of the WS-Management responder: the protocol is psrpcore's, what a script does is ours.

Shells are created, commands and further input received, output handed out in fragments of 32 kB as Windows does it, and
shells deleted. Nothing of PowerShell runs: ``script`` says what comes out of a pipeline.
"""

from __future__ import annotations

import base64
import uuid
import xml.etree.ElementTree as Xml
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from psrpcore import CreatePipelineEvent, PSRPPayload, ServerPipeline, ServerRunspacePool, StreamType
from psrpcore.types import ErrorCategory, ErrorCategoryInfo, ErrorRecord, NETException, PSInvocationState

SHELL = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
TIMED_OUT = 2150858793  # the operation timeout, after which a client asks again (MS-WSMV 3.1.4.14)
DENIED = 5
_FRAGMENT = 32_768
_FRAGMENTS = 12  # of one answer


class Script(NamedTuple):
    """What a client sent to be run."""

    text: str
    parameters: dict[str, Any]


class Silence:
    """Nothing comes out within the time of one request."""


class Failure(NamedTuple):
    """The pipeline fails with the error of this id."""

    id: str


class FaultError(Exception):
    """A fault of WS-Management: its code and text."""


class PowerShell:
    """``script(ran)`` yields what a pipeline brings; ``refusal`` is the fault with which a shell is refused."""

    def __init__(self) -> None:
        self.script: Callable[[Script], Iterator[Any]] = lambda ran: iter(())
        self.refusal: tuple[int, str] | None = None
        self.ran: list[Script] = []
        self.idle: list[str] = []
        self.open: dict[str, ServerRunspacePool] = {}
        self._running: dict[str, Iterator[Any]] = {}

    def answer(self, action: str, request: str) -> tuple[str, str]:
        """The action and body of the answer to a request. Raises FaultError."""
        root = Xml.fromstring(request)
        name = action.rpartition("/")[2]
        return f"{action}Response", getattr(self, f"_{name.lower()}")(root)

    def _create(self, root: Xml.Element) -> str:
        if self.refusal:
            raise FaultError(*self.refusal)
        shell = next(root.iter(f"{{{SHELL}}}Shell")).attrib["ShellId"]
        self.idle += [one.text or "" for one in root.iter(f"{{{SHELL}}}IdleTimeOut")]
        content = next(one for one in root.iter() if one.tag.endswith("}creationXml") or one.tag == "creationXml")
        pool = self.open[shell] = ServerRunspacePool()
        _feed(pool, base64.b64decode(content.text or ""), None)
        return (
            f"<t:ResourceCreated xmlns:t='{TRANSFER}'><a:ReferenceParameters><w:SelectorSet><w:Selector Name='ShellId'>{shell}"
            f"</w:Selector></w:SelectorSet></a:ReferenceParameters></t:ResourceCreated><r:Shell xmlns:r='{SHELL}'><r:ShellId>{shell}</r:ShellId></r:Shell>"
        )

    def _command(self, root: Xml.Element) -> str:
        pool = self._pool(root)
        command = next(root.iter(f"{{{SHELL}}}CommandLine")).attrib["CommandId"]
        ServerPipeline(pool, uuid.UUID(command))
        self._fed(pool, command, next(root.iter(f"{{{SHELL}}}Arguments")).text or "")
        return f"<r:CommandResponse xmlns:r='{SHELL}'><r:CommandId>{command}</r:CommandId></r:CommandResponse>"

    def _send(self, root: Xml.Element) -> str:
        stream = next(root.iter(f"{{{SHELL}}}Stream"))
        self._fed(self._pool(root), stream.attrib["CommandId"], stream.text or "")
        return f"<r:SendResponse xmlns:r='{SHELL}'/>"

    def _fed(self, pool: ServerRunspacePool, command: str, data: str) -> None:
        for event in _feed(pool, base64.b64decode(data), uuid.UUID(command)):
            if isinstance(event, CreatePipelineEvent):
                (only,) = event.pipeline.commands
                assert only.is_script
                ran = Script(only.command_text, dict(only.parameters))
                self.ran.append(ran)
                pool.pipeline_table[uuid.UUID(command)].start()
                self._running[command] = self.script(ran)

    def _receive(self, root: Xml.Element) -> str:
        pool = self._pool(root)
        command = next(root.iter(f"{{{SHELL}}}DesiredStream")).get("CommandId")
        if command and not pool._send_buffer:
            self._go_on(pool.pipeline_table[uuid.UUID(command)], self._running[command])
        streams = []
        while len(streams) < _FRAGMENTS and (payload := pool.data_to_send(_FRAGMENT)):
            streams.append(
                f"<r:Stream Name='stdout'{f' CommandId={command!r}' if command else ''}>{base64.b64encode(payload.data).decode()}</r:Stream>"
            )
        return f"<r:ReceiveResponse xmlns:r='{SHELL}'>{''.join(streams)}</r:ReceiveResponse>"

    def _go_on(self, pipeline: ServerPipeline, running: Iterator[Any]) -> None:
        said = next(running, None)
        if isinstance(said, Silence):
            raise FaultError(
                TIMED_OUT, "The WS-Management service cannot complete the operation within the time specified."
            )
        if isinstance(said, Failure):
            error = ErrorRecord(
                Exception=NETException(Message=said.id),
                CategoryInfo=ErrorCategoryInfo(Category=ErrorCategory.SecurityError),
                FullyQualifiedErrorId=said.id,
            )
            pipeline._change_state(PSInvocationState.Failed, error)
        elif said is None:
            pipeline.complete()
        else:
            pipeline.write_output(said)

    def _signal(self, root: Xml.Element) -> str:
        return f"<r:SignalResponse xmlns:r='{SHELL}'/>"

    def _delete(self, root: Xml.Element) -> str:
        shell = _selected(root)
        self.open.pop(shell)
        return ""

    def _pool(self, root: Xml.Element) -> ServerRunspacePool:
        return self.open[_selected(root)]


def _selected(root: Xml.Element) -> str:
    return next(one.text or "" for one in root.iter() if one.get("Name") == "ShellId")


def _feed(pool: ServerRunspacePool, data: bytes, pipeline: uuid.UUID | None) -> list[Any]:
    pool.receive_data(PSRPPayload(data, StreamType.default, pipeline))
    events = []
    while (event := pool.next_event()) is not None:
        events.append(event)
    return events
