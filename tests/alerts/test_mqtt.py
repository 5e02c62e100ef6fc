"""Alerts by MQTT, with a real broker that refuses, hangs, goes away and comes back."""

import asyncio
import signal
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
import trustme

from tests.alerts.conftest import happen, sending, started, subscribe, until
from tests.alerts.parts import PASSWORD, USER, Mosquitto
from tests.alerts.test_wording import event, message
from tests.patience import PATIENCE_S
from tests.ports import free_port
from tracker.alerts import breaker, schedule
from tracker.alerts import dispatcher as dispatching
from tracker.alerts.carriers import broker
from tracker.alerts.carriers.broker import Broker
from tracker.alerts.carriers.dialer import Dialer
from tracker.alerts.dispatcher import Dispatcher
from tracker.model.channel import Mqtt
from tracker.model.device import Device
from tracker.settings import Remote

ALERTS = Mqtt("alerts/{device}/{geofence}/{type}")


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    with started(Mosquitto(tmp_path)) as mosquitto:
        yield mosquitto


@pytest.fixture
def remote(mosquitto: Mosquitto) -> Remote:
    return Remote("mqtt", "127.0.0.1", mosquitto.port, USER, PASSWORD)


@pytest.fixture
async def dispatcher(
    pool: asyncpg.Pool, dialer: Dialer, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Dispatcher]:
    monkeypatch.setattr(schedule, "SCHEDULE", (0, *[0.2] * 50))
    monkeypatch.setattr(breaker, "FIRST_PAUSE", 0.2)
    monkeypatch.setattr(dispatching, "LOOK", 0.05)
    async with sending(pool, dialer, mqtt=remote) as dispatcher:
        yield dispatcher
        await dispatcher.carriers.close()


async def test_an_event_becomes_a_message_on_its_topic(
    conn: asyncpg.Connection, van: Device, mosquitto: Mosquitto, dispatcher: Dispatcher
) -> None:
    await subscribe(conn, ALERTS, "one-by-one")
    await subscribe(conn, ALERTS, "grouped", group=1)
    await happen(conn, van, [0, 1])
    await until(lambda: len(mosquitto.received()) == 3)
    assert sorted(each["path"] for each in mosquitto.received()) == ["alerts/_/_/enter", *["alerts/van/port/enter"] * 2]
    assert mosquitto.events("alerts/van/port/enter") == mosquitto.events("alerts/_/_/enter") == [1, 2]
    first = mosquitto.received("alerts/van/port/enter")[0]
    assert (first["type"], first["qos"]) == ("application/cloudevents+json; charset=utf-8", 1)
    assert first["message"]["type"] == "tracker.enter" and first["message"]["subject"] == "van"
    await until(lambda: conn.fetchval("select bool_and(state = 'sent') from delivery"))
    statuses = await conn.fetch("select status, error from attempt")
    assert {tuple(row) for row in statuses} == {(0, None)}


async def test_a_topic_that_is_closed_to_us_is_tried_again_and_holds_up_nobody(
    conn: asyncpg.Connection, van: Device, mosquitto: Mosquitto, dispatcher: Dispatcher
) -> None:
    await subscribe(conn, Mqtt("secret/{device}"), "closed")
    await subscribe(conn, ALERTS, "open")
    await happen(conn, van, range(5))
    await until(lambda: mosquitto.events() == [1, 2, 3, 4, 5])
    await until(lambda: conn.fetchval("select count(*) > 3 from attempt where status = 135"))
    assert not any(each.failures for each in dispatcher.breakers.values())
    assert "Not authorized" in await conn.fetchval("select error from attempt where status = 135 limit 1")


async def test_a_broker_that_was_away_gets_all_in_order(
    conn: asyncpg.Connection, van: Device, mosquitto: Mosquitto, dispatcher: Dispatcher
) -> None:
    await subscribe(conn, ALERTS)
    await happen(conn, van, [0])
    await until(lambda: mosquitto.events() == [1])
    mosquitto.stop_broker()
    await happen(conn, van, range(1, 4))
    await until(lambda: conn.fetchval("select count(*) >= 2 from attempt where error like 'Connection%'"))
    mosquitto.start()
    await until(lambda: conn.fetchval("select bool_and(state = 'sent') from delivery"))
    await until(lambda: len(mosquitto.events()) == 4)
    assert mosquitto.events() == [1, 2, 3, 4]


