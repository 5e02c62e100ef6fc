"""What is too large for one message, in parts: a frame of many entries, and the one outcome that its sender hears."""

from collections.abc import Iterator, Sequence
from typing import Final

from tracker.ingest.lanes import Sender
from tracker.model.block import Block
from tracker.model.fix import Fix, Refusal
from tracker.model.frame import Frame, Outcome
from tracker.spread.words import cut, weigh_entry

COLUMNS: Final = 6_000  # fixes in one message, 64 bytes each


def divide(frame: Frame) -> Iterator[tuple[int, Frame]]:
    """Frames that fit into one message each, with the place of their first entry. Only the last has the number, by
    which all up to it count as stored."""
    begin, parts = 0, list(divide_entries(frame.entries))
    for part in parts:
        seq = frame.seq if part is parts[-1] else -1
        yield begin, Frame(frame.device, seq, frame.received_at, part, frame.backlog, frame.whole, frame.app)
        begin += len(part)


def divide_entries(entries: Sequence[Fix | Refusal]) -> Iterator[Sequence[Fix | Refusal]]:
    if not isinstance(entries, Block):
        yield from cut(entries, weigh_entry)
        return
    for begin in range(0, max(1, len(entries)), COLUMNS):
        end = begin + COLUMNS
        yield Block(entries.exact[:, begin:end], entries.measured[:, begin:end])


class Joining:
    """The sender of a frame that went in parts: it hears once, what became of all of them."""

    def __init__(self, frame: Frame, sender: Sender) -> None:
        self.frame = frame
        self.sender = sender
        self.parts = list(divide(frame))
        self.left = len(self.parts)
        self.stored = self.duplicate = 0
        self.refusals: list[Refusal] = []

    def join(self, begin: int, part: Frame, outcome: Outcome) -> None:
        self.left -= 1
        self.stored += outcome.stored
        self.duplicate += outcome.duplicate
        # What came as a refusal has its place in the whole; what the fold refused has that in the part.
        own = {entry.index for entry in part.entries if isinstance(entry, Refusal)} if outcome.refusals else set[int]()
        for each in outcome.refusals:
            index = each.index if each.index in own else begin + each.index
            self.refusals.append(Refusal(index, each.reason, each.text))
        if not self.left:
            self.sender.committed(self.frame, Outcome(self.stored, self.duplicate, tuple(self.refusals)))
