"""Whether the client evaluated its deployments: the newest success and the newest job error.

Raised assignment ({GUID}) state message successfully. ... StateName = ASSIGNMENT_EVALUATE_SUCCESS
Job error (0x87d00650) received for assignment ({GUID}) action
"""

from __future__ import annotations

from collections.abc import Iterable

from ccmdoctor.evidence.base import Bundle, Evidence, Mark, newest
from ccmdoctor.knowledge import codes
from ccmdoctor.model import Event, HResult, Stage

_CAUSE = "evaluation-job-failed"
_LATER = ("content", "install")
_AFTER_IT = ("enforcement", "reporting")  # stages whose codes a job ends with although the evaluation went well


class DeploymentEvaluation(Evidence, frozen=True):
    """The evaluation of update deployments."""

    asks = "evaluation-log"

    evaluated: Event | None
    failed: Event | None

    @classmethod
    def read(cls, bundle: Bundle) -> DeploymentEvaluation | None:
        """None when UpdatesDeployment.log tells of no evaluation's end."""
        found = cls(
            evaluated=newest(bundle.events("assignment-evaluated", "update-targeted")),
            failed=newest(bundle.events("assignment-job-error")),
        )
        return found if found.evaluated or found.failed else None

    @property
    def failing(self) -> Event | None:
        """The newest job error that no successful evaluation is known to follow."""
        return self.failed if self.failed and not (self.evaluated and self.evaluated.after(self.failed)) else None

    @property
    def error(self) -> HResult | None:
        """Its code."""
        return HResult.parse(self.failing.fields["error"]) if self.failing else None

    @property
    def concerns_content(self) -> bool:
        """Whether the code belongs to the download or what comes after it, so that other rules have the word."""
        if self.error is None or self._points_here:
            return False
        stage = codes.lookup(self.error).stage
        return stage in _LATER or (stage == "enforcement" and bool(codes.points_to(self.error)))

    @property
    def says_little(self) -> bool:
        """Whether the code is of holding back or reporting, or harmless: the evaluation itself may have gone well."""
        if self.error is None or self._points_here:
            return False
        code = codes.lookup(self.error)
        return code.benign or code.stage in _AFTER_IT

    @property
    def _points_here(self) -> bool:
        return self.error is not None and _CAUSE in codes.points_to(self.error)

    @property
    def names_document(self) -> bool:
        """Whether the code says that the document of a configuration item did not arrive."""
        return self.error is not None and "ci-document-download-failed" in codes.points_to(self.error)

    def marks(self) -> Iterable[Mark]:
        """The evaluation stage."""
        yield Mark(Stage.EVALUATION, "deployments", self.evaluated, self.failed, self.failing is not None)
