"""How hard the properties are tried: the same examples each time, or a hundred times as many and others."""

import os
from typing import Final

from hypothesis import HealthCheck, settings

PROFILE: Final = os.environ.get("TRACKER_TEST_PROFILE", "ci")
TIMES: Final = {"fast": 0.2, "ci": 1.0, "long": 100.0}[PROFILE]


def examples(count: int) -> int:
    """So many in a run as CI makes it; for `settings(max_examples=...)`."""
    return max(1, round(count * TIMES))


def load_profile() -> None:
    """A failure of CI has to be the same failure here, so the examples are derived from the test and not drawn; what
    chance finds is for the long run, which prints its seed. No limit is of time: a busy machine is no defect."""
    settings.register_profile(
        "tracker",
        derandomize=PROFILE != "long",
        database=None,
        print_blob=True,
        deadline=None,
        max_examples=examples(100),
        suppress_health_check=[HealthCheck.too_slow],
    )
    settings.load_profile("tracker")
