"""Whether the client evaluated its deployments: the newest success and the newest job error.

Raised assignment ({GUID}) state message successfully. ... StateName = ASSIGNMENT_EVALUATE_SUCCESS
Job error (0x87d00650) received for assignment ({GUID}) action
"""

from __future__ import annotations

from collections.abc import Iterable

from ccmdoctor.evidence.base import Bundle, Evidence, Mark, newest
from ccmdoctor.model import Event, Stage


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

    def marks(self) -> Iterable[Mark]:
        """The evaluation stage."""
        failing = self.failed is not None and not (self.evaluated and self.evaluated.after(self.failed))
        yield Mark(Stage.EVALUATION, "deployments", self.evaluated, self.failed, failing)
