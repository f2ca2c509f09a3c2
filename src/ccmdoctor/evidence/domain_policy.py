r"""Group Policy objects of the domain that reach for Windows updates, from a copy of SYSVOL or a GPMC backup.

Policies\{4EF0A4CB-2F35-4B48-A248-E3F10914EE58}\Machine\Registry.pol   WUServer, DeferQualityUpdates …

That an object is there does not say that it applies to the client: links, filters and order stand in the directory.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ccmdoctor.evidence.base import Bundle, Evidence
from ccmdoctor.formats.group_policy_names import guid_in
from ccmdoctor.knowledge.tables import table
from ccmdoctor.model import State


class PolicyObject(msgspec.Struct, frozen=True):
    """One object with the values of its machine part that decide where updates come from."""

    guid: str
    name: str | None
    location: tuple[State, ...]
    deferral: tuple[State, ...]

    @property
    def title(self) -> str:
        """The name with the GUID, or the GUID alone where no file tells the name."""
        return f"{self.name} {self.guid.upper()}" if self.name else self.guid.upper()

    @property
    def server(self) -> str | None:
        """The address that it sets."""
        return next((str(one.values["value"]) for one in self.location if one.values.get("value")), None)


class DomainPolicies(Evidence, frozen=True):
    """The objects that set an update server or defer updates."""

    asks = "gpresult"

    objects: tuple[PolicyObject, ...]

    @classmethod
    def read(cls, bundle: Bundle) -> DomainPolicies | None:
        """None when no policy file of the domain sets one of the values."""
        facts = table("windows_update")
        key, values = facts["keys"]["policy"], facts["values"]
        names = {name.lower() for name in values["deferral"]}
        locations = {name.lower() for name in values["location"]}
        found: dict[str, tuple[list[State], list[State]]] = {}
        for state in bundle.states("policy-value"):
            guid = guid_in(state.place.file)
            below, _, name = state.name.lower().rpartition("\\")
            if guid is None or below != f"hklm\\{key}".lower() or is_of_user(state.place.file):
                continue
            location, deferral = found.setdefault(guid, ([], []))
            if name in locations:
                location.append(state)
            elif name in names and str(state.values.get("value")) not in ("0", "None", ""):
                deferral.append(state)
        known = bundle.states("gpo")
        objects = tuple(
            _object(guid, known, location, deferral)
            for guid, (location, deferral) in sorted(found.items())
            if location or deferral
        )
        return cls(objects=objects) if objects else None

    def setting_server(self, server: str | None = None) -> tuple[PolicyObject, ...]:
        """The objects that decide on the update server; those that set exactly this one, where any does."""
        setting = tuple(one for one in self.objects if one.location)
        same = tuple(one for one in setting if server and _same(one.server, server))
        return same or setting

    @property
    def deferring(self) -> tuple[PolicyObject, ...]:
        """The objects that defer or pause updates."""
        return tuple(one for one in self.objects if one.deferral)


def titles(objects: Iterable[PolicyObject]) -> str | None:
    """The titles for a reader, joined."""
    return ", ".join(one.title for one in objects) or None


def is_of_domain(file: str) -> bool:
    """Whether a policy file lies below the GUID of an object, as in SYSVOL, its cache on a client, and a backup."""
    return guid_in(file) is not None


def is_of_user(file: str) -> bool:
    """Whether a policy file is that of users and not of the computer."""
    return "user" in file.lower().replace("\\", "/").replace("!", "/").split("/")[:-1]


def _object(guid: str, known: list[State], location: list[State], deferral: list[State]) -> PolicyObject:
    """The object of a policy folder; a backup lies in a folder with a GUID of its own."""
    named = next((one for one in known if guid in (one.name, one.values["backup"])), None)
    wellknown = table("windows_update")["gpos"]
    name = str(named.values["name"]) if named else wellknown.get(guid)
    return PolicyObject(named.name if named else guid, name, tuple(location), tuple(deferral))


def _same(one: str | None, other: str) -> bool:
    return (one or "").strip("<> ").casefold().rstrip("./") == other.strip("<> ").casefold().rstrip("./")
