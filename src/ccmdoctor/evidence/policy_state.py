"""Policy as it stands on the client: how old it is, where its settings come from, and what they forbid.

PolicySource       : CcmTaskSequence
InstallRestriction : 4
MeteredNetworkUsage : 4
CurrentScanPath    : http://sup.contoso.com:8530
"""

from __future__ import annotations

import re
from datetime import timedelta

from ccmdoctor.evidence.applicability import ReportedCodes
from ccmdoctor.evidence.base import Bundle, Evidence, Proof, code_of, newest, standing
from ccmdoctor.evidence.management_point import ManagementPointTraffic
from ccmdoctor.evidence.policy_transport import ScanPolicy
from ccmdoctor.evidence.update_point import UpdatePointLocation, UpdateSource
from ccmdoctor.evidence.update_service import UpdatePolicies
from ccmdoctor.evidence.updates import UpdateState, UpdateStates
from ccmdoctor.formats.web_address import host_in
from ccmdoctor.knowledge.tables import table
from ccmdoctor.model import Event, HResult, State

_LIFETIME = timedelta(days=60)  # jpmem.github.io/blog/mecm/20230427_01/
# learn.microsoft.com/intune/configmgr/develop/reference/core/clients/sdk/ccm_networksettings-client-wmi-class
_METERED = {1: "Allow", 2: "Limit", 4: "Block"}
# Set-CMClientSettingComputerAgent; numbers as in the module ConfigMgrCBDsc
_WHO_INSTALLS = {0: "AllUsers", 1: "OnlyAdministrators", 3: "OnlyAdministratorsAndPrimaryUsers", 4: "NoUsers"}
_COSTS = re.compile(r"\\dusmsvc\\profiles\\.*\\usercost$", re.IGNORECASE)
_URL = re.compile(r"\bWSUSURL\s*=\s*[\"']([^\"']+)[\"']", re.IGNORECASE)


class PolicyAge(Evidence, frozen=True):
    """How long ago the management point last answered this client, and whether its update source is still set."""

    asks = "management-point"

    answered: Event | None
    age: timedelta | None
    traffic: ManagementPointTraffic | None
    unset: State | None

    @classmethod
    def read(cls, bundle: Bundle) -> PolicyAge | None:
        """None when no log tells of a success, or the moment of the bundle is not known."""
        traffic = bundle.evidence(ManagementPointTraffic)
        heard = bundle.events("policy-received", "policy-downloaded")
        found = sorted(
            (one for one in (*(traffic.successes if traffic else ()), *heard) if one.utc), key=lambda one: str(one.utc)
        )
        last = newest(found)
        if last is None or last.utc is None or bundle.now is None:
            return None
        source, policy = bundle.evidence(UpdateSource), bundle.evidence(ScanPolicy)
        unset = source.exported if source and source.value is None and source.handler is None else None
        return cls(
            answered=last,
            age=bundle.now - last.utc,
            traffic=traffic,
            unset=unset or (policy.empty if policy and not policy.rows else None),
        )

    @property
    def days(self) -> int | None:
        """Whole days since then."""
        return self.age.days if self.age is not None else None

    @property
    def is_over(self) -> bool:
        """Longer than policy lives without contact."""
        return self.age is not None and self.age > _LIFETIME

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The last answer, the newest failure, and what shows that the source is gone."""
        failure = self.traffic.current if self.traffic else None
        return tuple(one for one in (self.answered, *(failure.proof if failure else ()), self.unset) if one is not None)


class AgentConfig(Evidence, frozen=True):
    """The computer agent settings (``CCM_ClientAgentConfig``) with their source, and the code of a paused agent."""

    asks = "default-agent-config"

    residue: State | None
    settings: State | None
    paused: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> AgentConfig | None:
        """None when the class was not queried."""
        rows = bundle.states("wmi", "CCM_ClientAgentConfig")
        left = [row for row in rows if _of_task_sequence(row)]
        told = bundle.evidence(ReportedCodes)
        found = cls(
            residue=newest(left),
            settings=newest([row for row in rows if row not in left]),
            paused=told.pointing_to("task-sequence-policy-residue") if told else None,
        )
        return found if rows else None

    @property
    def pause_code(self) -> HResult | None:
        """The code with which the agent said that it is paused."""
        return code_of(self.paused)

    @property
    def source(self) -> str | None:
        """Where the settings come from, when the row says so."""
        value = self.settings.values.get("policysource") if self.settings else None
        return str(value) if value else None


class InstallRights(Evidence, frozen=True):
    """Which users may start installations from Software Center (``CCM_ClientAgentConfig``)."""

    asks = "client-agent-config"

    settings: State

    @classmethod
    def read(cls, bundle: Bundle) -> InstallRights | None:
        """None when the site's computer agent settings were not queried."""
        rows = [row for row in bundle.states("wmi", "CCM_ClientAgentConfig") if not _of_task_sequence(row)]
        row = newest(rows)
        return cls(settings=row) if row else None

    @property
    def who(self) -> str | None:
        """AllUsers, OnlyAdministrators, OnlyAdministratorsAndPrimaryUsers or NoUsers."""
        value = str(self.settings.values.get("installrestriction"))
        return _WHO_INSTALLS.get(int(value)) if value.isdecimal() else None

    @property
    def is_open(self) -> bool:
        """Everybody may."""
        return self.who == _WHO_INSTALLS[0]


