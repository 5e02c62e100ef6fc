"""Frame: one message of fixes from a device; and what became of it."""

from collections.abc import Sequence

import msgspec

from tracker.model.fix import Fix, Refusal
from tracker.model.report import App


class Frame(msgspec.Struct, frozen=True, gc=False):
    """One message of fixes. `entries` in the order they came: a fix, or why it is none; a Block where there are many
    and nothing is odd about any. `whole` refuses all of it.
    `app`: what was understood of the app that wrote it, where it does not speak our own protocol."""

    device: int
    seq: int
    received_at: int  # microseconds
    entries: Sequence[Fix | Refusal]
    backlog: bool = False
    whole: Refusal | None = None
    app: App | None = None

    def refuse_all(self) -> "Frame":
        """The same frame with nothing in it to store."""
        refused = [Refusal(index, "bad_value", str(fix)) for index, fix in enumerate(self.entries)]
        return Frame(self.device, self.seq, self.received_at, [*refused], self.backlog)

    @property
    def dialect(self) -> int:
        return 0 if self.app is None else int(self.app.dialect)


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What became of a frame: the body of its ack."""

    stored: int
    duplicate: int
    refusals: tuple[Refusal, ...] = ()
