"""What counts for the installation, whichever of its processes saw it: two of each on one database."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import msgspec
import pytest

from tests.alerts.conftest import started, until
from tests.alerts.parts import PASSWORD, USER
from tests.alerts.test_home_assistant import OpenMosquitto, put, told
from tests.patience import PATIENCE_S
from tracker.access.challenges import Challenges, find_end
from tracker.alerts.home_assistant import announcer
from tracker.alerts.home_assistant.announcer import Announcer
from tracker.app_answers import AGAIN, AppAnswers
from tracker.ingest.repeats import Repeats
from tracker.model.address import Address
from tracker.model.device import Device
from tracker.model.dialect import Dialect
from tracker.model.moment import now_ms, now_us
from tracker.model.reading import Reading
from tracker.model.report import App, Report
from tracker.settings import Remote
from tracker.store.challenges import use_challenge
from tracker.store.commands import insert_command
from tracker.store.devices import insert_device
from tracker.store.duties import ANNOUNCING, Duty
from tracker.store.handed import upsert_handed
from tracker.store.pool import open_pool
from tracker.store.repeats import HOUR_US, add_repeats, prune_repeats, sum_repeats


async def test_a_signature_is_worth_something_once_whoever_is_shown_it(
    conn: asyncpg.Connection, pool: asyncpg.Pool
) -> None:
    key = secrets.token_bytes(32)
    first, second = Challenges(key=key), Challenges(key=key)
    challenge = first.make("sign in")
    assert second.is_open(challenge, "sign in") and not Challenges().is_open(challenge, "sign in")

    async def use() -> bool:
        async with pool.acquire() as conn:
            return await use_challenge(conn, challenge, find_end(challenge) * 1000)

    assert sorted(await asyncio.gather(use(), use(), use())) == [False, False, True]
    over, ended = second.make("sign in"), now_ms() - 60_000  # by the database's clock, which is ahead
    assert await use_challenge(conn, over, ended)
    assert not await use_challenge(conn, over, ended)
    assert await use_challenge(conn, second.make("sign in"), now_ms() - 2 * 3_600_000)
    assert await use_challenge(conn, second.make("sign in"), now_ms() + 1000)
    assert await conn.fetchval("select count(*) from used_challenge") == 3, (
        "what is over by itself is not kept for ever"
    )


async def test_a_duty_that_could_not_be_asked_for_holds_no_connection(database_url: str) -> None:
    async with asyncio.timeout(PATIENCE_S), await open_pool(database_url, max_size=1) as pool:
        with pytest.raises(asyncpg.DataError):
            await Duty(pool, 2**31).hold()
        duty = Duty(pool, ANNOUNCING)
        assert await duty.hold()
        await duty.leave()


async def test_repeats_are_those_of_all_owners(conn: asyncpg.Connection, device: Device) -> None:
    now = now_us()
    first, second = Repeats(), Repeats()
    first.note(device.key, 2, now)
    first.note(device.key, 40, now - 30 * HOUR_US)
    first.note(999, 1, now)  # of a device that is gone by the time it is stored
    second.note(device.key, 3, now)
    for each in (first, second):
        await add_repeats(conn, each.take())
    second.note(device.key, 4, now)
    assert await sum_repeats(conn, device.key, now) + second.count(device.key, now) == 9
    await prune_repeats(conn, now)
    assert await conn.fetchval("select sum(count) from repeated_fix") == 5


@asynccontextmanager
async def deleting(pool: asyncpg.Pool, device: Device) -> AsyncIterator[None]:
    """What is done meanwhile sees the device still, and its row is gone afterwards."""
    async with pool.acquire() as deleter, deleter.transaction():
        await deleter.execute("delete from device where key = $1", device.key)
        yield


async def test_what_a_device_that_is_being_deleted_repeated_holds_up_no_other(
    conn: asyncpg.Connection, pool: asyncpg.Pool, device: Device
) -> None:
    other, now = await insert_device(conn, "bus", "Bus", "bus"), now_us()
    hour = now // HOUR_US
    async with deleting(pool, device):
        async with asyncio.timeout(PATIENCE_S):
            await add_repeats(conn, {(device.key, hour): 1, (device.key, hour - 1): 2, (other.key, hour): 3})
    assert await sum_repeats(conn, other.key, now) == 3
    assert await conn.fetchval("select count(*) from repeated_fix") == 1


async def test_what_a_device_was_told_that_is_being_deleted_is_not_kept(
    conn: asyncpg.Connection, pool: asyncpg.Pool, device: Device
) -> None:
    async with deleting(pool, device):
        async with asyncio.timeout(PATIENCE_S):
            await upsert_handed(conn, device.key, b"mark", b"[]")
    assert await conn.fetchval("select count(*) from handed_answer") == 0


def post(second: int) -> Report:
    return Report(App(Dialect.OWNTRACKS, "OwnTracks"), "array", (Reading(second * 1000, 24.9, 60.2),))


async def test_an_answer_that_was_lost_is_given_again_by_another_process(
    conn: asyncpg.Connection, pool: asyncpg.Pool, device: Device
) -> None:
    both, address = (AppAnswers(pool), AppAnswers(pool)), Address(device)
    for each in both:
        assert await each.find(address, post(0)) == []
    await insert_command(conn, device.key, str(uuid4()), "report_now", b"{}", expires=now_ms() + 60_000)
    for each in both:
        each.notice(device.key)
    given = await both[0].find(address, post(1))
    assert [each["action"] for each in given] == ["reportLocation"]
    for _ in range(AGAIN):
        assert await both[1].find(address, post(1)) == given
    assert await both[1].find(address, post(1)) == [], "an app that repeats it for ever reads no answer"
    assert await both[1].find(address, post(2)) == [] and await both[0].find(address, post(2)) == []
    assert await both[0].find(msgspec.structs.replace(address, shows_friends=True), post(1)) == []


@pytest.fixture
def mosquitto(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenMosquitto]:
    monkeypatch.setattr(announcer, "EVERY", 0.05)
    with started(OpenMosquitto(tmp_path)) as mosquitto:
        yield mosquitto


@asynccontextmanager
async def announcing(pool: asyncpg.Pool, port: int) -> AsyncIterator[Announcer]:
    one = Announcer(pool, Remote("mqtt", "127.0.0.1", port, USER, PASSWORD), "homeassistant")
    task = asyncio.create_task(one.run())
    try:
        yield one
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_one_machine_tells_home_assistant_and_another_follows(
    pool: asyncpg.Pool, conn: asyncpg.Connection, device: Device, mosquitto: OpenMosquitto
) -> None:
    await put(conn, device, 0)
    async with announcing(pool, mosquitto.port) as second:
        async with announcing(pool, mosquitto.port) as first:
            await until(lambda: len(told(mosquitto, "/attributes")) == 1)
            for step in (1, 2):
                await put(conn, device, step)
                await until(lambda step=step: len(told(mosquitto, "/attributes")) == 1 + step)
            assert len(told(mosquitto, "/config")) == 1
            assert (first.duty.conn is None) is not (second.duty.conn is None)
        await put(conn, device, 3)
        await until(lambda: len(told(mosquitto, "/attributes")) >= 4)
        assert second.duty.conn is not None
