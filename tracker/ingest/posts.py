"""Posts: frames that came without a session, by HTTP or from a broker. They wait in the same lanes as all others, and
their answer goes out after the commit; what bounds them is how many wait, for an HTTP request cannot be left unread."""

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

from tracker.errors import StorageDown
from tracker.ingest.owner import Owner
from tracker.model.device import Device
from tracker.model.frame import Frame, Outcome
from tracker.model.note import Note, Standing, Utterance, Walk

T = TypeVar("T")

READERS: Final = 2  # large bodies read at once: what one of them becomes is bounded, so all of them have to be
MOST_WAITING: Final = 1_000  # requests; further ones are told to come again
NOT_KEPT: Final = "it was not stored; try again"
BUSY: Final = "too many wait, or storage is away; try again"
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


class Caller:
    """Who said one thing that is no fix."""

    def __init__(self) -> None:
        self.stored: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def noted(self, note: Note, is_stored: bool) -> None:
        if not self.stored.done():
            self.stored.set_result(is_stored)


class Posts:
    """One for the process."""

    def __init__(self, owner: Owner) -> None:
        self.owner = owner
        self.waiting = 0  # bound: MOST_WAITING, then 503
        self.turn = asyncio.Lock()
        self.readers = asyncio.Semaphore(READERS)
        self.resting: set[int] = set()  # devices whose app said that it measures no more; bound: one number a device

    def check_room(self) -> None:
        """StorageDown where a frame of whatever device would have to wait for too long."""
        if self.waiting >= MOST_WAITING or not self.owner.has_room:
            raise StorageDown(BUSY)

    async def offer(self, device: Device, frame: Frame) -> Outcome:
        """After the commit. StorageDown where there was none in time."""
        waiter = Waiter()
        return await self.wait(device, lambda: self.owner.offer(frame, waiter), waiter.outcome)

    async def rest(self, device: Device, is_paused: bool, received_at: int) -> None:
        """After its fixes: an app that says that it measures no more is not silent for that. Once, until it measures
        again: of one that goes on to report as it rests it is expected that it does."""
        if not is_paused:
            self.resting.discard(device.key)
        elif device.key not in self.resting:
            await self.call(device, Standing(paused=True), received_at)
            self.resting.add(device.key)

    async def call(self, device: Device, said: Utterance | Standing | Walk, received_at: int) -> None:
        """The same for a message, such as a call for help or steps. Said again by the same id, it is stored once.
        StorageDown also where the database refused what a person says: nobody may take a call for help for stored that
        is not. Of steps and rests an app that tried them again for ever would send nothing newer."""
        caller, note = Caller(), Note(device.key, said, received_at)
        is_stored = await self.wait(device, lambda: self.owner.note(note, caller), caller.stored)
        if not is_stored and isinstance(said, Utterance):
            raise StorageDown(NOT_KEPT)

    async def wait(self, device: Device, begin: Callable[[], object], answered: asyncio.Future[T]) -> T:
        self.check_room()
        if not self.owner.has_room_for(device.key):
            raise StorageDown(BUSY)
        self.owner.know(device)
        self.waiting += 1
        try:
            begin()
            async with asyncio.timeout(PATIENCE):
                found = await answered
                # One answer in each turn of the loop. To answer at once all that one commit stores would be simpler;
                # but a request costs the loop many times what a fix on a socket does, and who is answered asks again,
                # so phones that post as fast as they can would hold up every socket for as long as all of them take.
                async with self.turn:
                    await asyncio.sleep(0)
                return found
        except TimeoutError:
            raise StorageDown from None
        finally:
            self.waiting -= 1
