"""Two servers on one database: one folds, the other waits, and no fault makes both believe that they own the log."""

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
import httpx2
import pytest
from websockets.exceptions import InvalidStatus

from tests.alerts.conftest import until
from tests.faults.fleet import FENCE, INSIDE, LAT, OUTSIDE
from tests.patience import PATIENCE_S, soon
from tests.running import RunningServer, running
from tracker.model.moment import format_ms, now_ms

TAKEN_OVER_S = 8.0  # a killed owner's session ends with it
EXPIRY_S = 10.0  # one that hangs is given this long


def fix(seconds: float, lon: float = INSIDE) -> dict[str, object]:
    return {"at": format_ms(now_ms() + round(seconds * 1000)), "lon": lon, "lat": LAT}


@contextmanager
def standby(database_url: str) -> Iterator[RunningServer]:
    server = RunningServer(database_url)
    try:
        server.start(until_ready=False)
        yield server
    finally:
        server.end()


async def ready_within(server: RunningServer, seconds: float) -> float:
    """How long it took."""
    began = time.monotonic()
    while not await asyncio.to_thread(server.is_ready):
        assert time.monotonic() - began < soon(seconds), f"not ready after {seconds} s:\n{server.text()}"
        await asyncio.sleep(0.05)
    return time.monotonic() - began


async def check_waiting(server: RunningServer, token: str) -> None:
    async with httpx2.AsyncClient(base_url=server.url, timeout=PATIENCE_S) as http:
        assert (await http.get("/livez")).status_code == 200
        refused = await http.get("/readyz")
    assert refused.status_code == 503 and "standing by" in refused.text
    for path in ("/ws/device", "/ws/live"):
        with pytest.raises(InvalidStatus) as caught:
            async with server.socket(path, token if path == "/ws/device" else None):
                pass
        assert caught.value.response.status_code == 503


async def test_the_second_waits_and_takes_over_from_a_killed_first(database_url: str, conn: asyncpg.Connection) -> None:
    with running(database_url) as first, standby(database_url) as second:
        token = first.new_device("van-12")
        first.new_geofence(FENCE)
        frame = [fix(-20), fix(-19, OUTSIDE), fix(-18)]
        async with first.device("van-12", token) as device:
            assert (await device.fixes(1, *frame))["stored"] == 3
        await check_waiting(second, token)
        await asyncio.sleep(EXPIRY_S + 2)  # idle for longer than a lease lasts: it is renewed all the same
        assert first.is_ready() and not second.is_ready()

        first.kill()
        took = await ready_within(second, TAKEN_OVER_S)
        print(f"taken over from a killed owner after {took:.1f} s")
        async with second.device("van-12", token) as device:
            assert (await device.fixes(1, *frame))["duplicate"] == 3
            assert (await device.fixes(2, fix(-17)))["stored"] == 1
    kinds = await conn.fetch("select type from event order by id")
    assert [row["type"] for row in kinds] == ["enter", "exit", "enter"], "the successor knows that it is inside"


NOWHERE = {"at": "2020-02-30T00:00:00Z", "lon": 0, "lat": 0}
# A plain batch went out in one message, and is committed while its owner is frozen and still owns. One with a refusal
# is several, of which the frozen owner sends no more: its transaction is open, and holds the row that says who owns.
FROZEN_IN = {"one message": ([], "duplicate"), "a transaction": ([NOWHERE], "stored")}


@pytest.mark.parametrize("way", FROZEN_IN)
async def test_a_frozen_owner_is_fenced_and_stores_nothing_when_it_wakes(
    database_url: str, conn: asyncpg.Connection, way: str
) -> None:
    """Stopped in the middle of a batch."""
    more, answer = FROZEN_IN[way]
    with running(database_url) as first, standby(database_url) as second:
        token = first.new_device("van-12")
        frame = [fix(-20), fix(-19), *more]
        async with first.device("van-12", token) as device:
            assert (await device.fixes(1, fix(-30)))["stored"] == 1
            await conn.execute("begin; lock table fix in access exclusive mode")
            await device.say(type="fixes", seq=2, fixes=frame)
            await waits_for_a_lock(conn)
            fenced = first.pid
            os.kill(fenced, signal.SIGSTOP)
            await conn.execute("rollback")
            took = await ready_within(second, EXPIRY_S + TAKEN_OVER_S)
            print(f"taken over from a frozen owner after {took:.1f} s")
            async with second.device("van-12", token) as again:
                assert (await again.fixes(2, *frame))[answer] == 2
                os.kill(fenced, signal.SIGCONT)
                await until(lambda: first.pids().get("server") not in (None, fenced))
                assert not await asyncio.to_thread(first.is_ready), "an owner that was fenced ends; the next stands by"
                assert (await again.fixes(3, fix(-18)))["stored"] == 1
        assert second.is_ready()
    assert await conn.fetchval("select count(*) from fix") == 4


LOCKED = """select count(*) from pg_locks where not granted
    and database = (select oid from pg_database where datname = current_database())"""


async def waits_for_a_lock(conn: asyncpg.Connection) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await conn.fetchval(LOCKED):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
