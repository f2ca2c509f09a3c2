r"""What the servicing stack of Windows says of an update: CBS.log, DISM, and the events around it.

Error  CBS    Failed to resolve package 'Package_123_for_KB3192392~...' [HRESULT = 0x800f0831 - CBS_E_STORE_CORRUPTION]
Error  [0x01803e] CSI  (F) Failed execution of queue item Installer: HTTP Installer ({...}) with HRESULT ...
Info   CBS    Exec: Processing complete.  Session: 30579072_298067563, Package: Package_for_RollupFix~... [HRESULT = ...

CBS.log is full of codes that mean nothing; only lines that name a fault, and the ends of sessions, are read. A session
that ends well for the same package cancels what was said before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

import msgspec

from ccmdoctor.evidence.base import Bundle, Evidence, Mark, Proof, code_of, newest
from ccmdoctor.evidence.install import Failure, InstallHistory
from ccmdoctor.evidence.services import Service, WindowsServices
from ccmdoctor.evidence.updates import KB, installed_now
from ccmdoctor.knowledge import codes
from ccmdoctor.model import Event, HResult, Stage, State

_END = ("servicing-ended", "servicing-report")
_KINDS = {
    "store-corrupt": "store",
    "store-checked": "store",
    "store-item-corrupt": "item",
    "store-verdict": "store",
    "store-repair-failed": "repair",
    "store-source-missing": "repair",
    "payload-missing": "payload",
    "path-missing": "path",
    "package-unresolved": "orphan",
    "driver-failed": "driver",
    "driver-result": "inf",
    "driver-step": "inf",
    "installer-failed": "installer",
    "installer-service-failed": "installer",
    "installers-failed": "installers",
    "exclusive-session": "exclusive",
    "transaction-pending": "pending",
    "transaction-refused": "refused",
    "servicing-hang": "hang",
    "servicing-hang-noted": "hang-noted",
    "hive-not-loaded": "hive",
    "no-resources": "resources",
    "shutdown-in-progress": "shutdown",
    "servicing-failed": "failed",
    "servicing-report": "failed",
    "servicing-ended": "failed",
    "servicing-stack-too-old": "stack",
    "servicing-code": "code",
    "servicing-step": "code",
    "wusa-failed": "already",
}
_REPAIRED = ("store-verdict-good", "store-repaired")
# a single step fails often without harm; with a code of one of these causes it does harm
_TELLING = (
    "access-denied-install",
    "component-store-corrupt",
    "disk-space-insufficient",
    "sharing-violation",
    "system-resources-exhausted",
)
_BACKUP_COPY = "\\r\\"  # the folder of files with which an update is taken back; missing ones break nothing
_SESSIONS = r"SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\SessionsPending"
_CONTROL = r"SYSTEM\CurrentControlSet\Control"
_NEAR = 3600  # seconds between the events around one restart, at most
_NORMAL_RESTARTS = (
    "trustedinstaller.exe",
    "ccmexec.exe",
    "wininit.exe",
    "musnotification.exe",
    "svchost.exe",
    "tiworker.exe",
)


class Fault(msgspec.Struct, frozen=True):
    """A standing fault: its newest lines, the first of its kind, and the package of its session."""

    lines: tuple[Event, ...]
    package: str | None = None

    @property
    def last(self) -> Event:
        """The newest line."""
        return self.lines[-1]

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The lines."""
        return self.lines

    @property
    def error(self) -> HResult | None:
        """The newest code that a line states."""
        stated = [code for line in reversed(self.lines) if (code := code_of(line)) is not None]
        return stated[0] if stated else None

    @property
    def when(self) -> datetime | None:
        """When the newest line was written (UTC)."""
        return self.last.utc

    @property
    def name(self) -> str | None:
        """The package of the session."""
        return self.package or self.field("package")

    @property
    def code(self) -> str | None:
        """The inner code as an installer's line writes it, without the words around it."""
        written = self.field("code")
        return re.split(r"[.\[]|\s+\[", written)[0].strip() if written else None

    def field(self, name: str) -> str | None:
        """The newest value of a field."""
        found = next((line.fields[name] for line in reversed(self.lines) if line.fields.get(name)), None)
        return found.strip(" ,.'") if found else None


