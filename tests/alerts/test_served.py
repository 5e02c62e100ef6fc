"""Through a real server: from a device's fix to the receiver, and nothing lost where the server is killed."""

from collections.abc import Iterator

import asyncpg
import pytest

from tests.alerts.conftest import Receiver, until
from tests.integration.test_live_path import PORT, fix
from tests.running import PROGRAM, RunningServer, running

LOOPBACK = {"TRACKER_PRIVATE_RECEIVERS": "127.0.0.0/8, ::1/128"}
MUTE = f"""
import asyncio
from tracker.alerts.sender import Sender
async def never(self): await asyncio.Event().wait()
Sender.run = never
{PROGRAM}"""
HASTY = f"""
from tracker.alerts import sender
sender.LEASE = 2.0
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
        assert "tracker_alerts_total" in api.get("/metrics").text


async def test_killed_between_commit_and_send(database_url: str, receiver: Receiver) -> None:
    """This server commits events and never comes to send one; the next does."""
    with running(database_url, program=MUTE, **LOOPBACK) as server:
        token = server.new_device("van-12")
        server.new_geofence(PORT)
        subscribe(server, receiver.url())
        await crossings(server, token, range(1, 21))  # every frame was acked, so every event is committed
        server.kill()
    assert receiver.received() == []
    with running(database_url, **LOOPBACK):
        await receiver.wait_for(20)
        assert receiver.events() == list(range(1, 21))


async def test_killed_while_it_sends(database_url: str, receiver: Receiver, conn: asyncpg.Connection) -> None:
    """Some were sent and not noted, some were taken and not sent: all come, some twice, in their order."""
    with running(database_url, program=HASTY, **LOOPBACK) as server:
        token = server.new_device("van-12")
        server.new_geofence(PORT)
        subscribe(server, receiver.url("/slow?seconds=0.3"))
        await crossings(server, token, range(1, 11))
        await receiver.wait_for(3)
        server.kill()
        server.start()
        await receiver.wait_for(6)
        server.kill()
        server.start()
        await until(lambda: conn.fetchval("select count(*) = 10 and bool_and(state = 'sent') from delivery"), 30)
    told = receiver.events()
    assert list(dict.fromkeys(told)) == list(range(1, 11)), "each one, in their order"
    assert len(told) <= 12, "twice at most what was under way"


async def test_a_server_that_may_not_reach_inside_says_so(server: RunningServer, receiver: Receiver) -> None:
    with server.api() as api:
        refused = api.post("/api/subscriptions", json={"channel": {"kind": "webhook", "url": receiver.url()}})
        assert (refused.status_code, refused.json()["field"]) == (422, "channel.url")
