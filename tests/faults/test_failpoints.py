"""Death at the two worst moments: what was committed is not stored again, and what was not is not missed."""

import asyncio
import signal
from pathlib import Path

import asyncpg
import pytest

from tests.faults.failpoints import encode_states
from tests.faults.fleet import audit, fleet
from tests.running import PROGRAM, running
from tracker.ingest.log import Log

DEVICES = 4
WITHIN_S = 20.0


@pytest.mark.parametrize("where", ["after_commit", "before_commit"])
async def test_death_in_the_middle_of_a_batch(
    where: str, database_url: str, conn: asyncpg.Connection, tmp_path: Path
) -> None:
    states = tmp_path / "states"
    program = f"from tests.faults.failpoints import {where}; {where}()"
    with running(database_url, program=program, FAILPOINT_BATCH="6", FAILPOINT_STATES=str(states)) as server:
        async with fleet(server, DEVICES) as drivers:
            async with asyncio.timeout(WITHIN_S):
                assert await asyncio.to_thread(server.process.wait) == -signal.SIGKILL
            acked = drivers.acked
            rows = await conn.fetchval("select count(*) from fix")
            assert rows > acked if where == "after_commit" else rows == acked > 0

            assert await rebuilt_states(database_url) == states.read_bytes()

            server.program = PROGRAM
            await asyncio.to_thread(server.start)
            await drivers.more_acks(DEVICES)
            await drivers.end()
            found = await audit(conn, drivers)
    assert (found.lost, found.doubled, found.strangers, found.wrong_events) == (0, 0, 0, 0), found
    assert found.made == found.acked == found.rows, found
    assert found.resent > 0


async def rebuilt_states(url: str) -> bytes:
    """What a start finds: folded again from the tables."""
    log = Log(url, "after")
    await log.open()
    await log.conn.close()
    return encode_states(log.states)
