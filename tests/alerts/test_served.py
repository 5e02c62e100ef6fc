"""Through a real server: from a device's fix to the receiver, and nothing lost where the server is killed."""

from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.alerts.conftest import Receiver, until
from tests.alerts.parts import MailServer, one_of_each, settings_of, subscribe_all
from tests.integration.test_live_path import PORT, fix
from tests.running import PROGRAM, RunningServer, running

LOOPBACK = {"TRACKER_PRIVATE_RECEIVERS": "127.0.0.0/8, ::1/128"}
MUTE = f"""
import asyncio
from tracker.alerts.dispatcher import Dispatcher
async def never(self): await asyncio.Event().wait()
Dispatcher.run = never
{PROGRAM}"""
HASTY = f"""
from tracker.alerts import dispatcher
dispatcher.LEASE = 6.0  # shorter than it ships with, and longer than a busy machine takes to send one
{PROGRAM}"""


@pytest.fixture
def alerting(database_url: str) -> Iterator[RunningServer]:
    with running(database_url, **LOOPBACK) as server:
        yield server


def subscribe(server: RunningServer, url: str, **more: object) -> str:
    with server.api() as api:
        made = api.post("/api/subscriptions", json={"channel": {"kind": "webhook", "url": url}, **more})
        assert made.status_code == 201, made.text
        return str(made.json()["id"])


async def crossings(server: RunningServer, token: str, seqs: range) -> None:
    """In and out of the port, one event each."""
    async with server.device("van-12", token) as device:
        for seq in seqs:
            await device.fixes(seq, fix(7.4246 if seq % 2 else 7.4305, 43.7384, seq - 60))


async def test_from_a_fix_to_its_receiver(alerting: RunningServer, receiver: Receiver) -> None:
    token = alerting.new_device("van-12")
    alerting.new_geofence(PORT)
    id = subscribe(alerting, receiver.url(), types=["exit"])
    await crossings(alerting, token, range(1, 5))
    got = await receiver.wait_for(2)
    assert receiver.events() == [2, 4]
    assert [each["message"]["data"]["subscription"] for each in got] == [id, id]
    with alerting.api() as api:
        listed = api.get(f"/api/subscriptions/{id}/deliveries").json()["deliveries"]
        assert [each["type"] for each in listed] == ["exit", "exit"]
        assert 'tracker_alerts_total{outcome="sent"} ' in api.get("/metrics").text


async def test_a_test_arrives_by_every_channel_and_people_are_told_names(
    database_url: str, parts: list[Receiver], conn: asyncpg.Connection
) -> None:
    _, mail, _, push = parts
    assert isinstance(mail, MailServer)
    with running(database_url, **settings_of(parts)) as server:
        token = server.new_device("van-12")
        server.new_geofence(PORT)
        ids = subscribe_all(server, parts)
        with server.api() as api:
            assert len(api.get("/api/push/key").json()["key"]) == 87
            for id in ids:
                assert api.post(f"/api/subscriptions/{id}/test").status_code == 202
        await until(lambda: conn.fetchval("select count(*) = 4 and bool_and(state = 'sent') from delivery"))
        await crossings(server, token, range(1, 3))
        await until(lambda: conn.fetchval("select count(*) = 12 and bool_and(state = 'sent') from delivery"))
        assert server.stop() == 0
        assert "killed, since" not in server.text(), "an open connection to a broker holds up nothing"
    subjects = [letter["Subject"] for _, letter in mail.letters()]
    assert subjects == ["A test: alerts arrive here", "van-12 entered Port", "van-12 left Port"]
    assert [each["said"]["title"] for each in push.received()] == subjects


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[list[Receiver]]:
    with one_of_each(tmp_path) as parts:
        yield parts


async def test_killed_between_commit_and_send(database_url: str, parts: list[Receiver]) -> None:
    """This server commits events and never comes to send one; the next does, by every channel."""
    with running(database_url, program=MUTE, **settings_of(parts)) as server:
        token = server.new_device("van-12")
        server.new_geofence(PORT)
        subscribe_all(server, parts)
        await crossings(server, token, range(1, 11))  # every frame was acked, so every event is committed
        server.kill()
    assert not any(part.events() for part in parts)
    with running(database_url, **settings_of(parts)):
        await until(lambda: all(len(part.events()) >= 10 for part in parts))
    assert [part.events() for part in parts] == [list(range(1, 11))] * len(parts)


async def test_killed_while_it_sends(database_url: str, parts: list[Receiver], conn: asyncpg.Connection) -> None:
    """Some were sent and not noted, some were taken and not sent: all come, some twice, in their order."""
    with running(database_url, program=HASTY, **settings_of(parts)) as server:
        token = server.new_device("van-12")
        server.new_geofence(PORT)
        subscribe_all(server, parts, "slow")
        await crossings(server, token, range(1, 7))
        for count in (2, 4):
            await until(lambda count=count: all(len(part.events()) >= count for part in parts))
            server.kill()
            server.start()
        done = f"select count(*) = {6 * len(parts)} and bool_and(state = 'sent') from delivery"
        await until(lambda: conn.fetchval(done), 90)
    for part in parts:
        assert list(dict.fromkeys(part.events())) == list(range(1, 7)), "each one, in their order"
        assert len(part.events()) <= 8, "twice at most what was under way"


@pytest.mark.town
async def test_a_server_that_may_not_reach_inside_says_so(server: RunningServer, receiver: Receiver) -> None:
    with server.api() as api:
        refused = api.post("/api/subscriptions", json={"channel": {"kind": "webhook", "url": receiver.url()}})
        assert (refused.status_code, refused.json()["field"]) == (422, "channel.url")
