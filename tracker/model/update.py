"""Update: what one commit changed, for whoever shows it."""

import msgspec

from tracker.model.event import Event
from tracker.model.position import Position


class Update(msgspec.Struct, frozen=True):
    """The newest position of each device that moved, and the events, in order of their numbers. `rights`: the revision
    of the rights by which it is to be shown, as the commit found it; -1: any. `has_told`: the commit told what has no
    number yet."""

    positions: list[Position]
    events: list[Event]
    committed_at: int  # microseconds
    has_messages: bool = False  # of devices, in the thread
    rights: int = -1
    has_told: bool = False
