"""What is sent, when, in which order and how often; with a receiver that is slow, refuses, dies and comes back."""

import time
from collections.abc import Iterator
from uuid import UUID

import asyncpg
import msgspec
import pytest

from tests.alerts.conftest import Receiver, happen, sending, started, subscribe, until
from tracker.alerts.breaker import FIRST_PAUSE
from tracker.alerts.carriers.dialer import Dialer
from tracker.alerts.dispatcher import Dispatcher
from tracker.model.device import Device
from tracker.model.sight import EVERYTHING
from tracker.model.subscription import Quiet
from tracker.store.deliveries import Past, replay_deliveries, select_attempts, select_deliveries
from tracker.store.devices import delete_device, insert_device
from tracker.store.subscriptions import delete_subscription, select_subscription, update_secret, update_subscription

ALL = 2**62


async def states(conn: asyncpg.Connection) -> list[str]:
    return [row["state"] for row in await conn.fetch("select state from delivery order by id")]


async def test_an_event_becomes_a_signed_cloud_event(
    conn: asyncpg.Connection, van: Device, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    await subscribe(conn, receiver.url("/hook?x=1"), "port-watch")
    (event,) = await happen(conn, van, [0])
    dispatcher.wake()
    (got,) = await receiver.wait_for(1)
    message = got["message"]
    assert got["path"] == "/hook?x=1"
    assert got["headers"]["content-type"].startswith("application/cloudevents+json")
    assert message["id"] == got["headers"]["webhook-id"]
    assert (message["specversion"], message["type"], message["subject"]) == ("1.0", "tracker.enter", "van")
    assert message["source"] == f"urn:uuid:{UUID(dispatcher.installation)}"
    assert message["data"]["subscription"] == "port-watch" and message["data"]["count"] == 1
    told = message["data"]["events"][0]
    assert (told["id"], told["device"], told["geofence"], told["late"]) == (event.id, "van", "port", False)
    await until(lambda: conn.fetchval("select bool_and(state = 'sent') from delivery"))
    (delivery,) = await select_deliveries(conn, 1, before=ALL, limit=9)
    (attempt,) = (await select_attempts(conn, [delivery.id]))[delivery.id]
    assert (delivery.attempts, attempt.number, attempt.status, attempt.error) == (1, 1, 204, None)
    assert await conn.fetchval("select count(*) from outbox") == 0


async def test_only_what_is_wished_for_is_told(
    conn: asyncpg.Connection, van: Device, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    bus = await insert_device(conn, "bus", "Bus")
    await subscribe(conn, receiver.url("/port"), "a", geofences=("port",), types=("exit",))
    await subscribe(conn, receiver.url("/bus"), "b", devices=("bus",))
    await subscribe(conn, receiver.url("/vans"), "c", categories=("van",))
    await subscribe(conn, receiver.url("/old"), "d", max_age=5)
    await happen(conn, van, [0], geofence=1)  # 1
    await happen(conn, van, [1], geofence=1, kind="exit")  # 2
    await happen(conn, bus, [-9], geofence=2)  # 3
    await receiver.wait_for(6)
    told = {path: receiver.events(path) for path in ("/port", "/bus", "/vans", "/old")}
    assert told == {"/port": [2], "/bus": [3], "/vans": [1, 2], "/old": [1, 2]}


async def test_order_is_kept_behind_a_failure_and_other_devices_do_not_wait(
    conn: asyncpg.Connection, van: Device, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    bus = await insert_device(conn, "bus", "Bus")
    path = "/flaky?status=500&times=1"
    await subscribe(conn, receiver.url(path))
    await happen(conn, van, [0, 1, 2])  # the first fails once and comes again after 5 s
    await receiver.wait_for(1)
    await happen(conn, bus, [0])
    await receiver.wait_for(5)
    ids = receiver.events()
    assert ids[:2] == [1, 4] and [id for id in ids if id != 4] == [1, 1, 2, 3]


@pytest.fixture
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    with started(Receiver(tmp_path_factory.mktemp("other"))) as other:
        yield other


async def test_a_dead_receiver_delays_no_other_and_gets_all_when_it_is_back(
    conn: asyncpg.Connection, van: Device, receiver: Receiver, other: Receiver, dispatcher: Dispatcher
) -> None:
    await subscribe(conn, other.url(), "dead")
    await subscribe(conn, receiver.url(), "well")
    other.kill()
    began = time.monotonic()
    devices = [await insert_device(conn, f"d{n}", "D") for n in range(20)]
    for device in devices:
        await happen(conn, device, [0])
    await receiver.wait_for(20)
    breaker = dispatcher.breakers[other.url()]
    failed = "select count(*) from attempt where error is not null"
    await until(lambda: conn.fetchval(f"select ({failed}) >= 3"))
    assert breaker.is_open
    probes = (time.monotonic() - began) // FIRST_PAUSE
    assert await conn.fetchval(failed) <= 6 + probes, "the breaker spares the schedule of the others"
    assert await conn.fetchval("select error from attempt where error is not null limit 1")
    other.start()
    await other.wait_for(20)
    assert sorted(other.events()) == sorted(receiver.events())
    await until(lambda: conn.fetchval("select bool_and(state = 'sent') from delivery"))
    other.kill()


async def test_two_senders_send_each_message_once(
    conn: asyncpg.Connection, pool: asyncpg.Pool, van: Device, receiver: Receiver, dialer: Dialer
) -> None:
    await subscribe(conn, receiver.url())
    devices = [await insert_device(conn, f"d{n}", "D") for n in range(10)]
    for device in devices:
        await happen(conn, device, range(3))
    async with sending(pool, dialer), sending(pool, dialer):
        await until(lambda: conn.fetchval("select count(*) = 30 and bool_and(state = 'sent') from delivery"))
    ids = receiver.events()
    assert sorted(ids) == list(range(1, 31))
    by_lane = [[id for id in ids if (id - 1) // 3 == n] for n in range(10)]
    assert all(lane == sorted(lane) for lane in by_lane)


async def test_410_disables_and_a_redirect_is_a_failure(
    conn: asyncpg.Connection, van: Device, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    await subscribe(conn, receiver.url("/gone?status=410"), "gone")
    await subscribe(conn, receiver.url("/moved?status=302&location=/else"), "moved")
    await happen(conn, van, [0])
    await until(lambda: conn.fetchval("select count(*) = 2 from attempt"))
    await until(lambda: conn.fetchval("select not enabled from subscription where id = 'gone'"))
    gone = await select_subscription(conn, EVERYTHING, "gone")
    assert gone is not None and not gone.enabled and "410" in (gone.reason or "")
    assert await states(conn) == ["dead", "waiting"]
    assert {each["path"].partition("?")[0] for each in receiver.received()} == {"/gone", "/moved"}
    await happen(conn, van, [1])
    assert await conn.fetchval("select count(*) from outbox where subscription = $1", gone.key) == 0


async def test_a_wish_to_wait_is_granted_and_the_last_failure_is_a_dead_letter(
    conn: asyncpg.Connection, van: Device, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    await subscribe(conn, receiver.url("/busy?status=429&retry-after=3000"))
    await happen(conn, van, [0])
    await until(lambda: conn.fetchval("select count(*) = 1 from attempt"))
    wait = await conn.fetchval("select extract(epoch from due - now()) from delivery")
    assert 2900 < wait <= 3000
    dispatcher.breakers.clear()
    await conn.execute("update delivery set attempts = 11, due = now()")
    await happen(conn, van, [1])
    await until(lambda: conn.fetchval("select array_agg(state order by id) = '{dead,waiting}' from delivery"))
    assert await conn.fetchval("select due is not null from delivery where id = 2"), "the next of the lane is due"


async def test_replay_by_hand_and_by_span_keeps_the_message_id(
    conn: asyncpg.Connection, van: Device, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    await subscribe(conn, receiver.url())
    await happen(conn, van, [0, 1, 2])
    await until(lambda: conn.fetchval("select count(*) = 3 and bool_and(state = 'sent') from delivery"))
    assert await replay_deliveries(conn, 1, Past(["sent"], ids=[2]), 1) == [4]
    await receiver.wait_for(4)
    await until(lambda: conn.fetchval("select bool_and(state = 'sent') from delivery"))
    await conn.execute("delete from delivery where id = 4")
    assert await replay_deliveries(conn, 1, Past(["sent"]), 10) == [5, 6, 7]
    await receiver.wait_for(7)
    assert receiver.events() == [1, 2, 3, 2, 1, 2, 3]
    ids = [each["headers"]["webhook-id"] for each in receiver.received()]
    assert ids[:3] == ids[4:] and ids[1] == ids[3]


async def test_a_storm_is_one_message_with_a_count(
    conn: asyncpg.Connection, van: Device, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    await subscribe(conn, receiver.url(), group=1)
    began = time.monotonic()
    for _ in range(3):
        await happen(conn, van, range(_ * 10, _ * 10 + 10))
        dispatcher.wake()
    spans = time.monotonic() - began  # how many began meanwhile: one, but on a machine that is very busy
    await until(lambda: len(receiver.events()) >= 30)
    got = receiver.received()
    assert sum(each["message"]["data"]["count"] for each in got) == 30 and len(got) <= 1 + spans
    assert receiver.events() == list(range(1, 31))
    await happen(conn, van, [99], kind="exit")
    assert (await receiver.wait_for(len(got) + 1))[-1]["message"]["data"]["count"] == 1


async def test_cooldown_and_quiet_hours_leave_a_trace(
    conn: asyncpg.Connection, van: Device, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    await subscribe(conn, receiver.url("/calm"), "calm", cooldown=60)
    await subscribe(conn, receiver.url("/never"), "never", quiet=Quiet(0, 0, "UTC", None, "drop"))
    await subscribe(conn, receiver.url("/later"), "later", quiet=Quiet(0, 0, "UTC", None, "hold"))
    await happen(conn, van, [0])
    await happen(conn, van, [1], kind="exit")
    await happen(conn, van, [2], geofence=2)
    await until(lambda: conn.fetchval("select count(*) = 9 from delivery"))
    await receiver.wait_for(2)
    assert sorted(receiver.events()) == [1, 3]  # two geofences, two lanes: between them no order is promised
    skipped = "select reason, count(*) as n from delivery where state = 'skipped' group by 1 order by 1"
    reasons = await conn.fetch(skipped)
    assert [(row["reason"], row["n"]) for row in reasons] == [("cooldown", 1), ("quiet hours", 3)]
    held = "select count(*) from delivery d join subscription s on s.key = d.subscription where s.id = 'later'"
    assert await conn.fetchval(f"{held} and state = 'waiting' and not_before > now()") == 3


async def test_a_new_secret_signs_beside_the_old_one(
    conn: asyncpg.Connection, van: Device, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    made = await subscribe(conn, receiver.url())
    await update_secret(conn, made.key, "whsec_" + "QUJD" * 8, former_s=3600)
    await happen(conn, van, [0])
    (got,) = await receiver.wait_for(1)
    assert len(got["headers"]["webhook-signature"].split()) == 2
    await update_secret(conn, made.key, "whsec_" + "QUJD" * 9, former_s=0)
    await happen(conn, van, [1])
    assert len((await receiver.wait_for(2))[1]["headers"]["webhook-signature"].split()) == 1


async def test_a_deleted_device_and_a_deleted_subscription(
    conn: asyncpg.Connection, van: Device, receiver: Receiver, pool: asyncpg.Pool, dialer: Dialer
) -> None:
    """What was told to happen is told although its device is gone; nobody is told who does not want it any more."""
    await subscribe(conn, receiver.url("/stays"), "stays")
    await subscribe(conn, receiver.url("/goes"), "goes")
    await happen(conn, van, [0])
    await delete_device(conn, "van")
    await delete_subscription(conn, "goes")
    async with sending(pool, dialer):
        await receiver.wait_for(1)
        await until(lambda: conn.fetchval("select count(*) = 0 from outbox"))
    assert receiver.events("/goes") == [] and receiver.events("/stays") == [1]


async def test_messages_of_a_disabled_subscription_wait(
    conn: asyncpg.Connection, van: Device, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    made = await subscribe(conn, receiver.url())
    await happen(conn, van, [0])
    await update_subscription(conn, msgspec.structs.replace(made, enabled=False))
    # it may be under way already; what comes after is not made at all
    await happen(conn, van, [1])
    assert await conn.fetchval("select count(*) from outbox where event = 2") == 0
    await update_subscription(conn, made)
    await receiver.wait_for(1)
    assert receiver.events() == [1]


async def test_fresh_alerts_go_before_a_backlog(
    conn: asyncpg.Connection, van: Device, receiver: Receiver, pool: asyncpg.Pool, dialer: Dialer
) -> None:
    made = await subscribe(conn, receiver.url())
    await conn.execute(
        """insert into delivery (subscription, device, geofence, type, count, body, state, due, created_at)
           select $1, 'd' || n, '', 'enter', 1, '[{"id": -1}]', 'waiting', now(), now() - interval '1 hour'
           from generate_series(1, 10000) n""",
        made.key,
    )
    await happen(conn, van, [0])
    async with sending(pool, dialer):
        await until(lambda: 1 in receiver.events())
        assert receiver.events().index(1) <= 8


async def test_those_with_nothing_to_send_take_no_place_at_a_shared_endpoint(
    conn: asyncpg.Connection, van: Device, receiver: Receiver, dispatcher: Dispatcher
) -> None:
    for n in range(60):
        await subscribe(conn, receiver.url(), f"quiet-{n}", types=("exit",))
    await subscribe(conn, receiver.url(), "one", types=("enter",))
    await happen(conn, van, [0])
    await receiver.wait_for(1)
