"""Tally: what a crowd of devices has done so far, counted as it happens and shown to a waiting person."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Tally:
    """Fixes, but for the last four lines. `refused` fixes were in frames the server can never accept."""

    put: int = 0
    sent: int = 0  # sent again counts again
    stored: int = 0
    duplicate: int = 0
    known: int = 0  # the server had them already when the device came back: it was the ack that was lost
    dropped: int = 0
    refused: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)  # by reason
    unreadable: Counter[str] = field(default_factory=Counter)  # rows of a file, by reason
    registered: int = 0  # devices
    connected: int = 0  # devices, now
    lost: Counter[int] = field(default_factory=Counter)  # connections, by close code
    commands: Counter[str] = field(default_factory=Counter)  # obeyed, by name
    trouble: str = ""  # why nothing goes on, as the server said it last; nothing once it does

    @property
    def answered(self) -> int:
        return self.stored + self.duplicate + self.known + self.refused + self.quarantined.total()


def say_counts(counts: Iterable[tuple[int, str]]) -> str:
    """`1,200 stored, 3 dropped`: those that are not nought."""
    return ", ".join(f"{number:,} {word}" for number, word in counts if number)
