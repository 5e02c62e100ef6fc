"""Offline and online through the database, across crashes, and through a real server."""

import asyncpg
import msgspec
import pytest

from tests.integration.numbered import number_events, told_by
from tests.running import running
from tracker.ingest.log import Log
from tracker.ingest.silences import Silences
from tracker.ingest.writer import Writer
from tracker.live.memory import MemoryBus
from tracker.metrics import Metrics
from tracker.model.device import Device
from tracker.model.fix import Fix
from tracker.model.frame import Frame, Outcome
from tracker.model.moment import format_ms, now_ms, now_us
from tracker.model.sight import EVERYTHING
from tracker.model.state import State
from tracker.store.devices import delete_device, insert_device, select_device

S = 1_000_000  # µs
# One second of silence is enough, and nothing is waited for that may be on its way.
HASTY = """
import tracker.ingest.wakes, tracker.pipeline.silence
tracker.ingest.wakes.GRACE_US = 100_000
tracker.pipeline.silence.LEAST_S = 1.0
tracker.pipeline.silence.MISSED = 1
from tracker.processes.child import main
main()
"""


@pytest.fixture
async def van(conn: asyncpg.Connection) -> Device:
    return await insert_device(conn, "van", "Van", interval=60)


async def opened(url: str) -> Log:
    log = Log(url, "test")
    await log.open()
    return log


