"""How often a device usually reports is learned from its fixes of two weeks, for those nobody said it of."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from tests.patience import PATIENCE_S
from tracker.model.device import Device
from tracker.store.devices import insert_device
from tracker.store.ownership import ALL
from tracker.store.recorded import select_recorded
from tracker.store.rhythms import FEWEST, learn_rhythm, select_rhythm, select_to_learn


@pytest.fixture
async def phone(conn: asyncpg.Connection) -> Device:
    await conn.execute("create table fix_all partition of fix default")
    return await insert_device(conn, "phone", "Phone")


async def report(conn: asyncpg.Connection, device: int, days: int, hour: int, gap: float, count: int) -> None:
    """So many fixes in this hour of one day, so many days ago."""
    begin = datetime.now(UTC).replace(hour=hour, minute=0, second=0, microsecond=0) - timedelta(days=days)
    for n in range(count):
        await conn.execute(
            "insert into fix (at, received_at, device, lon_e7, lat_e7) values ($1, $1, $2, $3, 0)",
            begin + timedelta(seconds=n * gap),
            device,
            n,
        )


async def hear(conn: asyncpg.Connection, device: int) -> None:
    await conn.execute(
        "insert into device_app (device, dialect, app, first_seen, last_seen) values ($1, 5, 'x', now(), now())", device
    )


async def test_the_median_of_each_hour(conn: asyncpg.Connection, phone: Device) -> None:
    await report(conn, phone.key, 1, 7, 60, FEWEST)
    await report(conn, phone.key, 2, 7, 60, FEWEST)
    await report(conn, phone.key, 3, 7, 90, 5)  # fewer, and so not the median
    await report(conn, phone.key, 2, 9, 30, FEWEST - 5)  # too few
    await report(conn, phone.key, 20, 11, 30, FEWEST * 2)  # too long ago
    await learn_rhythm(conn, phone.key)
    gaps = await select_rhythm(conn, phone.key)
    assert gaps is not None and {hour: gap for hour, gap in enumerate(gaps) if gap is not None} == {7: 60.0}
    assert [each.rhythm for each in await select_recorded(conn, ALL)] == [gaps]


async def test_who_is_to_be_learned(conn: asyncpg.Connection, phone: Device) -> None:
    assert await select_to_learn(conn) is None  # it reports by no app
    await hear(conn, phone.key)
    assert await select_to_learn(conn) == phone.key
    await learn_rhythm(conn, phone.key)
    assert await select_to_learn(conn) is None
    await conn.execute("update device_rhythm set learned_at = now() - interval '25 hours'")
    assert await select_to_learn(conn) == phone.key
    await conn.execute("update device set interval_s = 60")
    assert await select_to_learn(conn) is None  # somebody said it
    await learn_rhythm(conn, 999)  # deleted meanwhile
    assert await select_rhythm(conn, 999) is None


async def test_of_a_device_that_is_being_deleted_nothing_is_learned(
    conn: asyncpg.Connection, pool: asyncpg.Pool, phone: Device
) -> None:
    async with pool.acquire() as deleter, deleter.transaction():
        await deleter.execute("delete from device where key = $1", phone.key)
        async with asyncio.timeout(PATIENCE_S):
            await learn_rhythm(conn, phone.key)
    assert await select_rhythm(conn, phone.key) is None
