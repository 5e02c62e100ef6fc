"""The engine under test: fixes of one device in, what it tells of each geofence out."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from bench.noise.plane import seconds
from bench.noise.score import Told
from tracker.geofence.index import FenceIndex
from tracker.model.fix import Fix
from tracker.model.geofence import Geofence
from tracker.model.state import State
from tracker.pipeline.advance import advance


def told(fixes: Sequence[Fix], fences: Sequence[Geofence]) -> dict[int, list[Told]]:
    """By geofence key, in the order they were decided."""
    index = FenceIndex.build(fences)
    places, keys = index.covering(np.array([fix.lon for fix in fixes]), np.array([fix.lat for fix in fixes]))
    covering = defaultdict[int, set[int]](set)
    for place, key in zip(places.tolist(), keys.tolist(), strict=True):
        covering[place].add(key)
    state, found = State(), defaultdict[int, list[Told]](list)
    for number, fix in enumerate(fixes):
        step = advance(1, state, fix, number + 1, frozenset(covering[number]), index)
        state = step.state
        for each in step.transitions:
            at = seconds(each.fix.at)
            found[each.geofence].append(Told(each.kind, at, None, at))
    return found