async def test_a_broker_that_hangs_is_left(
    conn: asyncpg.Connection, van: Device, mosquitto: Mosquitto, dispatcher: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "DEADLINE", 0.5)
    await subscribe(conn, ALERTS)
    await happen(conn, van, [0])
    await until(lambda: mosquitto.events() == [1])
    assert mosquitto.broker
    hanging = dispatcher.carriers.of(ALERTS).link  # type: ignore[attr-defined]
    mosquitto.broker.send_signal(signal.SIGSTOP)
    await happen(conn, van, [1])
    await until(lambda: conn.fetchval("select count(*) >= 2 from attempt where error like 'TimeoutError%'"))
    mosquitto.broker.send_signal(signal.SIGCONT)
    await until(lambda: conn.fetchval("select bool_and(state = 'sent') from delivery"))
    await until(lambda: set(mosquitto.events()) == {1, 2})
    assert dispatcher.carriers.of(ALERTS).link is not hanging  # type: ignore[attr-defined]
    assert not hanging.is_open


async def test_what_was_on_its_way_to_a_broker_that_dies_fails_at_once(mosquitto: Mosquitto, remote: Remote) -> None:
    mine = Broker(remote)
    assert (await mine.send(ALERTS, message(event(1)))).result == "sent"
    assert mosquitto.broker and mine.link
    mosquitto.broker.send_signal(signal.SIGSTOP)
    sending = asyncio.create_task(mine.send(ALERTS, message(event(2))))
    await until(lambda: mine.link and mine.link.waiting)
    mosquitto.broker.send_signal(signal.SIGKILL)
    async with asyncio.timeout(PATIENCE_S):
        verdict = await sending
    assert verdict.result == "failed" and "ended" in (verdict.error or "")
    await mine.close()


async def test_who_is_not_let_in_says_why_and_what_is_too_large_is_dead(mosquitto: Mosquitto, remote: Remote) -> None:
    stranger = Broker(Remote("mqtt", "127.0.0.1", mosquitto.port, USER, "wrong"))
    verdict = await stranger.send(ALERTS, message(event(1)))
    assert verdict.result == "failed" and "Not authorized" in (verdict.error or "")
    known = Broker(remote)
    large = await known.send(ALERTS, message(event(1, evidence={"note": "x" * 100_000})))
    assert large.result == "dead" and "100000 bytes at most" in (large.error or "")
    assert (await known.send(ALERTS, message(event(1)))).result == "sent", "over the same connection"
    for each in (stranger, known):
        await each.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # paho leaves a refused socket to the gc
async def test_over_tls_to_a_broker_that_shows_a_certificate_that_is_trusted(tmp_path: Path) -> None:
    authority, port = trustme.CA(), free_port()
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)
    shown = tmp_path / "certificate.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(shown))
    with started(Mosquitto(tmp_path, f"listener {port} 127.0.0.1\ncertfile {shown}\nkeyfile {shown}\n")):
        remote = Remote("mqtts", "127.0.0.1", port, USER, PASSWORD)
        trusting, doubting = Broker(remote, trusted), Broker(remote)
        large = event(1, evidence={"note": "x" * 90_000})  # more than one record of TLS
        outcomes = [await each.send(ALERTS, message(large)) for each in (trusting, trusting, doubting)]
        assert [each.result for each in outcomes] == ["sent", "sent", "failed"]
        assert "CERTIFICATE_VERIFY_FAILED" in (outcomes[2].error or "")
        for each in (trusting, doubting):
            await each.close()


async def test_where_nobody_listens_the_system_says_so() -> None:
    verdict = await Broker(Remote("mqtt", "127.0.0.1", 1)).send(ALERTS, message(event(1)))
    assert verdict.result == "failed" and "ConnectionRefusedError" in (verdict.error or "")
