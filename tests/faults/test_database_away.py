"""PostgreSQL is away: no acks, bounded memory, pressed-back sockets, viewers that keep what they saw, and a recovery
without a restart."""

import asyncio
from contextlib import AsyncExitStack

import asyncpg
import httpx2
import pytest

from tests.faults.cluster import Patient
from tests.faults.flood import MAX_FIXES, bulk, memory_of
from tests.patience import PATIENCE_S
from tests.running import RunningServer, Talk, running
from tracker.model.moment import format_ms, now_ms

CROWD = 60  # with a window each, more than twice what may wait
WINDOW = 4
ROOM = 50_000
BATCH = 2_000  # may have been taken before the devices were pressed back, and is tried again and again
MB = 2**20


async def not_ready(server: RunningServer) -> str:
    """Why."""
    async with httpx2.AsyncClient(base_url=server.url, timeout=PATIENCE_S) as http:
        assert (await http.get("/livez")).status_code == 200
        answer = await http.get("/readyz")
    assert answer.status_code == 503
    return answer.text


async def ready_again(server: RunningServer) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await asyncio.to_thread(server.is_ready):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def test_a_database_that_hangs(durable: Patient, durable_url: str) -> None:
    with running(durable_url) as server:
        token = server.new_device("van-12")
        fixes = [{"at": format_ms(now_ms() + n * 1000 - 9_000), "lon": 7.4 + n / 1e4, "lat": 43.7} for n in range(3)]
        async with server.device("van-12", token) as device, server.viewer() as viewer:
            await device.fixes(1, fixes[0])
            assert (await viewer.hear("positions"))["positions"][0]["lon"] == 7.4
            with durable.frozen():
                await device.say(type="fixes", seq=2, fixes=[fixes[1]])
                assert "does not answer" in await not_ready(server)
                with pytest.raises(TimeoutError):
                    await device.hear("ack", within=0.5)
                async with server.viewer() as late:  # a viewer that comes now still sees what was
                    assert (await late.hear("snapshot"))["positions"][0]["lon"] == 7.4
                with pytest.raises(TimeoutError):
                    await viewer.hear("positions", within=0.1)
            assert (await device.hear("ack"))["seq"] == 2
            assert (await viewer.hear("positions"))["positions"][0]["lon"] == 7.4001
            assert (await device.fixes(3, fixes[2]))["stored"] == 1
            await ready_again(server)


async def test_a_crowd_sends_all_it_may_while_the_database_is_down(durable: Patient, durable_url: str) -> None:
    base = now_ms() - 3_600_000
    with running(durable_url) as server:
        tokens = {f"van-{n}": server.new_device(f"van-{n}") for n in range(CROWD)}
        with server.api() as api:
            for id in tokens:
                assert api.post(f"/api/devices/{id}/commands", json={"name": "report_now"}).is_success
        async with AsyncExitStack() as stack:
            crowd = [await stack.enter_async_context(server.device(*each, binary=True)) for each in tokens.items()]
            for talk in crowd:  # or one whose commands are still being looked up is sent away with the database
                await talk.hear("command")
            await asyncio.to_thread(durable.stop_at_once)
            before = memory_of(server.pid)
            sending = asyncio.gather(*(send_window(talk, base) for talk in crowd))
            async with asyncio.timeout(PATIENCE_S):
                while await told(server, "tracker_waiting_fixes") < ROOM - BATCH:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            await attempts(server, 2)  # what waits is counted with each, and must not have grown
            grown, waiting = memory_of(server.pid) - before, await told(server, "tracker_waiting_fixes")
            print(f"{waiting:.0f} fixes waited, memory grew by {grown / MB:.0f} MB")
            assert "lost the database" in await not_ready(server)
            assert ROOM - BATCH <= waiting < 1.2 * ROOM, "the devices were not pressed back"
            assert grown < 100 * MB
            with pytest.raises(TimeoutError):
                await crowd[0].hear(within=0.1)

            await durable.start()
            await sending
            for talk in crowd:
                acks = [await talk.hear("ack") for _ in range(WINDOW)]
                assert [ack["stored"] for ack in acks] == [MAX_FIXES] * WINDOW
            for talk in crowd:  # and all of them are read again
                await talk.send(bulk(WINDOW + 1, base + 600_000, 1))
                assert (await talk.hear("ack"))["stored"] == 1
            await ready_again(server)
    conn = await asyncpg.connect(durable_url)
    assert await conn.fetchval("select count(*) from fix") == CROWD * (WINDOW * MAX_FIXES + 1)
    await conn.close()


async def send_window(talk: Talk, base: int) -> None:
    for seq in range(1, WINDOW + 1):
        await talk.send(bulk(seq, base + seq * 10_000))


async def attempts(server: RunningServer, count: int) -> None:
    """Wait until the server has tried so many times more to reach the database."""
    goal = await told(server, "tracker_storage_failures_total") + count
    async with asyncio.timeout(PATIENCE_S):
        while await told(server, "tracker_storage_failures_total") < goal:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def told(server: RunningServer, name: str) -> float:
    """A number of its metrics."""
    async with httpx2.AsyncClient(base_url=server.url, headers=server.credentials, timeout=PATIENCE_S) as http:
        text = (await http.get("/metrics")).raise_for_status().text
    return float(text.partition(f"\n{name} ")[2].split("\n")[0])
