"""Alerts while PostgreSQL dies and comes back: each event is told, in order, by every channel of
a server that was never restarted."""

import asyncio
from pathlib import Path

from tests.alerts.conftest import until
from tests.alerts.parts import one_of_each, settings_of, subscribe_all
from tests.alerts.test_served import HASTY
from tests.faults.cluster import Patient
from tests.integration.test_live_path import PORT, fix
from tests.running import running

CROSSINGS = 6


async def test_alerts_outlive_the_database(durable: Patient, durable_url: str, tmp_path: Path) -> None:
    with one_of_each(tmp_path) as parts, running(durable_url, program=HASTY, **settings_of(parts)) as server:
        token = server.new_device("van-12")
        server.new_geofence(PORT)
        subscribe_all(server, parts, "slow")
        async with server.device("van-12", token) as device:
            for seq in range(1, CROSSINGS + 1):
                await device.fixes(seq, fix(7.4246 if seq % 2 else 7.4305, 43.7384, seq - 60))
        await until(lambda: all(len(part.events()) >= 2 for part in parts))
        await asyncio.to_thread(durable.stop_at_once)  # with one under way, whose end cannot be noted
        await durable.start()
        await until(lambda: all(set(part.events()) == set(range(1, CROSSINGS + 1)) for part in parts), 60)
        for part in parts:
            assert list(dict.fromkeys(part.events())) == list(range(1, CROSSINGS + 1))