class Servicing(Evidence, frozen=True):
    """The standing faults of the servicing stack by kind."""

    asks = "servicing-log"

    faults: dict[str, Fault]
    succeeded: Event | None
    installs: InstallHistory | None
    exclusive_value: State | None
    size_limit: State | None
    trusted_installer: Service | None
    restarts: tuple[Event, ...]
    profile_held: Event | None
    low_memory: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> Servicing | None:
        """None when neither the servicing logs nor an installation tell of it."""
        faults, good = _walk(bundle)
        services = bundle.evidence(WindowsServices)
        service = services.get("trustedinstaller") if services else None
        found = cls(
            faults=faults,
            succeeded=good,
            installs=bundle.evidence(InstallHistory),
            exclusive_value=bundle.registry(_SESSIONS, "Exclusive"),
            size_limit=bundle.registry(_CONTROL, "RegistrySizeLimit"),
            trusted_installer=service,
            restarts=tuple(bundle.events("restart-initiated")),
            profile_held=newest(bundle.events("profile-held-by-servicing")),
            low_memory=newest(bundle.events("low-virtual-memory")),
        )
        told = faults or good or found.installs or found.exclusive_value or found.trusted_installer
        return found if told else None

    def fault(self, kind: str) -> Fault | None:
        """The standing fault of a kind."""
        return self.faults.get(kind)

    @property
    def store(self) -> Fault | None:
        """The store is said to be corrupt, or its repair failed; an orphaned reference is another thing."""
        found = self.fault("store") or self.fault("repair")
        return None if found is None or _is_language(found.field("package")) else found

    @property
    def damaged_item(self) -> Event | None:
        """A file or manifest that the check of the store names."""
        found = self.fault("item")
        return found.last if found else None

    @property
    def orphan(self) -> Fault | None:
        """A reference to a package that cannot be resolved: without a file, or of a language."""
        found = self.fault("orphan")
        store = self.fault("store")
        return found or (store if store and _is_language(store.field("package")) else None)

    @property
    def inf(self) -> str | None:
        """The driver whose step failed."""
        found = self.fault("inf")
        return found.field("inf") if found else None

    @property
    def failed(self) -> Fault | None:
        """The session that failed."""
        return self.fault("failed")

    @property
    def error(self) -> HResult | None:
        """The code of the failed session, else of the failed installation."""
        if self.failed and self.failed.error:
            return self.failed.error
        return self.installs.latest.error if self.installs and self.installs.latest else None

    @property
    def package(self) -> str | None:
        """The package of the failed session."""
        return self.failed.package or self.failed.field("package") if self.failed else None

    @property
    def at_drivers(self) -> bool:
        """Whether the failure report names the queue of driver operations as the source."""
        return self.failed is not None and (self.failed.field("source") or "").strip().upper() == "DOQ"

    def coded(self, cause: str) -> Fault | Failure | None:
        """The session or installation that failed with a code pointing first to this cause, and not to drivers."""
        for told in (self.failed, self.fault("code")):
            if told and told.error and _plainly(told.error, cause):
                return told
        found = self.installs.first_to(cause) if self.installs else None
        return found if found and _plainly(found.error, cause) else None

    def possibly(self, cause: str) -> Fault | Failure | None:
        """The same for a code that fits the cause among others."""
        session = self.failed.error if self.failed else None
        if self.failed and session and cause in codes.points_to(session):
            return self.failed
        return self.installs.to(cause) if self.installs else None

    def firstly(self, cause: str) -> Fault | Failure | None:
        """The session or installation that failed with a code pointing first to this cause."""
        for told in (self.failed, self.fault("code")):
            if told and told.error and codes.points_to(told.error)[:1] == (cause,):
                return told
        return self.installs.first_to(cause) if self.installs else None

    @property
    def names_other_cause(self) -> bool:
        """Whether a line names what failed: the store, a driver, an installer, a package."""
        return any(self.fault(kind) for kind in ("store", "orphan", "driver", "inf", "installer"))

    @property
    def newest(self) -> Fault | Failure | None:
        """The failed installation, else the failed session, else the step that failed."""
        failed = self.installs.latest if self.installs else None
        return failed or self.failed or self.fault("code") or self.fault("path")

    @property
    def is_unexplained(self) -> bool:
        """Whether no cause is known for the code."""
        failed = self.newest
        return failed is not None and failed.error is not None and not codes.points_to(failed.error)

    @property
    def symbol(self) -> str | None:
        """The symbol of the code."""
        failed = self.newest
        return codes.lookup(failed.error).symbol if failed and failed.error else None

    @property
    def is_exclusive(self) -> bool:
        """The registry says that a session still holds the flag."""
        return self.exclusive_value is not None and self.exclusive_value.values.get("value") not in (0, None)

    @property
    def is_not_exclusive(self) -> bool:
        """The registry says that none does."""
        return self.exclusive_value is not None and self.exclusive_value.values.get("value") == 0

    @property
    def limits_registry(self) -> bool:
        """A limit for the size of the registry is set."""
        return self.size_limit is not None and self.size_limit.values.get("value") not in (0, None)

    @property
    def restarted_by(self) -> Event | None:
        """The newest restart that a program asked for which is no part of servicing."""
        foreign = [one for one in self.restarts if not _normal(one.fields["process"])]
        return newest(foreign)

    @property
    def process(self) -> str | None:
        """The program that asked for it."""
        return self.restarted_by.fields["process"].split(" (")[0] if self.restarted_by else None

    @property
    def rolled_back(self) -> Fault | Failure | None:
        """The session that failed in its installers."""
        return self.fault("installers") or self.possibly("profile-unload-rollback")

    @property
    def held_before_rollback(self) -> bool:
        """Whether a user profile was unloaded under the servicing stack at the time of the failure, as far as known."""
        failed = self.rolled_back
        held = self.profile_held
        if failed is None or held is None:
            return False
        last = failed.last
        return held.utc is None or last.utc is None or abs((last.utc - held.utc).total_seconds()) < _NEAR

    @property
    def why_not(self) -> str:
        """The reason that rules a cause out."""
        failing = self.faults or (self.installs and self.installs.failures)
        return "other-install-error" if failing else "install-succeeded"

    @property
    def proof(self) -> tuple[Proof, ...]:
        """The failed session, else the newest success."""
        if self.failed:
            return self.failed.proof
        return (self.succeeded,) if self.succeeded else (self.installs.proof if self.installs else ())

    def marks(self) -> Iterable[Mark]:
        """Success and failure of servicing."""
        bad = newest([fault.last for fault in self.faults.values() if fault.last.means == "bad"])
        if bad or self.succeeded:
            yield Mark(Stage.INSTALL, "servicing", self.succeeded, bad, bad is not None)


