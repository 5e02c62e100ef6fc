"""The connection to PostgreSQL breaks where it hurts: what happened is found out, and everything is stored once."""

import asyncio
import time

import asyncpg
import pytest

from tests.faults.fleet import Audit, audit, fleet
from tests.faults.proxy import Proxy, proxy
from tests.moments import MONDAY
from tests.patience import PATIENCE_S
from tests.running import running_beside
from tracker.ingest.log import Log
from tracker.model.fix import Fix
from tracker.model.frame import Frame
from tracker.store.devices import insert_device
from tracker.store.nudges import listen
from tracker.store.pool import AWAY

DEVICES = 4
AT = MONDAY


async def test_commits_are_lost_on_the_way_there_and_back(database_url: str, conn: asyncpg.Connection) -> None:
    async with proxy(database_url) as way, running_beside(way.url) as server, fleet(server, DEVICES) as drivers:
        for _ in range(3):
            await drivers.more_acks(DEVICES)
            way.commits_to_lose = 1
            await lost_one(way)
            await drivers.more_acks(DEVICES)
            way.commits_to_stop = 1
            await lost_one(way)
        await drivers.more_acks(DEVICES)
        way.cut()
        await drivers.more_acks(DEVICES)
        way.delay_s = 0.03  # each message of the protocol: a batch takes a third of a second
        await drivers.more_acks(2 * DEVICES)
        await drivers.end()
        found = await audit(conn, drivers)
        assert server.process.poll() is None
    print(found)
    check(found)


async def lost_one(way: Proxy) -> None:
    before = way.lost
    async with asyncio.timeout(PATIENCE_S):
        while way.lost == before:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def check(found: Audit) -> None:
    assert (found.lost, found.doubled, found.strangers, found.wrong_events) == (0, 0, 0, 0), found
    assert found.made == found.acked == found.rows, found


async def test_a_network_that_forgets_a_connection_is_noticed(database_url: str, conn: asyncpg.Connection) -> None:
    """Nothing fails and nothing comes back; the old session still lives, and holds its locks."""
    device = await insert_device(conn, "van-12", "Van 12")
    async with proxy(database_url) as way:
        log = Log(way.url, "test", answer_s=3.0)
        await log.open()
        await log.append([frame(device.key, 1)])
        way.freeze()
        began = time.monotonic()
        with pytest.raises(AWAY):
            await log.append([frame(device.key, 2)])
        assert time.monotonic() - began < PATIENCE_S / 2, "by its own deadline, long before TCP's"
        assert await log.recover() is None
        committed = await log.append([frame(device.key, 2)])
        assert committed.folded.outcomes[0].stored == 1
        assert await conn.fetchval("select count(*) from fix") == 2
        await log.conn.close()


def frame(device: int, seq: int) -> Frame:
    return Frame(device, seq, (AT + seq) * 1000, [Fix(AT + seq, 74250000, 437350000)])


async def test_a_listener_that_hears_nothing_asks(database_url: str) -> None:
    looks = asyncio.Queue[None]()

    async def look() -> None:
        looks.put_nowait(None)

    async def nudged(*_: object) -> None: ...

    async with proxy(database_url) as way, asyncio.timeout(PATIENCE_S):
        listening = asyncio.ensure_future(listen(way.url, nudged, look, quiet_s=0.2))
        await looks.get()
        way.freeze()
        await looks.get()
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
