"""Alerts to browsers: what a push service gets, and what the browser behind it reads."""

import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.alerts.conftest import AT, LOOPBACK, happen, sending, started, subscribe, until
from tests.alerts.parts import BROWSER, BROWSER_KEY, PushService
from tests.alerts.push_service import opened
from tests.alerts.test_wording import event, message
from tests.laws import examples
from tests.moments import written
from tracker.alerts import breaker, schedule
from tracker.alerts import dispatcher as dispatching
from tracker.alerts.carriers.dialer import Dialer
from tracker.alerts.carriers.push import Push, make_push_body
from tracker.alerts.carriers.push_encryption import LARGEST, encrypt, read_point, seal
from tracker.alerts.carriers.vapid import Vapid, new_key
from tracker.alerts.dispatcher import Dispatcher
from tracker.errors import Invalid
from tracker.model import base64url
from tracker.model.channel import PushKeys, WebPush
from tracker.model.device import Device
from tracker.model.names import Names
from tracker.model.sight import EVERYTHING
from tracker.store.installation import upsert_push_key
from tracker.store.subscriptions import select_subscription

POINT, AUTH = (base64url.decode(BROWSER[name]) for name in ("p256dh", "auth"))
KEY = derive_private_key(int.from_bytes(base64url.decode(BROWSER_KEY), "big"), SECP256R1())
VAPID = Vapid(new_key(), "mailto:ops@example.org")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[PushService]:
    with started(PushService(tmp_path)) as service:
        yield service


@pytest.fixture
async def dialer(service: PushService) -> AsyncIterator[Dialer]:
    dialer = Dialer(LOOPBACK, tls=ssl.create_default_context(cafile=str(service.trust)))
    yield dialer
    await dialer.close()


@pytest.fixture
async def dispatcher(pool: asyncpg.Pool, dialer: Dialer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Dispatcher]:
    monkeypatch.setattr(schedule, "SCHEDULE", (0, *[0.2] * 50))
    monkeypatch.setattr(breaker, "FIRST_PAUSE", 0.2)
    monkeypatch.setattr(dispatching, "LOOK", 0.05)
    async with sending(pool, dialer, vapid=VAPID) as dispatcher:
        yield dispatcher


@asynccontextmanager
async def closing(dialer: Dialer) -> AsyncIterator[Dialer]:
    yield dialer
    await dialer.close()


def browser(service: PushService, way: str = "") -> WebPush:
    return WebPush(service.channel(way)["endpoint"], PushKeys(**BROWSER))


async def test_an_event_becomes_a_notice(
    conn: asyncpg.Connection, van: Device, service: PushService, dispatcher: Dispatcher
) -> None:
    await subscribe(conn, browser(service), max_age=600)
    await happen(conn, van, [0])
    await until(service.received)
    (got,) = service.received()
    body = f"{written(AT)}, at 43.73840, 7.42460 (latitude, longitude).\nEvent 1."
    assert got["said"] == {
        "title": "Van entered port",
        "body": body,
        "url": "/?device=van&event=1",
        "tag": f"{dispatcher.installation[:8]}-1",
        "type": "enter",
        "count": 1,
    }
    told = {name: got["headers"][name] for name in ("ttl", "urgency", "content-encoding")}
    assert told == {"ttl": "600", "urgency": "high", "content-encoding": "aes128gcm"}
    assert len(got["headers"]["topic"]) == 32 and got["key"] == VAPID.public
    assert (got["claims"]["aud"], got["claims"]["sub"]) == (service.url().replace("http", "https")[:-1], VAPID.contact)
    await until(lambda: conn.fetchval("select bool_and(state = 'sent') from delivery"))
    assert await conn.fetchval("select status from attempt") == 201


@pytest.mark.parametrize("status", ["404", "410"])
async def test_a_browser_that_is_gone_ends_its_subscription(
    conn: asyncpg.Connection, van: Device, service: PushService, dispatcher: Dispatcher, status: str
) -> None:
    await subscribe(conn, browser(service, status), "gone")
    await happen(conn, van, [0])
    await until(lambda: conn.fetchval("select not enabled from subscription"))
    gone = await select_subscription(conn, EVERYTHING, "gone")
    assert gone is not None and status in (gone.reason or "") and "browser" in (gone.reason or "")
    assert await conn.fetchval("select state from delivery") == "dead"


