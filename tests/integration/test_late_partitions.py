"""Fixes of any day find a partition: made when they come, by whoever is first, and again where one was taken away."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import asyncpg
import pytest

from tracker.ingest.log import Log
from tracker.model.fix import Fix
from tracker.model.frame import Frame
from tracker.model.moment import from_datetime, now_us
from tracker.store.devices import insert_device
from tracker.store.partitions import create_missing, select_spans
from tracker.store.pool import open_connection

MIDNIGHT = from_datetime(datetime(2019, 7, 1, tzinfo=UTC))
TODAY = date(2026, 11, 23)


@pytest.fixture
async def log(database_url: str) -> AsyncIterator[Log]:
    log = Log(database_url, "test")
    await log.open()
    yield log
    await log.close()


def frame(device: int, seq: int, *times: int) -> Frame:
    return Frame(device, seq, now_us(), [Fix(at, 74250000, 437350000) for at in times])


async def test_days_long_past_and_midnight(log: Log, conn: asyncpg.Connection) -> None:
    device = await insert_device(conn, "van-12", "Van 12")
    years = [from_datetime(datetime(year, 1, 1, tzinfo=UTC)) for year in range(2000, 2026)]
    outcome = (await log.append([frame(device.key, 1, *years)])).folded.outcomes[0]
    assert outcome.stored == len(years)
    around = [MIDNIGHT - 1, MIDNIGHT, MIDNIGHT + 1]
    assert (await log.append([frame(device.key, 2, *around)])).folded.outcomes[0].stored == 3
    assert (await log.append([frame(device.key, 3, *around)])).folded.outcomes[0].duplicate == 3
    spans = await select_spans(conn)
    assert len([span for span in spans if span[1] <= date(2026, 1, 1)]) == 26


async def test_two_who_make_the_same_days(database_url: str) -> None:
    conns = [await open_connection(database_url) for _ in range(3)]
    days = [date(2020, 1, 1), date(2026, 11, 1), date(2026, 11, 2)]
    made = await asyncio.gather(*(create_missing(conn, days, TODAY) for conn in conns))
    assert sorted(made[0]) == sorted(made[1]) == sorted(made[2])
    for conn in conns:
        await conn.close()


@pytest.mark.parametrize("day", [datetime(2020, 5, 5, tzinfo=UTC), datetime(2000, 1, 1, tzinfo=UTC)])
async def test_a_partition_that_was_taken_away_is_made_again(day: datetime, log: Log, conn: asyncpg.Connection) -> None:
    device = await insert_device(conn, "van-12", "Van 12")
    at = from_datetime(day)
    await log.append([frame(device.key, 1, at)])
    name = await conn.fetchval("select tableoid::regclass::text from fix")
    await conn.execute(f"drop table {name}")
    assert (await log.append([frame(device.key, 2, at + 1)])).folded.outcomes[0].stored == 1
