"""Alerts while PostgreSQL dies and comes back: each event is told, in order, by a server that was never restarted."""

import asyncio
from pathlib import Path

from tests.alerts.conftest import Receiver
from tests.alerts.test_served import HASTY
from tests.faults.cluster import Patient
from tests.integration.test_live_path import PORT, fix
from tests.running import running

CROSSINGS = 6


async def test_alerts_outlive_the_database(durable: Patient, durable_url: str, tmp_path: Path) -> None:
    receiver = Receiver(tmp_path)
    receiver.start()
    with running(durable_url, program=HASTY, TRACKER_PRIVATE_RECEIVERS="127.0.0.0/8") as server:
        token = server.new_device("van-12")
        server.new_geofence(PORT)
        with server.api() as api:
            hook = {"kind": "webhook", "url": receiver.url("/slow?seconds=0.2")}
            api.post("/api/subscriptions", json={"channel": hook}).raise_for_status()
        async with server.device("van-12", token) as device:
            for seq in range(1, CROSSINGS + 1):
                await device.fixes(seq, fix(7.4246 if seq % 2 else 7.4305, 43.7384, seq - 60))
        await receiver.wait_for(2)
        await asyncio.to_thread(durable.stop_at_once)  # with one under way, whose end cannot be noted
        await durable.start()
        async with asyncio.timeout(60):
            while set(receiver.events()) != set(range(1, CROSSINGS + 1)):  # noqa: ASYNC110 - the file of another process
                await asyncio.sleep(0.1)
        assert list(dict.fromkeys(receiver.events())) == list(range(1, CROSSINGS + 1))
    receiver.kill()
