"""Strand: a part of the log with an owner of its own, as one process knows it: who that is, how it is reached, and what
is folded here while it is this one."""

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from tracker.ingest.writer import Writer
from tracker.live.bus import Publishing
from tracker.model.position import Position
from tracker.spread.desk import Desk
from tracker.spread.nats_bus import Carrying, StrandBus
from tracker.spread.remote import RemoteOwner
from tracker.spread.words import Filling, Owning

logger = structlog.get_logger()

UNOWNED: Final = 2.0  # s without an owner that are no trouble: one gives a strand up, and another takes it
TOLD: Final = 1.0  # s in which all processes tell a new owner who is connected
Make = Callable[[int, Publishing], Writer]  # of the log of this strand


class Strand:
    """`term`: of this process as its owner, 0 where it is not."""

    def __init__(self, number: int, courier: Carrying, bus: StrandBus) -> None:
        self.number = number
        self.courier = courier
        self.bus = bus
        self.remote = RemoteOwner(courier.life, courier.tell, number)
        self.term = 0
        self.heir = ""  # the process that its owner leaves it to
        self.left_at = float("-inf")  # by the loop's clock: since when it has no owner, where it has none
        self.owned_at = float("-inf")  # by the loop's clock: since when it is ours, where it is
        self.make: Make
        self.writer: Writer
        self.desk: Desk

    def begin(self, make: Make) -> None:
        self.make = make
        self.renew()

    def renew(self) -> None:
        """Nothing is folded here; what was is forgotten."""
        self.writer = self.make(self.number, self.bus)
        self.desk = Desk(self.courier.life, self.writer, self.courier.tell, self.number)

    def is_connected(self, device: int) -> bool | None:
        """Whether it has a connection in any process. None: this one is not the owner, or not for long enough to have
        heard of all."""
        now = asyncio.get_running_loop().time()
        if not self.desk.is_open or now - self.owned_at < TOLD:
            return None
        return self.desk.is_connected(device)

    @property
    def is_ours(self) -> bool:
        return self.term > 0

    def own(self, term: int) -> None:
        self.term, self.heir = term, ""
        self.owned_at = asyncio.get_running_loop().time()
        self.desk.is_open = True
        self.meet(self.courier.life, term)

    def end(self) -> None:
        """It takes no more, and this process is its owner no longer when what it has is stored."""
        self.desk.is_open = False

    def disown(self) -> None:
        self.term = 0
        self.meet(None, self.bus.term)

    def tell_owning(self) -> Owning:
        return Owning(self.number, self.term, self.bus.number, self.desk.is_pressed, self.heir)

    def hear_pulse(self, life: str, owning: Owning | None) -> bool:
        """What a process says of it. False: that took it from us, and the log will find that out."""
        if self.is_ours:
            return owning is None or owning.term <= self.term
        if owning is not None and owning.term >= self.bus.term:
            self.meet(life, owning.term)
            self.heir = owning.heir
            self.bus.note_pulse(owning.told)
            self.remote.press(owning.is_pressed)
        elif owning is None and life == self.bus.owner:
            self.meet(None, self.bus.term)
        return True

    def meet(self, owner: str | None, term: int) -> None:
        if owner == self.bus.owner and term == self.bus.term:
            return
        if owner is None:
            self.left_at = asyncio.get_running_loop().time()
        if owner != self.courier.life:
            logger.debug(
                "a strand has another owner" if owner else "a strand has no owner", strand=self.number, term=term
            )
        self.bus.meet(owner, term)
        self.remote.meet(owner)
        self.bus.look()

    def is_lost(self, now: float) -> bool:
        """Nobody has it, for longer than it takes to hand it on."""
        return self.bus.owner is None and now - self.left_at > UNOWNED

    def look(self) -> None:
        self.desk.look()
        self.remote.look()
        self.bus.look()

    async def fill(self, asked: Filling) -> None:
        if self.desk.is_open:
            await self.bus.fill(asked, list(self.writer.log.states), self.find_shown)

    def find_shown(self, devices: list[int]) -> list[Position]:
        return self.writer.log.memory.find_shown(devices)

    def forget(self, device: int) -> None:
        """It was deleted."""
        self.remote.forget(device)
        self.desk.forget(device)