def _of_task_sequence(row: State) -> bool:
    return str(row.values.get("policysource") or "").strip().lower() == "ccmtasksequence"


class MeteredConnection(Evidence, frozen=True):
    """The client setting for metered connections, whether a connection is marked so, and codes that say so."""

    asks = "metered-setting"

    setting: State | None
    costs: tuple[State, ...]
    refused: Event | None  # a job or a request that was held back for it

    @classmethod
    def read(cls, bundle: Bundle) -> MeteredConnection | None:
        """None when neither the setting, a code nor a request that was held back tells."""
        told = bundle.evidence(ReportedCodes)
        good = [newest(bundle.events(id)) for id in ("mp-delivered", "policy-received", "policy-downloaded")]
        held = newest(standing(bundle.events("metered-refused"), good))
        found = cls(
            setting=newest(bundle.states("wmi", "CCM_NetworkSettings")),
            costs=tuple(state for state in bundle.states("registry-value") if _COSTS.search(state.name)),
            refused=held or (told.pointing_to("metered-network-blocked") if told else None),
        )
        return found if found.setting or found.refused else None

    @property
    def usage(self) -> str | None:
        """Allow, Limit or Block."""
        value = self.setting.values.get("meterednetworkusage") if self.setting else None
        return _METERED.get(int(str(value))) if str(value).isdecimal() else None

    @property
    def marked(self) -> State | None:
        """A connection that is marked as metered."""
        return next((state for state in self.costs if state.values.get("value") not in (0, None)), None)

    @property
    def blocks(self) -> bool:
        """Everything is stopped on a metered connection."""
        return self.usage == _METERED[4]

    @property
    def allows(self) -> bool:
        """Nothing is."""
        return self.usage == _METERED[1]

    @property
    def connection(self) -> str | None:
        """The profile of the connection that is marked."""
        return self.marked.name.split("\\")[-3] if self.marked else None

    @property
    def error(self) -> HResult | None:
        """The code of a job that a metered connection stopped."""
        return code_of(self.refused) if self.refused and "error" in self.refused.fields else None


class ScanPath(Evidence, frozen=True):
    """The update point that the client uses (``CCM_SUPLocationList``) beside the newest list it was given."""

    asks = "scan-path"

    row: State
    location: UpdatePointLocation | None

    @classmethod
    def read(cls, bundle: Bundle) -> ScanPath | None:
        """None when the class was not queried."""
        row = newest(bundle.states("wmi", "CCM_SUPLocationList"))
        return cls(row=row, location=bundle.evidence(UpdatePointLocation)) if row else None

    @property
    def current(self) -> str | None:
        """The address in use."""
        return str(self.row.values.get("currentscanpath") or "") or None

    @property
    def reply(self) -> Event | None:
        """The newest reply that names update points."""
        replies = self.location.replies if self.location else ()
        return newest([one for one in replies if _URL.search(one.fields["reply"])])

    @property
    def offered(self) -> str | None:
        """The addresses of that reply."""
        return ", ".join(dict.fromkeys(_URL.findall(self.reply.fields["reply"]))) or None if self.reply else None

    @property
    def is_offered(self) -> bool:
        """Whether the update point in use stands in that reply."""
        hosts = {host_in(one) for one in _URL.findall(self.reply.fields["reply"])} if self.reply else set()
        return host_in(self.current) in hosts - {""}


class ScanSourceValues(Evidence, frozen=True):
    """The four scan source values and their switch."""

    asks = "windows-update-policy"

    policies: UpdatePolicies
    updates: UpdateStates | None

    @classmethod
    def read(cls, bundle: Bundle) -> ScanSourceValues | None:
        """None when the policy keys are not known."""
        policies = bundle.evidence(UpdatePolicies)
        return cls(policies=policies, updates=bundle.evidence(UpdateStates)) if policies else None

    @property
    def known(self) -> UpdateState | None:
        """The update that the user asked about, when the client lists it."""
        return self.updates.asked_for if self.updates else None

    @property
    def names(self) -> dict[str, str]:
        """Kind of update to the name of its value."""
        return dict(table("windows_update")["values"]["source"])

    @property
    def present(self) -> str | None:
        """The values that are there."""
        return ", ".join(name for kind, name in self.names.items() if kind in self.policies.source) or None

    @property
    def absent(self) -> str | None:
        """The values that are not."""
        return ", ".join(name for kind, name in self.names.items() if kind not in self.policies.source) or None

    @property
    def is_partial(self) -> bool:
        """Some are there and some are not."""
        return bool(self.present and self.absent)

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The values."""
        return (*self.policies.source.values(), *((self.policies.exported,) if self.policies.exported else ()))
