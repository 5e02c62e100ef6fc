"""How long a test waits, on a machine that may have other things to do."""

import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

PATIENCE_S: Final = 60.0
"""For what has to happen at some time: that a machine is busy is no defect."""
WHERE_BUSY: Final = 6
"""Times as long, for what has to happen soon."""
PRESSURE: Final = Path("/proc/pressure/cpu")
SOME: Final = 5.0  # percent of the last ten seconds in which something that could run had to wait


def is_busy() -> bool:
    """Whether others use this machine. Not by the load alone, which is an average over a minute: what began ten seconds
    ago is hardly in it."""
    if os.getloadavg()[0] > (os.cpu_count() or 1):
        return True
    found = re.match(r"some avg10=([\d.]+)", PRESSURE.read_text()) if PRESSURE.exists() else None
    return found is not None and float(found[1]) > SOME


def soon(seconds: float) -> float:
    """The bound of what has to be done in so many seconds of a machine that does nothing else, as it is now."""
    return WHERE_BUSY * seconds if is_busy() else seconds


def until(look: Callable[[], Any]) -> Any:
    """What is found as soon as it is there."""
    end = time.monotonic() + PATIENCE_S
    while not (found := look()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)
    return found
