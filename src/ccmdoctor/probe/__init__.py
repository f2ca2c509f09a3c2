"""Asks a management point, an update point and the proxy before them what a client asks, and times every step.

What was seen becomes states: one ``probe`` state for each step, and one ``web-answer`` state for each server, which the
rules read beside the logs. Nothing is changed on a server; see ``docs/probe.md`` for the one trace that a scan leaves.
"""

from __future__ import annotations

from ccmdoctor.probe.run import Request, probe

__all__ = ["Request", "probe"]