async def sent(log: Log, device: Device, received_at: int) -> list[str]:
    frame = Frame(device.key, 1, received_at, [Fix(received_at // 1000, 249_400_000, 601_700_000)])
    return [event.type for event in await told_by(log, log.append([frame]))]


async def looked(log: Log, now: int) -> list[str]:
    devices = log.memory.ring(now)
    return [event.type for event in await told_by(log, log.elapse(devices, now))] if devices else []


async def test_an_outage_is_told_once_across_crashes(database_url: str, van: Device) -> None:
    now = now_us()
    log = await opened(database_url)
    assert await sent(log, van, now) == []
    assert await looked(log, now + 100 * S) == []
    assert await looked(log, now + 200 * S) == ["offline"]
    for _ in range(2):
        await log.conn.close()  # without a checkpoint
        log = await opened(database_url)
        assert await looked(log, now_us() + 900 * S) == []
    assert await sent(log, van, now + 300 * S) == ["online"]
    await log.conn.close()
    log = await opened(database_url)
    assert await sent(log, van, now + 301 * S) == []
    await log.checkpoint()
    assert await looked(log, now_us() + 900 * S) == ["offline"]
    await log.close()


async def handed_on(log: Log) -> None:
    await log.let_go(log.memory.silences.hand_on(now_us()))
    await log.conn.close()


async def test_silence_goes_on_where_one_owner_hands_on_to_the_next_and_begins_anew_after_a_crash(
    database_url: str, conn: asyncpg.Connection
) -> None:
    van = await insert_device(conn, "van", "Van", interval=20)  # a limit of a minute
    began = now_us()
    log = await opened(database_url)
    log.memory.silences.since = began - 100 * S
    assert await sent(log, van, began - 50 * S) == []
    for _ in range(3):
        await handed_on(log)
        log = await opened(database_url)
    assert await looked(log, began + 14 * S) == [], "50 s of 60 and 5 that are waited for"
    await log.conn.close()
    log = await opened(database_url)
    assert await looked(log, began + 50 * S) == [], "who held a socket of the dead may be about to connect again"
    await handed_on(log)
    log = await opened(database_url)
    assert await looked(log, now_us() + 66 * S) == ["offline"]
    await log.close()


async def test_silence_is_told_on_time_by_who_has_it_from_another(database_url: str, conn: asyncpg.Connection) -> None:
    van = await insert_device(conn, "van", "Van", interval=20)
    began = now_us()
    log = await opened(database_url)
    log.memory.silences.since = began - 100 * S
    assert await sent(log, van, began - 50 * S) == []
    await handed_on(log)
    log = await opened(database_url)
    assert await looked(log, now_us() + 16 * S) == ["offline"]
    await log.close()


def test_clocks_that_differ_make_nobody_silent_sooner_or_later() -> None:
    device, state = Device(1, "van", "Van", interval=20), State(newest=Fix(0, 0, 0), received_at=0)
    silences, clock = Silences(), 0
    for ahead in (0, 60 * S, -30 * S):
        known = silences.hand_on(clock)
        silences = Silences()
        clock += ahead + S  # a second between the two, in which nobody listens
        silences.go_on(known, clock)
        clock += 2 * S
    assert silences.find_due(device, state) == 60 * S + 30 * S + 3 * S


async def test_folding_in_late_fixes_changes_nothing_of_an_outage(database_url: str, van: Device) -> None:
    now = now_us()
    log = await opened(database_url)
    for ago, received in ((0, 0), (-20, 1), (-10, 100)):
        fix = Fix((now + ago * S) // 1000, 249_400_000, 601_700_000)
        await log.append([Frame(van.key, 1, now + received * S, [fix])])
        if log.memory.late:
            await log.refold(van.key)
    assert await looked(log, now + 270 * S) == []  # heard at 100
    assert await looked(log, now + 290 * S) == ["offline"]
    log.states[van.key] = msgspec.structs.replace(log.states[van.key], late_from=now // 1000 - 15_000)
    await log.refold(van.key)
    assert log.states[van.key].offline_at is not None
    assert await looked(log, now + 900 * S) == []
    assert await sent(log, van, now + 901 * S) == ["online"]
    await log.close()


async def test_a_device_that_is_deleted_is_not_missed(database_url: str, van: Device, conn: asyncpg.Connection) -> None:
    log = await opened(database_url)
    await sent(log, van, now_us())
    await delete_device(conn, "van")
    assert await looked(log, now_us() + 900 * S) == []  # in the moment before the log knows
    await log.forget(van.key)
    assert await looked(log, now_us() + 1900 * S) == []
    await log.close()


async def test_an_interval_that_was_set_counts_from_then_on(
    database_url: str, van: Device, conn: asyncpg.Connection
) -> None:
    log = await opened(database_url)
    await sent(log, van, now_us() - 5000 * S)
    await conn.execute("update device set interval_s = 20")
    changed = await select_device(conn, EVERYTHING, "van")
    assert changed is not None
    log.memory.know(changed)
    assert await looked(log, now_us() + 50 * S) == []
    assert await looked(log, now_us() + 70 * S) == ["offline"]
    await log.close()


class Waiting:
    """A sender whose socket is not read."""

    def committed(self, frame: Frame, outcome: Outcome) -> None: ...

    def resume(self) -> None: ...


async def test_who_is_not_listened_to_is_not_silent(database_url: str, van: Device, conn: asyncpg.Connection) -> None:
    log, waiting = await opened(database_url), Waiting()
    writer = Writer(log, MemoryBus(), Metrics())
    now = now_us()
    await sent(log, van, now)
    writer.pressed.add(waiting)
    await writer.tell_of_time(now + 900 * S)
    writer.pressed.discard(waiting)
    await writer.tell_of_time(now + 1000 * S)
    assert await number_events(conn) == []
    await writer.tell_of_time(now + 1100 * S)
    assert [event.type for event in await number_events(conn)] == ["offline"]
    await log.close()


async def test_a_server_tells_of_silence_by_its_clock(database_url: str) -> None:
    with running(database_url, program=HASTY) as server:
        token = server.new_device("van")
        with server.api() as api:
            assert api.patch("/api/devices/van", json={"interval": 1}).json()["interval"] == 1
        async with server.viewer(events={"after": 0}) as viewer:
            async with server.device("van", token) as device:
                measured = now_ms()
                await device.fixes(1, {"at": format_ms(measured), "lon": 24.94, "lat": 60.17})
            offline = (await viewer.hear("event"))["event"]
            assert (offline["type"], offline["device"], offline["geofence"]) == ("offline", "van", None)
            assert (offline["at"], offline["lon"]) == (format_ms(measured + 1000), 24.94)
            assert offline["evidence"]["by"] == "clock" and offline["evidence"]["interval_s"] == 1
            async with server.device("van", token, boot="b2") as device:
                await device.fixes(1, {"at": format_ms(now_ms()), "lon": 24.95, "lat": 60.17})
            online = (await viewer.hear("event"))["event"]
            assert (online["id"], online["type"], online["lon"]) == (2, "online", 24.95)
