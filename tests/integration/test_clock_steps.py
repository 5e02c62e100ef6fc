"""The server's clock is set while devices wait: nobody is told to be silent, or to have stayed, for that."""

import asyncpg
import pytest

from tests.integration.numbered import told_by
from tests.integration.player import PLACES, draw
from tracker.ingest.log import Log
from tracker.model.device import Device
from tracker.model.fix import Fix
from tracker.model.frame import Frame
from tracker.model.moment import now_us
from tracker.store.devices import insert_device
from tracker.store.geofences import insert_geofence

S = 1_000_000  # µs
HOUR = 3_600 * S


@pytest.fixture
async def van(conn: asyncpg.Connection) -> Device:
    await insert_geofence(conn, "a", *draw("a", 0, {"dwell": 300}))
    return await insert_device(conn, "van", "Van", interval=60)


class Clocks:
    """A server whose wall clock is set by `step` after the first look."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.begin = now_us()
        self.step = 0

    async def look(self, gone_by: float) -> list[str]:
        wall, monotonic = self.begin + round(gone_by * S) + self.step, round(gone_by * S)
        self.log.memory.read_clocks(wall, monotonic)
        rung = self.log.memory.ring(wall)
        return [event.type for event in await told_by(self.log, self.log.elapse(rung, wall))] if rung else []

    async def send(self, device: Device, gone_by: float) -> list[str]:
        wall = self.begin + round(gone_by * S) + self.step
        fix = Fix(self.begin // 1000 + round(gone_by * 1000), *PLACES[0])
        frame = Frame(device.key, 1, wall, [fix])
        return [event.type for event in await told_by(self.log, self.log.append([frame]))]


@pytest.mark.parametrize("step", [0, HOUR, -HOUR, 26 * HOUR])
async def test_a_step_tells_nothing_and_what_is_true_is_told_in_time(step: int, database_url: str, van: Device) -> None:
    log = Log(database_url, "test")
    await log.open()
    log.silences.since = 0  # as if it had listened for long
    clocks = Clocks(log)
    log.memory.know(van)
    assert await clocks.look(0) == []
    assert await clocks.send(van, 1) == ["enter"]
    assert await clocks.look(10) == []
    clocks.step = step
    assert await clocks.look(11) == [], "nobody was silent for an hour"
    assert await clocks.look(170) == []
    assert await clocks.look(190) == ["offline"], "three intervals after the fix"
    assert await clocks.look(300) == []
    assert await clocks.look(310) == ["dwell"], "five minutes after it was entered"
    await log.close()
