"""WMI and the client's own databases: what checks, CcmEval and CcmRepair say of them.

WMI repository is not consistent
Failed to open to WMI namespace '\\\\.\\root\\ccm' (8004100a)
Evaluating health check rule {A81778B5-9A1E-4A52-9C6E-6939CEFAA118} : WMI Repository Integrity Test.
Result: Remediation Failed, ResultCode: 304, ResultType: 202, ResultDetail: root\\cimv2\\ccm2#CCMEVALPARAMSEP#...
Database verification failed with result: 0x80004005 but DB: C:\\Windows\\CCM\\StateMessageStore.sdf could be opened

A missing namespace or class alone is not damage: other products' namespaces are missing on most computers, and the
client's own is missing where there is no client.
"""

from __future__ import annotations

from collections.abc import Iterable

from ccmdoctor.evidence.base import Bundle, Evidence, Mark, Proof, code_of, newest, standing
from ccmdoctor.evidence.client_host import AgentHost, HealthCheck, health_checks, signs_of_life
from ccmdoctor.knowledge import codes
from ccmdoctor.model import Event, HResult, Stage, State

_CAUSE = "wmi-repository-corrupt"
_HARD = ("WBEM_E_CRITICAL_ERROR", "WBEM_E_PROVIDER_LOAD_FAILURE", "WBEM_E_INITIALIZATION_FAILURE")
# names as the client's own manifest (CcmEval.xml) gives them
_WMI_RULES = ("wmi repository", "client wmi provider", "wmi event sink")
_DATABASE_RULES = ("sql ce database",)
_FEWEST = 7  # databases of a whole client, by ConfigMgrClientHealth.ps1
_CENTRAL = "ccmstore.sdf"


def _of(checks: dict[str, HealthCheck], words: tuple[str, ...]) -> list[HealthCheck]:
    return [check for name, check in checks.items() if any(word in name for word in words)]


