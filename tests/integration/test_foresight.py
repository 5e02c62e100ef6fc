"""A writer with more than a batch before it: what it folds ahead is stored and answered once, in its
order, and who was told to wait is read again."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest

from tests.integration.player import AT, Foreseeing
from tracker.ingest.lanes import BATCH, ROOM
from tracker.ingest.log import Log
from tracker.ingest.writer import Writer
from tracker.live.memory import MemoryBus
from tracker.metrics import Metrics
from tracker.model.fix import Fix
from tracker.model.frame import Frame, Outcome
from tracker.model.moment import now_us
from tracker.store.devices import insert_device

FRAMES = 12
FIXES = 500


class Answered:
    """Notes what it is answered, and to which frame."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, Outcome]] = []
        self.is_resumed = False

    def committed(self, frame: Frame, outcome: Outcome) -> None:
        self.answers.append((frame.seq, outcome))

    def resume(self) -> None:
        self.is_resumed = True


def make_frames(device: int) -> list[Frame]:
    def make(seq: int) -> Frame:
        fixes = [Fix(AT + (seq * FIXES + n) * 100, 74250000 + n, 437350000) for n in range(FIXES)]
        return Frame(device, seq, now_us(), fixes)

    return [make(seq) for seq in range(FRAMES)]


@pytest.fixture
async def log(database_url: str) -> AsyncIterator[Log]:
    log = Log(database_url, "test")
    await log.open()
    yield log
    await log.close()


async def commit_all(writer: Writer, frames: Sequence[Frame], answered: Answered) -> None:
    for frame in frames:
        writer.offer(frame, answered)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(writer.run())
        await writer.drain()
        writer.end()
        await running


async def test_what_waits_behind_a_whole_batch_is_folded_ahead_and_stored_once(
    log: Log, conn: asyncpg.Connection
) -> None:
    device = await insert_device(conn, "van-1", "Van")
    writer, answered = Writer(log, MemoryBus(), Metrics()), Answered()
    foresight = log.foresight = Foreseeing(0, writer.lanes.look_ahead)
    await commit_all(writer, make_frames(device.key), answered)
    assert foresight.used == FRAMES * FIXES // BATCH - 1
    assert answered.answers == [(seq, Outcome(FIXES, 0, ())) for seq in range(FRAMES)]
    assert await conn.fetchval("select count(*) from fix where device = $1", device.key) == FRAMES * FIXES


async def test_what_was_folded_ahead_of_a_device_that_is_gone_is_not_stored(log: Log, conn: asyncpg.Connection) -> None:
    devices = [(await insert_device(conn, id, id)).key for id in ("stays", "goes")]
    writer, answered = Writer(log, MemoryBus(), Metrics()), Answered()

    def look() -> Sequence[Frame]:
        found = writer.lanes.look_ahead()
        if found:  # while it is being folded ahead
            writer.forget(devices[1])
        return found

    log.foresight = Foreseeing(0, look)
    stays, goes = (make_frames(key) for key in devices)
    await commit_all(writer, [*stays[:4], *goes[:2], *stays[4:8], *goes[2:4]], answered)
    counts = dict(await conn.fetch("select device, count(*) from fix group by device"))
    assert counts == {devices[0]: 8 * FIXES}


async def test_who_was_told_to_wait_is_read_again_also_where_nothing_of_what_waited_is_stored(
    log: Log, conn: asyncpg.Connection
) -> None:
    device = await insert_device(conn, "van-1", "Van")
    writer, answered = Writer(log, MemoryBus(), Metrics()), Answered()
    frames = make_frames(device.key)[:1] * (ROOM // FIXES)
    assert [writer.offer(frame, answered) for frame in frames] == [True] * (len(frames) - 1) + [False]
    writer.forget(device.key)
    await commit_all(writer, [], answered)
    assert answered.is_resumed and not answered.answers
