"""What comes without a session is bounded by how many wait, and is told to come again."""

import asyncio

import pytest

from tests.moments import MONDAY
from tracker.errors import StorageDown
from tracker.ingest.lanes import ROOM
from tracker.ingest.log import Log
from tracker.ingest.owner import LocalOwner
from tracker.ingest.posts import MOST_WAITING, Posts
from tracker.ingest.writer import Writer
from tracker.live.memory import MemoryBus
from tracker.metrics import Metrics
from tracker.model.device import Device
from tracker.model.fix import Fix
from tracker.model.frame import Frame, Outcome
from tracker.model.note import Standing, Utterance

VAN = Device(1, "van", "Van")


def frame() -> Frame:
    return Frame(1, -1, MONDAY * 1000, [Fix(MONDAY, 0, 0)])


async def test_a_thousand_wait_and_the_next_is_told_to_come_again() -> None:
    """A writer that nobody runs takes all, and commits nothing."""
    writer = Writer(Log("", "nobody"), MemoryBus(), Metrics())
    posts = Posts(LocalOwner(writer))
    with pytest.raises(StorageDown):  # storage is away
        await posts.offer(VAN, frame())
    writer.is_storing = True
    waiting = [asyncio.create_task(posts.offer(VAN, frame())) for _ in range(MOST_WAITING)]
    await asyncio.sleep(0)
    assert posts.waiting == MOST_WAITING == len(writer.lanes.live)
    with pytest.raises(StorageDown):
        posts.check_room()
    given_up = waiting.pop()
    given_up.cancel()
    await asyncio.wait([given_up])
    posts.check_room()  # there is room for one
    for each, sender in writer.lanes.live:
        sender.committed(each, Outcome(1, 0))  # also to the one that waits no more
    assert await asyncio.gather(*waiting) == [Outcome(1, 0)] * len(waiting)
    assert posts.waiting == 0
    writer.lanes.waiting = ROOM
    with pytest.raises(StorageDown):
        posts.check_room()


async def test_a_rest_that_could_not_be_stored_is_said_again() -> None:
    posts = Posts(LocalOwner(Writer(Log("", "nobody"), MemoryBus(), Metrics())))
    with pytest.raises(StorageDown):
        await posts.rest(VAN, True, MONDAY * 1000)
    assert posts.resting == set()


async def test_what_the_database_refuses_is_not_answered_as_stored() -> None:
    writer = Writer(Log("", "nobody"), MemoryBus(), Metrics())
    writer.is_storing = True
    posts = Posts(LocalOwner(writer))
    call = asyncio.create_task(posts.call(VAN, Utterance("m-1", alarm="sos"), MONDAY * 1000))
    await asyncio.sleep(0)
    ((note, caller),) = writer.notes.waiting
    caller.noted(note, False)
    with pytest.raises(StorageDown, match="not stored"):
        await call


async def test_a_rest_is_said_once_until_the_app_measures_again() -> None:
    writer = Writer(Log("", "nobody"), MemoryBus(), Metrics())
    writer.is_storing = True
    posts = Posts(LocalOwner(writer))
    for is_paused, said in ((True, 1), (True, 0), (False, 0), (True, 1)):
        rest = asyncio.create_task(posts.rest(VAN, is_paused, MONDAY * 1000))
        await asyncio.sleep(0)
        notes = list(writer.notes.waiting)
        assert [note.said for note, _ in notes] == [Standing(paused=True)] * said
        writer.notes.waiting.clear()
        for note, caller in notes:
            caller.noted(note, True)
        await rest


async def test_what_one_commit_stores_is_answered_one_in_each_turn() -> None:
    """So that a crowd of requests holds no socket up: whatever else is to be done has its turn between two of them."""
    writer = Writer(Log("", "nobody"), MemoryBus(), Metrics())
    writer.is_storing = True
    posts = Posts(LocalOwner(writer))
    answered: list[int] = []

    async def post(number: int) -> None:
        await posts.offer(VAN, frame())
        answered.append(number)

    async with asyncio.TaskGroup() as tasks:
        for number in range(50):
            tasks.create_task(post(number))
        await asyncio.sleep(0)
        for each, sender in writer.lanes.live:
            sender.committed(each, Outcome(1, 0))
        seen = 0
        while len(answered) < 50:
            assert len(answered) - seen <= 1
            seen = len(answered)
            await asyncio.sleep(0)
    assert answered == list(range(50))
