"""Attention: whether this process hears where the devices of others are. Where nobody looks at it, it hears nothing of
that, which in an installation of many processes is most of what each of them does; who looks first after that waits
until the owners have said where all devices are."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from tracker.spread.nats_bus import StrandBus

REST: Final = 60.0  # s for which nobody looked: to ask the owners for everything costs more than to hear it for a while
RISE: Final = 2.0  # s the owners have to say it; after that what is here is shown, which says how old it is
LOOK: Final = 0.02  # s between looks whether they have


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
        self.used_at = float("-inf")  # by the loop's clock
        self.risen_at = float("-inf")

    @property
    def is_full(self) -> bool:
        """Where all devices are is here, as far as anybody can say it."""
        return all(each.is_full or each.owner is None for each in self.buses)

    @property
    def is_whole(self) -> bool:
        """Whoever looks may be shown what is here. What is lost on the way later is another matter: who looks already
        goes on with what there is."""
        is_late = asyncio.get_running_loop().time() - self.risen_at > RISE
        return not self.is_resting and (is_late or self.is_full)

    def call(self) -> None:
        """Somebody looks."""
        self.used_at = asyncio.get_running_loop().time()
        if self.is_resting:
            self.is_resting, self.risen_at = False, self.used_at
            self.hearing.listen(True)
            for each in self.buses:
                each.rise()

    async def wait(self) -> None:
        """The same, until it is whole."""
        self.call()
        for _ in range(round(RISE / LOOK)):
            if self.is_whole:
                return
            await asyncio.sleep(LOOK)

    def look(self) -> None:
        """Now and then."""
        if self.is_needed():
            self.call()
        elif not self.is_resting and self.is_full and asyncio.get_running_loop().time() - self.used_at > REST:
            self.is_resting = True
            self.hearing.listen(False)
            for each in self.buses:
                each.rest()