async def test_too_large_is_dead_and_too_many_waits_as_long_as_it_is_told_to(
    conn: asyncpg.Connection, van: Device, service: PushService, dispatcher: Dispatcher
) -> None:
    await subscribe(conn, browser(service, "413"), "large")
    await subscribe(conn, browser(service, "429"), "many")
    await happen(conn, van, [0])
    await until(lambda: conn.fetchval("select count(*) = 2 from attempt"))
    await until(lambda: conn.fetchval("select array_agg(state order by state) = '{dead,waiting}' from delivery"))
    assert await conn.fetchval("select extract(epoch from due - now()) from delivery where due is not null") > 2900
    assert await conn.fetchval("select bool_and(enabled) from subscription")


async def test_a_service_that_was_away_gets_all_in_order_under_one_topic_each(
    conn: asyncpg.Connection, van: Device, service: PushService, dispatcher: Dispatcher
) -> None:
    await subscribe(conn, browser(service))
    service.kill()
    await happen(conn, van, range(3))
    await until(lambda: conn.fetchval("select count(*) >= 1 from attempt where error is not null"))
    service.start()
    await until(lambda: conn.fetchval("select bool_and(state = 'sent') from delivery"))
    assert service.events() == [1, 2, 3]
    assert len({each["headers"]["topic"] for each in service.received()}) == 3


async def test_only_a_service_of_the_operators_own_does_without_tls(service: PushService) -> None:
    keys, plain = PushKeys(**BROWSER), "http://127.0.0.1:1/push"
    async with closing(Dialer(LOOPBACK)) as own, closing(Dialer()) as careful:
        await Push(own, VAPID).check(WebPush(plain, keys))
        for dialer, address in ((own, "http://1.1.1.1/push"), (careful, "http://1.1.1.1/push"), (careful, plain)):
            with pytest.raises(Invalid, match=r"channel\.endpoint"):
                await Push(dialer, VAPID).check(WebPush(address, keys))


async def test_who_sends_is_checked_by_the_service_of_these_tests(service: PushService, dialer: Dialer) -> None:
    """So that the tests above can fail."""
    endpoint, body = service.channel()["endpoint"], encrypt(b"{}", POINT, AUTH)

    async def status(authorization: str) -> int:
        return (await dialer.post(endpoint, {"authorization": authorization}, body)).status

    now = int(time.time())
    right = VAPID.authorization(endpoint, now)
    assert await status(VAPID.authorization(endpoint, now)) == 201
    assert await status(VAPID.authorization("https://push.example.org/x", now)) == 403
    assert await status(VAPID.authorization(endpoint, now - 86_400)) == 403
    assert await status(right.replace(VAPID.public, Vapid(new_key()).public)) == 403


def test_the_example_of_rfc_8291() -> None:
    key = derive_private_key(
        int.from_bytes(base64url.decode("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big"), SECP256R1()
    )
    said = b"When I grow up, I want to be a watermelon"
    body = seal(said, POINT, AUTH, key, base64url.decode("DGv6ra1nlYgDCS1FRnbzlw"))
    assert base64url.encode(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
        "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    assert opened(body, KEY, AUTH) == said


@settings(max_examples=examples(30))
@given(st.binary(max_size=LARGEST))
def test_a_browser_reads_what_was_said(said: bytes) -> None:
    body = encrypt(said, POINT, AUTH)
    assert opened(body, KEY, AUTH) == said and len(body) <= 4096


def test_more_than_a_record_is_refused_and_so_is_what_is_no_key() -> None:
    assert len(encrypt(bytes(LARGEST), POINT, AUTH)) == 4096
    with pytest.raises(ValueError, match="3993 at most"):
        encrypt(bytes(LARGEST + 1), POINT, AUTH)
    for wrong in (b"", POINT[:-1], b"\x04" + bytes(64), POINT[:-1] + bytes([POINT[-1] ^ 1]), b"\x02" + POINT[1:33]):
        with pytest.raises(ValueError):
            read_point(wrong)


def test_a_storm_is_shortened_until_there_is_room() -> None:
    names = Names({"van-12": "\U0001f69a" * 80}, {"port": '"' * 80})
    said = make_push_body(message(*[event(n) for n in range(1, 400)], names=names))
    assert len(said) <= LARGEST and "…" in said.decode() and b"399 events" in said
    assert len(make_push_body(message(event(1), names=names))) <= LARGEST


async def test_the_key_is_made_once_and_kept(conn: asyncpg.Connection) -> None:
    first, second = new_key(), new_key()
    assert await upsert_push_key(conn, first) == first == await upsert_push_key(conn, second)