def _plainly(code: HResult, cause: str) -> bool:
    """Whether the code points first to the cause, and is not one of those that drivers and the agent use as well."""
    causes = codes.points_to(code)
    return causes[:1] == (cause,) and not {"driver-operation-failed", "wua-datastore-corrupt"} & set(causes)


def _is_language(package: str | None) -> bool:
    """Whether a package identity (name~key~processor~language~version) names a language."""
    parts = (package or "").split("~")
    return len(parts) > 4 and bool(parts[3])


def _normal(process: str) -> bool:
    name = process.lower().replace("/", "\\").split(" (")[0].strip()
    return name.rpartition("\\")[2] in _NORMAL_RESTARTS


def _name(package: str | None) -> str:
    return (package or "").strip(" ,'").split("~")[0].lower()


def _kind(event: Event) -> str | None:
    """The kind of fault that a line names; None for a line that names none."""
    code = code_of(event)
    if event.id in ("driver-step", "driver-result"):
        return "inf" if event.fields.get("result", "0") != "0" or (code is not None and not code.ok) else None
    if event.id == "installer-failed":
        return None if "failure will be ignored" in event.fields["code"].lower() else "installer"
    if event.id == "store-item-corrupt":
        item = event.fields["item"].lower()
        fine = "(fixed)" in item or "total count" in item or _BACKUP_COPY in item or _is_fix(event)
        return None if fine else "item"
    if event.id == "servicing-step":
        return "code" if code is not None and set(codes.points_to(code)[:1]) & set(_TELLING) else None
    if event.id == "no-resources":
        exhausted = code is not None and codes.points_to(code)[:1] == ("system-resources-exhausted",)
        return "resources" if exhausted else None
    if event.id == "shutdown-in-progress":
        return "shutdown" if code is not None and "install-interrupted-by-restart" in codes.points_to(code) else None
    if event.id == "wusa-failed":
        return "already" if code is not None and code.ok and code.value else None
    if code is not None and code.ok:
        return None
    if event.id == "store-checked":
        return "store" if code is not None and codes.points_to(code)[:1] == ("component-store-corrupt",) else None
    return _KINDS.get(event.id)


