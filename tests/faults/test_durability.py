"""An ack means committed: whatever dies, nothing acked is missing and nothing is stored twice."""

import asyncio

import asyncpg

from tests.faults.cluster import Patient
from tests.faults.fleet import Fleet, audit, fleet
from tests.patience import PATIENCE_S
from tests.running import RunningServer, running

DEVICES = 12
KILLS = 8
STOPS = 4
LIAR = "from tests.faults.liar import lie; lie()"


async def killed(server: RunningServer, drivers: Fleet) -> None:
    await drivers.more_acks(DEVICES * 3)
    server.kill()
    await asyncio.to_thread(server.start)


async def check(database: str, drivers: Fleet) -> None:
    conn = await asyncpg.connect(database)
    found = await audit(conn, drivers)
    await conn.close()
    print(found)
    assert (found.lost, found.doubled, found.strangers, found.wrong_events) == (0, 0, 0, 0), found
    assert found.made == found.acked == found.rows, found
    assert [answer for device in drivers.devices for answer in device.refused] == []


async def test_eight_kills_of_the_server(durable_url: str) -> None:
    with running(durable_url) as server:
        async with fleet(server, DEVICES) as drivers:
            for _ in range(KILLS):
                await killed(server, drivers)
            await drivers.end()
            assert sum(device.resent for device in drivers.devices) > KILLS, "nothing was under way"
            await check(durable_url, drivers)


async def test_four_immediate_stops_of_postgresql(durable: Patient, durable_url: str) -> None:
    with running(durable_url) as server:
        async with fleet(server, DEVICES) as drivers:
            for _ in range(STOPS):
                await drivers.more_acks(DEVICES * 3)
                await asyncio.to_thread(durable.stop_at_once)
                await durable.start()
            await drivers.more_acks(DEVICES)
            await drivers.end()
            await check(durable_url, drivers)


async def test_the_harness_catches_acks_before_the_commit(durable_url: str) -> None:
    with running(durable_url, program=LIAR) as server:
        async with fleet(server, DEVICES) as drivers:
            conn = await asyncpg.connect(durable_url)
            async with asyncio.timeout(PATIENCE_S):
                while not await conn.fetchval("select count(*) from fix"):  # noqa: ASYNC110 - it does store, only late
                    await asyncio.sleep(0.02)
            await killed(server, drivers)
        found = await audit(conn, drivers)
        await conn.close()
    print(found)
    assert found.lost > 0 and found.rows > 0, found
