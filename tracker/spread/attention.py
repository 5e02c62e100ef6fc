"""Attention: whether this process hears where the devices of others are. Where nobody looks at it, it hears nothing of
that, which in an installation of many processes is most of what each of them does; who looks first after that waits
until the owners have said where all devices are."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from tracker.errors import PositionsMissing
from tracker.spread.nats_bus import StrandBus

REST: Final = 60.0  # s for which nobody looked; who looks after it asks the owners for everything
RISE: Final = 3.0  # s without a word of those that have not said it all; a dead owner's strand is taken in fewer
LONGEST: Final = 10.0  # s they have in any case; after that maps show what is here, which says how old it is
LOOK: Final = 0.02  # s between looks whether they have said it


class Hearing(Protocol):
    """What may be told that it need not bring what is told of positions."""

    def listen(self, listens: bool) -> None: ...


class Attention:
    """`is_needed`: somebody looks, or something here is decided by it."""

    def __init__(self, hearing: Hearing, buses: Sequence[StrandBus]) -> None:
        self.hearing = hearing
        self.buses = buses
        self.is_needed: Callable[[], bool] = lambda: True
        self.is_resting = False
        self.is_settled = True  # nobody is waited for
        self.is_partial = False  # for not all has come: what is here of some devices may be from before the rest
        self.used_at: float | None = None  # by the loop's clock
        self.risen_at = float("-inf")

    @property
    def is_full(self) -> bool:
        """Where all devices are is here."""
        return all(each.is_full for each in self.buses)

    def settle(self) -> bool:
        """Whether who looks may be shown what is here: all owners have said where their devices are, or are waited for
        no longer. What is lost on the way later is another matter: who looks already goes on with what there is."""
        if self.is_resting:
            return False
        if not self.is_settled or self.is_partial:
            self.is_partial = not self.is_full
            self.is_settled = self.is_settled or not self.is_partial or self.is_late()
        return self.is_settled

    def is_late(self) -> bool:
        now = asyncio.get_running_loop().time()
        heard_at = max((each.heard_at for each in self.buses if not each.is_full), default=now)
        return now - max(heard_at, self.risen_at) > RISE or now - self.risen_at > LONGEST

    def call(self) -> None:
        """Somebody looks."""
        self.used_at = asyncio.get_running_loop().time()
        if self.is_resting:
            self.is_resting = self.is_settled = False
            self.is_partial, self.risen_at = True, self.used_at
            self.hearing.listen(True)
            for each in self.buses:
                each.rise()

    async def wait(self) -> None:
        """The same, until it is settled. Raises PositionsMissing where some owner does not answer: a map is told later
        what it lacks, and an answer is not."""
        self.call()
        for _ in range(round(LONGEST / LOOK)):
            if self.settle():
                break
            await asyncio.sleep(LOOK)
        if self.is_partial:
            raise PositionsMissing

    def look(self) -> None:
        """Now and then."""
        now = asyncio.get_running_loop().time()
        if self.used_at is None or self.is_needed():
            self.call()
        elif not self.is_resting and self.is_full and now - self.used_at > REST:
            self.is_resting = True
            self.hearing.listen(False)
            for each in self.buses:
                each.rest()
