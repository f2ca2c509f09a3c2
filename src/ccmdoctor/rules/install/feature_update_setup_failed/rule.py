"""Windows Setup ended the installation of a feature update with an error."""

from __future__ import annotations

from ccmdoctor.evidence.install import SetupOutcome
from ccmdoctor.model import Finding
from ccmdoctor.rules import confirmed, likely, rule, ruled_out


@rule(
    explains="install-fails",
    sources=[
        "https://github.com/MicrosoftDocs/SupportArticles-docs/blob/main/support/windows-server/installing-updates-features-roles/troubleshoot-windows-update-error-0x80070490.md",
        "https://github.com/MicrosoftDocs/SupportArticles-docs/blob/main/support/windows-server/installing-updates-features-roles/troubleshoot-windows-update-error-0x80070002.md",
        "https://learn.microsoft.com/windows/deployment/upgrade/resolution-procedures",
        "https://learn.microsoft.com/windows/deployment/upgrade/setupdiag",
    ],
)
def feature_update_setup_failed(setup: SetupOutcome) -> Finding:
    if setup.standing:
        return confirmed(setup.began, *setup.lines, setup.coded, error=setup.error, settle=["setup-logs"])
    if setup.coded:
        return likely(setup.coded, error=setup.error, settle=["setup-logs"])
    return ruled_out(
        "other-install-error" if setup.installs and setup.installs.failures else "install-succeeded", setup.installs
    )
