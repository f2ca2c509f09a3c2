"""Which service the Windows Update agent asks: the policies that add Windows Update, and the agent's own list.

Name                          ServiceID                            IsDefaultAUService
----                          ---------                            ------------------
Windows Server Update Service 3da21691-e39d-4da6-8a4b-b43877bcb1b7              False
Windows Update                9482f4b4-e343-43b6-b170-9a65bc822c77               True
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from ccmdoctor.evidence.base import Bundle, Evidence, Proof, Target, newest
from ccmdoctor.evidence.domain_policy import DomainPolicies, is_of_domain, is_of_user, titles
from ccmdoctor.evidence.update_point import UpdatePointAccess, UpdateSource
from ccmdoctor.evidence.updates import UpdateStates, is_feature_update
from ccmdoctor.knowledge.tables import table
from ccmdoctor.model import Event, State

_SHORTEST_ID = 8  # characters of a service id that a narrow console left


class UpdateServices(Evidence, frozen=True):
    """The services registered with the agent (``Microsoft.Update.ServiceManager``)."""

    asks = "update-services"

    rows: tuple[State, ...]

    @classmethod
    def read(cls, bundle: Bundle) -> UpdateServices | None:
        """None when the list is not in the bundle or does not tell the default."""
        rows = tuple(bundle.states("wmi", "Microsoft.Update.ServiceManager"))
        return cls(rows=rows) if any("isdefaultauservice" in row.values for row in rows) else None

    @property
    def default(self) -> State | None:
        """The row of the default service for automatic updates."""
        return next((row for row in self.rows if row.values.get("isdefaultauservice") is True), None)

    def default_is(self, family: str) -> bool:
        """Whether the default is one of ``wsus`` or ``microsoft`` (knowledge/windows_update.toml)."""
        return self.default is not None and _is_of(self.default, family)

    def has(self, family: str) -> bool:
        """Whether a service of the family is registered: the update point is, as soon as WUServer is in force."""
        return any(_is_of(row, family) for row in self.rows)


def _is_of(row: State, family: str) -> bool:
    known = table("windows_update")["services"][family]
    id = str(row.values.get("serviceid") or "").strip("{}").lower().rstrip(".…")
    if len(id) >= _SHORTEST_ID:
        return any(one.startswith(id) for one in known["ids"])
    return str(row.values.get("name") or "").strip().lower() in known["names"]


class UpdatePolicies(Evidence, frozen=True):
    """The values that decide which service is asked: policy keys, MDM, the policy cache, and the user's pause."""

    asks = "windows-update-policy"

    deferral: tuple[State, ...]
    residue: tuple[State, ...]
    source: dict[str, State]
    source_switch: bool | None
    no_dual_scan: State | None
    no_access: State | None
    exported: State | None
    caches: State | None
    build: int | None

    @classmethod
    def read(cls, bundle: Bundle) -> UpdatePolicies | None:
        """None when none of the keys was exported and the local policy file sets none of the values."""
        facts = table("windows_update")
        keys, values = facts["keys"], facts["values"]
        listed = bundle.states("registry", f"HKLM\\{keys['policy']}")
        caches = [
            state for key in (*keys["caches"], keys["user"]) for state in bundle.states("registry", f"HKLM\\{key}")
        ]
        found = cls(
            deferral=_deferrals(bundle, (keys["policy"], keys["mdm"])),
            residue=_deferrals(bundle, keys["caches"]) + _pauses(bundle, keys["user"], values["pause"]),
            source={
                kind: state
                for kind, name in values["source"].items()
                if (state := _first(bundle, (keys["policy"], keys["mdm"]), name))
            },
            source_switch=_switch(bundle, keys["automatic"], values["source_switch"]),
            no_dual_scan=_value(bundle, keys["policy"], values["no_dual_scan"]),
            no_access=_value(bundle, keys["policy"], values["no_access"]),
            exported=next((state for state in listed if _lists_all(state)), None),
            caches=caches[0] if caches else None,
            build=_build(bundle, keys["version"], values["build"]),
        )
        known = found.exported or found.no_access or found.deferral or found.residue or found.source or found.caches
        return found if known or bundle.has_registry_key(keys["automatic"], keys["mdm"]) else None

    @property
    def access_disabled(self) -> State | None:
        """The value that takes the access to Windows Update away, when it is 1."""
        return self.no_access if self.no_access and self.no_access.values.get("value") == 1 else None

    @property
    def deferral_acts(self) -> bool:
        """Whether a deferral value is not 0. What a 0 does to the choice of the service is not documented."""
        return any(_acts(state) for state in self.deferral)

    @property
    def residue_acts(self) -> bool:
        """Whether a left-over value is not 0."""
        return any(_acts(state) for state in self.residue)

    def source_of(self, kind: str) -> str | None:
        """``wsus`` or ``microsoft`` by the scan source value of a kind of update; None without one in force.

        Values below the policy key need their switch; those of MDM do not. An unknown switch counts as on.
        """
        state = self.source.get(kind)
        if state is None or self.knows_no_source or (self.source_switch is False and not _is_mdm(state)):
            return None
        return {0: "microsoft", 1: "wsus"}.get(state.values["value"])

    @property
    def source_is_certain(self) -> bool:
        """The switch of the scan source values is on, or MDM sets them."""
        return self.source_switch is True or any(_is_mdm(state) for state in self.source.values())

    @property
    def to_microsoft(self) -> tuple[State, ...]:
        """Scan source values that name Windows Update, in force or not."""
        return tuple(state for state in self.source.values() if state.values["value"] == 0)

    @property
    def knows_no_source(self) -> bool:
        """This build of Windows is older than the scan source policy."""
        return self.build is not None and self.build < int(table("windows_update")["builds"]["source_known_from"])

    @property
    def dual_scan_disabled(self) -> bool:
        """DisableDualScan is 1, and this build is not known to ignore it."""
        ignored = table("windows_update")["builds"]["no_dual_scan_ignored_from"]
        if self.no_dual_scan is None or self.no_dual_scan.values.get("value") != 1:
            return False
        return self.build is None or self.build < int(ignored)

    @property
    def dual_scan_impossible(self) -> bool:
        """DisableDualScan is 1 on a build that is known to honour it."""
        certain = table("windows_update")["builds"]["no_dual_scan_certain_below"]
        return self.dual_scan_disabled and self.build is not None and self.build < int(certain)

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The exported key, else the values."""
        return (self.exported,) if self.exported else (*self.deferral, *self.source.values())


class UpdateAccess(Evidence, frozen=True):
    """The scans, and whether a policy takes the access to Windows Update away."""

    asks = "scan-history"

    scanned: UpdatePointAccess | None
    disabled: State | None

    @classmethod
    def read(cls, bundle: Bundle) -> UpdateAccess | None:
        """None when neither a scan nor such a policy is known."""
        policies = bundle.evidence(UpdatePolicies)
        found = cls(scanned=bundle.evidence(UpdatePointAccess), disabled=policies.access_disabled if policies else None)
        return found if found.scanned or found.disabled else None


def _value(bundle: Bundle, key: str, name: str) -> State | None:
    """A value of the registry, else of the machine's local policy file; None when it is not set or empty."""
    found = bundle.registry(key, name)
    if found is None:
        wanted = f"hklm\\{key}\\{name}".lower()
        found = next(
            (
                state
                for state in bundle.states("policy-value")
                if state.name.lower() == wanted
                and not is_of_user(state.place.file)
                and not is_of_domain(state.place.file)
            ),
            None,
        )
    return found if found is not None and found.values.get("value") not in (None, "") else None