class WmiHealth(Evidence, frozen=True):
    """Whether WMI works on the client."""

    asks = "wmi-repository"

    verified: State | None
    errors: tuple[State, ...]
    unopened: tuple[Event, ...]
    checks: tuple[HealthCheck, ...]
    answered: State | None
    agent_failed: bool
    complaint: Event | None = None  # the client's own test of the repository fails

    @classmethod
    def read(cls, bundle: Bundle) -> WmiHealth | None:
        """None when nothing asked WMI for its health, and no query failed."""
        host = bundle.evidence(AgentHost)
        opened = [one for one in bundle.events("wmi-namespace-failed") if _of_client(one) and _names(code_of(one))]
        found = cls(
            verified=newest(bundle.states("wmi-repository")),
            errors=tuple(one for one in bundle.states("wmi-error") if _names(_code(one))),
            unopened=standing(opened, signs_of_life(bundle)),
            checks=tuple(_of(health_checks(bundle), _WMI_RULES)),
            answered=newest([one for one in bundle.states("wmi") if one.name.lower().startswith(("ccm_", "sms_"))]),
            agent_failed=bool(host and host.failed),
            complaint=newest(bundle.events("health-wmi-failed")),
        )
        told = found.verified or found.errors or found.unopened or found.checks or found.complaint
        return found if told else None

    @property
    def is_inconsistent(self) -> bool:
        """Windows itself finds the repository damaged."""
        return self.verified is not None and self.verified.values["consistent"] is False

    @property
    def is_consistent(self) -> bool:
        """Windows itself finds it whole."""
        return self.verified is not None and self.verified.values["consistent"] is True

    @property
    def fails_its_test(self) -> bool:
        """The client's own test fails, and no result of a check says otherwise."""
        return self.failing_check is not None or (self.complaint is not None and not self.checks)

    @property
    def failing_check(self) -> HealthCheck | None:
        """A check of WMI whose newest result is bad."""
        return next((one for one in self.checks if one.failed), None)

    @property
    def is_hard(self) -> bool:
        """WMI or its providers fail, in more than one place; nothing that was asked answered."""
        hard = [one for one in self._codes if codes.lookup(one).symbol in _HARD]
        return len(hard) > 1 and self.answered is None and not self.agent_failed

    @property
    def fails(self) -> bool:
        """At least one line says that WMI failed."""
        return bool(self.errors or self.unopened)

    @property
    def _codes(self) -> list[HResult]:
        told = [_code(one) for one in self.errors] + [code_of(one) for one in self.unopened]
        return [one for one in told if one is not None]

    @property
    def error(self) -> HResult | None:
        """The code that was met last."""
        return self._codes[-1] if self._codes else None

    @property
    def reason(self) -> str | None:
        """The check that fails."""
        return self.failing_check.name if self.failing_check else None

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The check of the repository, the failing rule, and the failed queries."""
        first = (self.verified,) if self.verified is not None else ()
        rule = self.failing_check.proof if self.failing_check else ()
        said = (self.complaint,) if self.complaint is not None and self.fails_its_test else ()
        return (*first, *rule, *said, *self.unopened[-2:], *self.errors[-2:])

    def marks(self) -> Iterable[Mark]:
        """WMI as a condition of the client."""
        passed = next((one.result for one in self.checks if one.passed), None)
        good = self.verified if self.is_consistent else passed
        bad: Proof | None = self.verified if self.is_inconsistent else None
        if bad is None and self.failing_check:
            bad = self.failing_check.result
        yield Mark(Stage.REGISTRATION, "wmi", good, bad, bad is not None)


def _code(error: State) -> HResult | None:
    return HResult.parse(str(error.values.get("code") or ""))


def _names(code: HResult | None) -> bool:
    return code is not None and _CAUSE in codes.points_to(code)


def _of_client(event: Event) -> bool:
    path = event.fields["namespace"].lower().replace("/", "\\")
    return path.rstrip("\\").endswith("root\\ccm") or "root\\ccm\\" in path or path.endswith("cimv2")


class ClientDatabase(Evidence, frozen=True):
    """The client's local databases (``*.sdf``)."""

    asks = "client-database"

    listing: State | None
    check: HealthCheck | None
    verified: Event | None
    usable: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> ClientDatabase | None:
        """None when nothing tells of them."""
        checks = _of(health_checks(bundle), _DATABASE_RULES)
        found = cls(
            listing=newest(bundle.states("client-database")),
            check=checks[-1] if checks else None,
            verified=newest(bundle.events("client-db-verified")),
            usable=newest(bundle.events("client-db-usable")),
        )
        return found if any(getattr(found, name) for name in found.__struct_fields__) else None

    @property
    def is_failing(self) -> bool:
        """The client's own check of its databases fails."""
        return self.check is not None and self.check.failed

    @property
    def is_central_missing(self) -> bool:
        """The folder was listed, and the store itself is not there."""
        return self.listing is not None and _CENTRAL not in self.listing.values["names"]

    @property
    def are_few(self) -> bool:
        """Fewer databases than a whole client has."""
        return self.listing is not None and self.listing.values["count"] < _FEWEST

    @property
    def has_error_log(self) -> bool:
        """The listing shows the log that the databases' errors go to."""
        return self.listing is not None and self.listing.values["log"] is True

    @property
    def count(self) -> int | None:
        """How many there are."""
        return self.listing.values["count"] if self.listing else None

    @property
    def reason(self) -> str | None:
        """The check that fails."""
        return self.check.name if self.check and self.is_failing else None

    @property
    def good(self) -> tuple[Proof, ...]:
        """What shows that they can be used."""
        passed = self.check.proof if self.check and self.check.passed else ()
        listed = (self.listing,) if self.listing is not None and not self.are_few else ()
        return (*passed, *(one for one in (self.usable, self.verified, *listed) if one is not None))

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The failing check and the listing."""
        rule = self.check.proof if self.check and self.is_failing else ()
        return (*rule, *(one for one in (self.listing,) if one is not None))

    def marks(self) -> Iterable[Mark]:
        """The databases as a condition of the client."""
        bad = self.check.result if self.check and self.is_failing else None
        good = self.verified or (self.check.result if self.check and self.check.passed else None)
        yield Mark(Stage.REGISTRATION, "database", good, bad, bad is not None)
