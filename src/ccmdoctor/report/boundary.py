"""``ccmdoctor boundary``: which boundaries match an address, and which only look as if they did."""

from __future__ import annotations

from ipaddress import IPv4Interface

from ccmdoctor.evidence.boundary import Match
from ccmdoctor.report.words import words


def table(matches: list[Match], address: IPv4Interface, language: str) -> str:
    """A plain answer: the client's subnet id, the matching boundaries, the trapped ones with the reason, the rest."""
    say = words(language)
    lines = [say("boundary.client", address=str(address), subnet_id=str(address.network.network_address)), ""]
    fitting = [one for one in matches if one.matches]
    lines += [say("boundary.matching") if fitting else say("boundary.none-matches")]
    lines += [f"  {_row(one, language)}" for one in fitting]
    trapped = [one for one in matches if one.trapped]
    if trapped:
        lines += ["", say("boundary.trapped")]
        lines += [f"  {_row(one, language)}" for one in trapped]
        lines += ["", say("boundary.trap", subnet_id=trapped[0].subnet_id)]
    lines += ["", say("boundary.others", count=len(matches) - len(fitting) - len(trapped))]
    return "\n".join(lines)


def _row(match: Match, language: str) -> str:
    values = match.boundary.values
    about = [
        words(language)(f"boundary.{values['type']}"),
        str(values.get("display") or ""),
        *(values.get("groups") or ()),
    ]
    return f"{match.boundary.name}  ({', '.join(part for part in about if part)})"
