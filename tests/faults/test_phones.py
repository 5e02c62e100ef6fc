"""A phone that posts over HTTP loses nothing where the server dies beneath it or the database is away."""

import asyncio
import signal
from pathlib import Path

import asyncpg
import httpx2
import pytest

from tests.faults.cluster import Patient
from tests.patience import PATIENCE_S
from tests.phone_samples import encode, overland
from tests.running import PROGRAM, RunningServer, running
from tracker.model.moment import format_ms, now_ms


def make_address(server: RunningServer, id: str) -> tuple[str, str]:
    """The path of the device's address, and its token."""
    token = server.new_device(id)
    with server.api() as api:
        return str(api.get(f"/api/devices/{id}").json()["ingest_url"]).partition("/in/")[2], token


def post(server: RunningServer, key: str, body: bytes) -> httpx2.Response:
    return httpx2.post(f"{server.url}/in/{key}", content=body, timeout=PATIENCE_S)


@pytest.mark.parametrize("where", ["after_commit", "before_commit"])
async def test_what_had_no_answer_is_sent_again_and_there_once(
    where: str, database_url: str, conn: asyncpg.Connection, tmp_path: Path
) -> None:
    """Killed between what came and the commit, or between the commit and the answer."""
    program = f"from tests.faults.failpoints import {where}; {where}()"
    now = now_ms() // 1000 * 1000
    batch = encode({"locations": [overland(now - 1000 * ago) for ago in range(5)]})
    states = str(tmp_path / "states")
    with running(database_url, program=program, FAILPOINT_BATCH="1", FAILPOINT_STATES=states) as server:
        key, _ = make_address(server, "phone")
        with pytest.raises(httpx2.TransportError):
            await asyncio.to_thread(post, server, key, batch)
        assert await asyncio.to_thread(server.process.wait) == -signal.SIGKILL
        assert await conn.fetchval("select count(*) from fix") == (5 if where == "after_commit" else 0)
        server.program = PROGRAM
        await asyncio.to_thread(server.start)
        answer = await asyncio.to_thread(post, server, key, batch)
        assert (answer.status_code, answer.json()) == (200, {"result": "ok"})
    assert await conn.fetchval("select count(*) from fix") == 5


async def test_while_storage_is_away_it_is_told_to_come_again(durable: Patient, durable_url: str) -> None:
    now = now_ms() // 1000 * 1000
    with running(durable_url) as server:
        key, token = make_address(server, "phone")
        async with server.device("phone", token) as device:
            assert (await asyncio.to_thread(post, server, key, encode(overland(now - 2000)))).status_code == 200
            await asyncio.to_thread(durable.stop_at_once)
            await device.say(type="fixes", seq=1, fixes=[{"at": format_ms(now), "lon": 7.4, "lat": 43.7}])
            async with asyncio.timeout(PATIENCE_S):
                while await asyncio.to_thread(server.is_ready):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            for body in (encode(overland(now - 1000)), b"x" * 40_000):  # the short way, and the route
                refused = await asyncio.to_thread(post, server, key, body)
                assert refused.status_code == 503 and int(refused.headers["Retry-After"]) >= 1
            await durable.start()
            assert (await device.hear("ack"))["stored"] == 1
        assert (await asyncio.to_thread(post, server, key, encode(overland(now - 1000)))).status_code == 200
    conn = await asyncpg.connect(durable_url)
    assert await conn.fetchval("select count(*) from fix") == 3
    await conn.close()
