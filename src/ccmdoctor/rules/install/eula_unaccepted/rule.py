"""The licence terms of the update are not accepted or cannot be had."""

from __future__ import annotations

from ccmdoctor.evidence.install import LicenceTerms
from ccmdoctor.model import Finding
from ccmdoctor.rules import likely, possible, rule
from ccmdoctor.rules.install_signature import by_install_code


@rule(
    explains="install-fails",
    sources=[
        "https://learn.microsoft.com/windows/deployment/update/windows-update-error-reference",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/wsus-configure-shared-database",
        "https://learn.microsoft.com/troubleshoot/mem/configmgr/update-management/troubleshoot-software-update-synchronization",
    ],
)
def eula_unaccepted(terms: LicenceTerms) -> Finding:
    installs = terms.installs
    if installs is None or (terms.is_warned_of and installs.first_to("eula-unaccepted") is None):
        verdict = likely if terms.warned and installs is None else possible
        return verdict(terms, update=None, error=terms.error, settle=["wsus-iis-log", "update-in-console"])
    return by_install_code("eula-unaccepted", installs, ["update-in-console"])
