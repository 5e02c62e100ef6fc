"""Death at the two worst moments: what was committed is not stored again, and what was not is not missed."""

import asyncio
import signal
from pathlib import Path

import asyncpg
import pytest

from tests.faults.failpoints import encode_states
from tests.faults.fleet import Fleet, audit, fleet
from tests.patience import PATIENCE_S
from tests.running import PROGRAM, running
from tracker.ingest.log import Log

DEVICES = 4


@pytest.mark.parametrize("where", ["after_commit", "before_commit"])
async def test_death_in_the_middle_of_a_batch(
    where: str, database_url: str, conn: asyncpg.Connection, tmp_path: Path
) -> None:
    states = tmp_path / "states"
    program = f"from tests.faults.failpoints import {where}; {where}()"
    with running(database_url, program=program, FAILPOINT_BATCH="6", FAILPOINT_STATES=str(states)) as server:
        async with fleet(server, DEVICES) as drivers:
            async with asyncio.timeout(PATIENCE_S):
                assert await asyncio.to_thread(server.process.wait) == -signal.SIGKILL
            rows = await conn.fetchval("select count(*) from fix")
            if where == "before_commit":
                await heard(drivers, rows)
            assert rows > drivers.acked if where == "after_commit" else rows == drivers.acked > 0

            assert await rebuilt_states(database_url) == states.read_bytes()

            server.program = PROGRAM
            await asyncio.to_thread(server.start)
            await drivers.more_acks(DEVICES)
            await drivers.end()
            found = await audit(conn, drivers)
    assert (found.lost, found.doubled, found.strangers, found.wrong_events) == (0, 0, 0, 0), found
    assert found.made == found.acked == found.rows, found
    assert found.resent > 0


async def heard(drivers: Fleet, rows: int) -> None:
    """The last acks of a server that is dead still lie in the sockets of its devices."""
    async with asyncio.timeout(PATIENCE_S):
        while drivers.acked < rows:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def rebuilt_states(url: str) -> bytes:
    """What a start finds: folded again from the tables."""
    log = Log(url, "after")
    await log.open()
    await log.conn.close()
    return encode_states(log.states)