def _is_fix(event: Event) -> bool:
    """Whether CheckSUR says that it repaired the item."""
    return event.record.text.startswith("(fix)")


def _ended_well(event: Event) -> bool:
    code = code_of(event)
    if event.id == "package-installed":
        return True
    return (
        event.id == "servicing-ended"
        and code is not None
        and code.ok
        and _name(event.fields["package"]).startswith("package_for")
    )


def _walk(bundle: Bundle) -> tuple[dict[str, Fault], Event | None]:
    """The standing faults, and the newest session of an update that ended well."""
    lines: dict[str, list[Event]] = {}
    packages: dict[str, str | None] = {}
    good: Event | None = None
    of_feature: HResult | None = None
    counted = None
    repairs = bool(bundle.events("store-repair-asked"))
    for event in bundle.events(*_KINDS, *_REPAIRED, "package-installed", "store-counted"):
        code = code_of(event)
        if event.id == "store-counted":
            counted = event.fields["count"]
            fixed = counted == "0"
        else:
            fixed = event.id == "store-repaired" and event.fields["count"] == counted
        if _ended_well(event):
            good = event
            fine = _name(event.fields["package"])
            for kind in [
                kind for kind, package in packages.items() if package in (None, fine) or event.id == "package-installed"
            ]:
                del lines[kind], packages[kind]
        elif fixed or event.id == "store-verdict-good" or (event.id == "store-checked" and code and code.ok):
            for kind in ("store", "item", "repair"):
                lines.pop(kind, None)
                packages.pop(kind, None)
        elif event.id == "store-item-corrupt" and _is_fix(event) and "item" in lines:
            lines["item"] = [one for one in lines["item"] if one.fields["item"] != event.fields["item"]]
            if not lines["item"]:
                del lines["item"], packages["item"]
        elif named := _kind(event):
            if event.id == "store-source-missing" and not repairs:
                continue  # a feature of Windows lacks its files as well, and says so in the same words
            if event.id == "servicing-failed" and of_feature is not None and code == of_feature:
                continue  # what follows the end of a feature's session still belongs to it
            of_feature = None
            kept = lines.setdefault(named, [])
            kept.append(event)
            del kept[1:-3]
            packages[named] = None
            if event.id in _END and (package := _name(event.fields.get("package"))):
                if not package.startswith("package_for"):  # a feature or a language, no update
                    of_feature = code
                    for one in [one for one in ("failed", "code") if packages.get(one, "") is None]:
                        del lines[one], packages[one]
                packages.update({one: package for one, known in packages.items() if known is None})
    here = installed_now(bundle)
    faults = {
        kind: Fault(tuple(found), next((e.fields["package"].strip(" ,") for e in found if e.id in _END), None))
        for kind, found in lines.items()
        if kind not in ("failed", "stack") or not _concerns(found, here)
    }
    return faults, good


def _concerns(lines: Iterable[Event], updates: frozenset[str]) -> bool:
    """Whether the lines name updates, and each of them is among these."""
    named = {kb.upper() for line in lines for kb in KB.findall(line.fields.get("package") or line.record.text)}
    return bool(named) and named <= updates
