"""All logs of a bundle merged in UTC: what the ``timeline`` command shows."""

from __future__ import annotations
