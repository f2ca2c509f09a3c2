"""For all tests: on the slow stand-in for Windows (.ci/windows) no time limits on making examples."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile("wine", deadline=None, suppress_health_check=list(HealthCheck))
if os.environ.get("CCMDOCTOR_WINE"):
    settings.load_profile("wine")
