"""Frame: one message of fixes from a device; and what became of it."""

import msgspec

from tracker.model.fix import Fix, Refusal


class Frame(msgspec.Struct, frozen=True, gc=False):
    """One message of fixes. `entries` in the order they came: a fix, or why it is none. `whole` refuses all of it."""

    device: int
    seq: int
    received_at: int  # microseconds
    entries: list[Fix | Refusal]
    backlog: bool = False
    whole: Refusal | None = None


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What became of a frame: the body of its ack."""

    stored: int
    duplicate: int
    refusals: tuple[Refusal, ...] = ()
