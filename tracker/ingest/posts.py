"""Posts: frames that came without a session, by HTTP or from a broker. They wait in the same lanes as all others, and
their answer goes out after the commit; what bounds them is how many wait, for an HTTP request cannot be left unread."""

import asyncio
from typing import Final

from tracker.errors import StorageDown
from tracker.ingest.writer import ROOM, Writer
from tracker.model.device import Device
from tracker.model.frame import Frame, Outcome

MOST_WAITING: Final = 1_000  # requests; further ones are told to come again
PATIENCE: Final = 20.0  # s: phones give up after some thirty


class Waiter:
    """Who offered one frame. The frame is committed also where nobody waits any more: sent again, it is recognised."""

    def __init__(self) -> None:
        self.outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    def committed(self, frame: Frame, outcome: Outcome) -> None:
        if not self.outcome.done():
            self.outcome.set_result(outcome)

    def resume(self) -> None:
        """Nothing is to be resumed, for nothing was stopped: see `Posts.check_room`."""


class Posts:
    """One for the process."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.waiting = 0  # bound: MOST_WAITING, then 503

    def check_room(self) -> None:
        """StorageDown where a frame would have to wait for too long."""
        if self.waiting >= MOST_WAITING or self.writer.waiting >= ROOM or not self.writer.is_storing:
            raise StorageDown("too many wait, or storage is away; try again")

    async def offer(self, device: Device, frame: Frame) -> Outcome:
        """After the commit. StorageDown where there was none in time."""
        self.check_room()
        if self.writer.log.memory.devices.get(device.key) != device:
            self.writer.log.know(device)
        waiter = Waiter()
        self.waiting += 1
        try:
            self.writer.offer(frame, waiter)
            async with asyncio.timeout(PATIENCE):
                return await waiter.outcome
        except TimeoutError:
            raise StorageDown from None
        finally:
            self.waiting -= 1
