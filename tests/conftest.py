"""For all tests: how fast a machine makes examples is no property of the code, so no test fails for it."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

settings.register_profile("any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("wine", deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile("wine" if os.environ.get("CCMDOCTOR_WINE") else "any-machine")
