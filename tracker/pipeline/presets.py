"""Presets: how much it takes to believe that a border was crossed. Three, not twenty knobs.

`python -m bench.noise` measures what each of them misses, invents and costs in time.
"""

from typing import Final

import msgspec

from tracker.model.geofence import Preset


class Rules(msgspec.Struct, frozen=True, gc=False):
    """A fix is clear of the border when it lies `accuracy` times its accuracy and `band` more from it. `fixes` clear
    ones that span `seconds` confirm a crossing. `worst` times what a place in the geofence may be deep is the accuracy
    beyond which a fix says nothing of being inside."""

    is_plain: bool = False  # a fix inside is inside: nothing else is looked at
    accuracy: float = 0.0
    band: float = 0.0  # m
    fixes: int = 1
    seconds: float = 0.0
    worst: float = 1.0
    tolerance: float = 0.0  # over a speed limit, as a share of it


PRESETS: Final[dict[Preset, Rules]] = {
    "strict": Rules(is_plain=True),
    "balanced": Rules(accuracy=1.0, band=5.0, fixes=2, seconds=5.0, worst=0.5, tolerance=0.05),
    "calm": Rules(accuracy=1.5, band=5.0, fixes=3, seconds=20.0, worst=0.5, tolerance=0.1),
}
SHALLOW: Final = 0.5  # of the breadth of a small geofence: it can always be entered by going so deep
