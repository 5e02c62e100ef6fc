"""Committed: what one transaction of the log came to."""

import msgspec

from tracker.ingest.inputs import Taken
from tracker.pipeline.fold import Folded


class Committed(msgspec.Struct, frozen=True):
    """`told`: how many events, which have no numbers yet. `is_aside`: committed on the way to something else, and not
    what was asked for."""

    folded: Folded
    told: int
    taken: Taken
    is_aside: bool = False