def _first(bundle: Bundle, keys: Iterable[str], name: str) -> State | None:
    return next((state for key in keys if (state := _value(bundle, key, name))), None)


def _deferrals(bundle: Bundle, keys: Iterable[str]) -> tuple[State, ...]:
    """The values below the keys that make the agent ask Windows Update; a switched value only while it is on."""
    values = table("windows_update")["values"]
    found = []
    for key in keys:
        for name in values["deferral"]:
            state = _value(bundle, key, name)
            switch = _value(bundle, key, values["switched"][name]) if name in values["switched"] else None
            if state is not None and not (switch is not None and not _acts(switch)):
                found.append(state)
    return tuple(found)


def _pauses(bundle: Bundle, key: str, pause: Mapping[str, str]) -> tuple[State, ...]:
    """The user's pause, without what was over at the moment the bundle is judged at."""
    found = []
    for name, end in pause.items():
        state, ends = _value(bundle, key, name), _value(bundle, key, end)
        over = _instant(ends.values["value"]) if ends else None
        if state is not None and not (over and bundle.now and over < bundle.now):
            found.append(state)
    return tuple(found)


def _instant(value: object) -> datetime | None:
    """``2025-04-10T02:33:37Z`` as Settings writes it."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _switch(bundle: Bundle, key: str, name: str) -> bool | None:
    """On, off, or None when the key was not listed as a whole."""
    state = _value(bundle, key, name)
    if state is not None:
        return bool(state.values["value"] == 1)
    whole = any(_lists_all(one) for one in bundle.states("registry", f"HKLM\\{key}"))
    return False if whole else None


def _lists_all(key: State) -> bool:
    """Whether the text is the whole key and not the answer to a question for one value."""
    return key.text.lstrip().startswith("[") or len(key.values) > 1


def _build(bundle: Bundle, key: str, names: Iterable[str]) -> int | None:
    rows = bundle.states("wmi", "Win32_OperatingSystem")
    found: list[Any] = [state.values.get("value") for name in names if (state := _value(bundle, key, name))]
    found += [row.values.get("buildnumber") for row in rows]
    return next((int(one) for one in found if str(one).isdecimal()), None)


def _acts(state: State) -> bool:
    return str(state.values.get("value")).strip() not in ("0", "None")


def _is_mdm(state: State) -> bool:
    return table("windows_update")["keys"]["mdm"].lower() in state.name.lower()


def _names(values: Iterable[State]) -> str | None:
    """The bare names of registry values, joined."""
    return ", ".join(dict.fromkeys(state.name.rsplit("\\", 1)[-1] for state in values)) or None


class Exclusion(msgspec.Struct, frozen=True):
    """Why something cannot be: a key of [why] in the words files, and the proof."""

    why: str
    proof: tuple[Proof, ...]


def _agents_word(bundle: Bundle) -> Event | State | None:
    """The agent filtered Windows out of a scan, or its own state says that dual scan acts."""
    facts = table("windows_update")
    state = bundle.registry(facts["keys"]["state"], facts["values"]["dual_scan_acts"])
    if state is not None:
        return state if state.values.get("value") == 1 else None
    return newest(bundle.events("wu-windows-filtered"))


class ServiceChoice(Evidence, frozen=True):
    """Which service the agent asks, from every witness: its own list, the policies, and what scans bring.

    Any witness may be missing, not all. ``source`` is where the agent is told to look, and no witness by itself.
    """

    asks = "update-services"

    services: UpdateServices | None
    policies: UpdatePolicies | None
    updates: UpdateStates | None
    source: UpdateSource | None
    target: Target
    said: Event | State | None = None  # the agent itself says that Windows updates are not taken from the update point
    domain: DomainPolicies | None = None  # objects of the domain, from a copy of SYSVOL

    @classmethod
    def read(cls, bundle: Bundle) -> ServiceChoice | None:
        """None when no list of services, no policy value, no word of the agent, and no list without Windows updates."""
        found = cls(
            services=bundle.evidence(UpdateServices),
            policies=bundle.evidence(UpdatePolicies),
            updates=bundle.evidence(UpdateStates),
            source=bundle.evidence(UpdateSource),
            target=bundle.target,
            said=_agents_word(bundle),
            domain=bundle.evidence(DomainPolicies),
        )
        known = found.services or found.policies or found.said or found.hides_windows or found.set_by
        return found if known else None

    # which service

    @property
    def asks_microsoft(self) -> bool:
        """Windows Update is the default service."""
        return self.services is not None and self.services.default_is("microsoft")

    @property
    def asks_wsus(self) -> bool:
        """The update point is the default service."""
        return self.services is not None and self.services.default_is("wsus")

    @property
    def default(self) -> State | None:
        """The row of the default service."""
        return self.services.default if self.services else None

    @property
    def has_update_point(self) -> bool | None:
        """Whether the agent is told to ask an update point; None when nothing tells."""
        if self._is_unset:
            return False
        if self.source is not None and (self.source.server or self.source.handler):
            return True
        return self.services.has("wsus") if self.services else None

    @property
    def _is_unset(self) -> bool:
        """WUServer is not there or not used; a key of which one other value was shown does not tell."""
        source = self.source
        if source is None or source.is_ignored:
            return source is not None
        partial = source.value is None and source.exported is not None and not _lists_all(source.exported)
        return source.is_unset and not partial

    @property
    def hides_windows(self) -> UpdateStates | None:
        """The list of all updates, when it holds some and none of Windows."""
        return self.updates if self.updates and self.updates.lists_no_windows else None

    @property
    def no_dual_scan(self) -> Exclusion | None:
        """What excludes that a deferral value takes Windows updates from Windows Update beside the update point."""
        if self.has_update_point is False:
            shown = self.source.proof if self.source and self._is_unset else ()
            return Exclusion("no-update-point-set", shown or ((self.default,) if self.default else ()))
        policies = self.policies
        if policies and policies.source_of("quality") == "wsus" and policies.source_is_certain:
            return Exclusion("scan-source-is-wsus", tuple(policies.source.values()))
        if policies and policies.source_of("quality") == "microsoft" and policies.source_is_certain:
            return Exclusion("scan-source-explains", policies.to_microsoft)
        if self.asks_wsus and self.default and not self.said:
            return Exclusion("wsus-is-default", (self.default,))
        asks = self.asks_microsoft or self.said
        if policies and policies.dual_scan_impossible and not asks and policies.no_dual_scan:
            return Exclusion("dual-scan-is-off", (policies.no_dual_scan,))
        asked = self.updates.asked_for if self.updates else None
        if asked and asked.missing and not (self.asks_microsoft and asked.of_windows):
            return Exclusion("update-is-known", asked.proof)
        return None

    @property
    def doubts(self) -> list[str]:
        """Keys of [against]: what speaks against a dual scan without excluding it."""
        policies = self.policies
        wanted = {
            "dual-scan-disabled": policies is not None and policies.dual_scan_disabled,
            "scan-source-is-wsus": policies is not None and policies.source_of("quality") == "wsus",
            "windows-updates-listed": self.updates is not None and self.updates.offers_windows,
        }
        return [key for key, holds in wanted.items() if holds]

    # which values

    @property
    def deferral(self) -> tuple[State, ...]:
        """Policy values that add Windows Update."""
        return self.policies.deferral if self.policies else ()

    @property
    def deferral_acts(self) -> bool:
        """Whether one of them is not 0."""
        return self.policies is not None and self.policies.deferral_acts

    @property
    def residue(self) -> tuple[State, ...]:
        """Copies of such values that outlived their policy, and pauses set by the user."""
        return self.policies.residue if self.policies else ()

    @property
    def residue_acts(self) -> bool:
        """Whether one of them is not 0."""
        return self.policies is not None and self.policies.residue_acts

    @property
    def policy_key(self) -> State | None:
        """The policy key, when the whole of it was exported."""
        return self.policies.exported if self.policies else None

    @property
    def cache_key(self) -> State | None:
        """The policy cache or the user's settings, when they were exported."""
        return self.policies.caches if self.policies else None

    @property
    def source_to_microsoft(self) -> tuple[State, ...]:
        """Scan source values that name Windows Update."""
        return self.policies.to_microsoft if self.policies else ()

    @property
    def source_is_certain(self) -> bool:
        """The scan source values are in force for certain."""
        return self.policies is not None and self.policies.source_is_certain

    def sends_to_microsoft(self, kind: str) -> bool:
        """A scan source value in force sends this kind (quality, feature, driver, other) to Windows Update."""
        return self.policies is not None and self.policies.source_of(kind) == "microsoft"

    @property
    def sends_asked_to_microsoft(self) -> bool:
        """The kind of update that is asked for goes to Windows Update; quality updates when none is named."""
        asked = self.updates.asked_for if self.updates else None
        feature = is_feature_update(f"{self.target.update or ''} {asked.title if asked else ''}")
        return self.sends_to_microsoft("feature" if feature else "quality")

    @property
    def deferral_names(self) -> str | None:
        """The names of the deferral values, for a reader: those on the client, else those in the domain."""
        return _names(self.deferral or self.set_by)

    @property
    def set_by(self) -> tuple[State, ...]:
        """Deferral values of the domain's objects; of the same names as on the client, where it has any."""
        names = {state.name.lower() for state in self.deferral}
        found = [state for one in (self.domain.deferring if self.domain else ()) for state in one.deferral]
        return tuple(state for state in found if not names or state.name.lower() in names)

    @property
    def gpo(self) -> str | None:
        """The objects that these values stand in."""
        files = {state.place.file for state in self.set_by}
        objects = self.domain.deferring if self.domain else ()
        return titles(one for one in objects if files & {state.place.file for state in one.deferral})

    @property
    def residue_names(self) -> str | None:
        """The names of the left-over values, for a reader."""
        return _names(self.residue)

    @property
    def source_names(self) -> str | None:
        """The names of the scan source values that point to Windows Update."""
        return _names(self.source_to_microsoft)
