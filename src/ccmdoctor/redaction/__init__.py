"""Removes hosts, users, domains, addresses, identifiers and credentials from evidence, consistently.

``Redaction(sources)`` reads everything once to learn the names in it; its ``sources`` give the same artifacts with
every identifier replaced, so that the diagnosis of the redacted evidence is the same. ``write`` packs them.

What stays: titles of updates, KB numbers, error codes, versions, times, paths of Windows and of the client, site codes
and package ids, Microsoft's own hosts and GUIDs. What cannot be understood (binary files) is left out of a copy.
"""

from __future__ import annotations

from ccmdoctor.redaction.bundle import Summary, write, write_key
from ccmdoctor.redaction.names import Kind
from ccmdoctor.redaction.sources import Redaction

__all__ = ["Kind", "Redaction", "Summary", "write", "write_key"]
