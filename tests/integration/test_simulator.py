"""Simulated vehicles and paced replays against a real server."""

import asyncio
from io import StringIO
from itertools import pairwise
from pathlib import Path

import asyncpg
import httpx2
import pytest
from rich.console import Console

from tests.patience import PATIENCE_S
from tests.running import ADMIN_TOKEN, START_S, RunningServer
from tracker.client.device import TurnedAway
from tracker.model.moment import from_datetime, now_ms
from tracker.simulator import crowd
from tracker.simulator import simulate as simulation
from tracker.simulator.demo import CIRCLES, POLYGONS, furnish
from tracker.simulator.register import ApiRefused
from tracker.simulator.replay import Tempo, replay
from tracker.simulator.roads import load_roads
from tracker.simulator.simulate import LAST_WORDS_S, Fleet, simulate
from tracker.simulator.vehicle import Vehicle

SAMPLES = Path(__file__).parents[2] / "samples"
DRIVE_S = 15.0


@pytest.mark.town
async def test_odd_times_in_a_recording_keep_nobody_waiting(
    tmp_path: Path, server: RunningServer, conn: asyncpg.Connection
) -> None:
    good = [f"2026-03-01T07:00:0{second}Z" for second in (0, 5, 7, 9)] + ["2026-03-09T07:00:00Z"]
    times = (good[0], "1970-01-01T00:00:00Z", good[1], "2001-01-01T00:00:00Z", *good[2:], "2106-02-07T06:28:15Z")
    points = "".join(f'<trkpt lat="60.{n}" lon="24"><time>{at}</time></trkpt>' for n, at in enumerate(times))
    file = tmp_path / "odd.gpx"
    file.write_text(f"<gpx><trk><trkseg>{points}</trkseg></trk></gpx>")
    for now in (True, False):
        async with asyncio.timeout(PATIENCE_S):
            tally = await replay(file, server.url, ADMIN_TOKEN, Tempo(10, now=now))
        assert tally.unreadable["odd_time"] == 3 and tally.stored == 5
    spans = await conn.fetchval("select max(at) - min(at) from fix where at > now() - interval '1 hour'")
    assert 0.8 < spans.total_seconds() < 1.1  # ten times faster: nine seconds, and one for days


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.town
async def test_what_is_stored_is_what_the_seed_says(
    binary: bool, server: RunningServer, conn: asyncpg.Connection
) -> None:
    tally = await simulate(server.url, ADMIN_TOKEN, Fleet(count=9, seed=5, interval=0.25, binary=binary), seconds=2)
    rows = await conn.fetch("select d.id, f.* from fix f join device d on d.key = f.device order by d.id, f.at")
    assert tally.put == tally.answered == len(rows) >= 9 * 7
    assert not tally.dropped
    start = from_datetime(rows[0]["at"])  # the first vehicle begins at once
    vehicles = {f"vehicle-{n + 1}": Vehicle(load_roads(), 5, n, start, battery=not binary) for n in range(9)}
    for row in rows:
        fix = vehicles[row["id"]].measure(from_datetime(row["at"]))
        assert (row["lon_e7"], row["lat_e7"]) == (fix.lon_e7, fix.lat_e7)
        assert row["speed"] == pytest.approx(fix.speed, abs=0.01)
        assert row["accuracy"] == pytest.approx(fix.accuracy, abs=0.051)
        assert row["heading"] == (None if fix.heading is None else pytest.approx(fix.heading))
        assert row["battery_e4"] == (None if fix.battery is None else round(fix.battery * 1e4))


async def test_a_killed_server_costs_a_vehicle_nothing(
    server: RunningServer, conn: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was put is stored, once, whatever happened in between; what was never acked was sent again.

    Their last words are waited for as long as a busy machine may need for a start and a vehicle's longest wait after
    that: bounded by that wait alone, who failed just before the server was back was given up. Meanwhile whoever looks
    on is told why nothing goes on."""
    monkeypatch.setattr(crowd, "LINE_S", 0.1)
    monkeypatch.setattr(simulation, "LAST_WORDS_S", LAST_WORDS_S + START_S)
    shown = StringIO()
    console = Console(file=shown, width=1000)
    drive = asyncio.create_task(
        simulate(server.url, ADMIN_TOKEN, Fleet(count=20, seed=3, interval=0.1), seconds=DRIVE_S, console=console)
    )
    await until(conn, "select count(*) > 200 from fix")
    server.kill()
    await asyncio.to_thread(server.start)
    tally = await asyncio.wait_for(drive, DRIVE_S + LAST_WORDS_S + START_S + PATIENCE_S)
    rows = await conn.fetch("select d.id, f.at from fix f join device d on d.key = f.device")
    assert tally.put == len(rows) == tally.answered
    assert tally.lost[1006] >= 20 and not tally.dropped
    lines = shown.getvalue().splitlines()
    assert any("; waiting: vehicle-" in line and ": 1006" in line for line in lines), lines
    assert "waiting" not in lines[-1] and f"{tally.stored:,} stored" in lines[-1], "and that it is over"
    for number in range(1, 21):
        times = sorted(from_datetime(row["at"]) for row in rows if row["id"] == f"vehicle-{number:02}")
        assert {b - a for a, b in pairwise(times)} == {100}, "a hole in the track"


@pytest.mark.town
async def test_vehicles_obey_commands(server: RunningServer, conn: asyncpg.Connection) -> None:
    async with (
        asyncio.TaskGroup() as group,
        httpx2.AsyncClient(
            base_url=server.url, headers={"Authorization": f"Bearer {ADMIN_TOKEN}"}, timeout=PATIENCE_S
        ) as api,
    ):
        drive = group.create_task(simulate(server.url, ADMIN_TOKEN, Fleet(count=1, interval=60.0)))
        await until(conn, "select count(*) = 1 from fix")
        for name, args, enough in [
            ("report_now", {}, 2),
            ("message", {"text": "turn left"}, 2),
            ("set_interval", {"seconds": 0.2}, 5),
        ]:
            answer = await api.post("/api/devices/vehicle-1/commands", json={"name": name, "args": args})
            assert answer.status_code == 201, answer.text
            await until(conn, f"select count(*) >= {enough} from fix")
        await until(conn, "select bool_and(ok) from command")
        drive.cancel()
    results = {row["name"]: row["detail"] for row in await conn.fetch("select * from command")}
    assert results == {"report_now": None, "message": "shown to the driver", "set_interval": None}


@pytest.mark.town
async def test_a_deleted_vehicle_stops_and_the_others_drive_on(server: RunningServer, conn: asyncpg.Connection) -> None:
    drive = asyncio.create_task(simulate(server.url, ADMIN_TOKEN, Fleet(count=2, interval=0.1)))
    await until(conn, "select count(distinct device) = 2 from fix")
    with server.api() as api:
        assert api.delete("/api/devices/vehicle-1").status_code == 204
        before = await conn.fetchval("select count(*) from fix")
        await until(conn, f"select count(*) > {before} + 5 from fix")
        assert api.delete("/api/devices/vehicle-2").status_code == 204
    with pytest.raises(TurnedAway, match="vehicle-1"):
        await asyncio.wait_for(drive, PATIENCE_S)


@pytest.mark.town
async def test_a_recording_paced_and_now(server: RunningServer, conn: asyncpg.Connection) -> None:
    began = now_ms()
    file = SAMPLES / "bus_liverpool_route14_2026-01-26.csv.gz"  # 144 minutes
    tally = await replay(file, server.url, ADMIN_TOKEN, Tempo(5000, now=True))
    ended = now_ms()
    assert tally.answered == tally.put == 1533
    assert not tally.quarantined, "two moments became one"
    assert 1500 < ended - began < 1000 * PATIENCE_S
    first, last = await conn.fetchrow("select min(at), max(at) from fix")
    assert began <= from_datetime(first) and from_datetime(last) <= ended
    assert await conn.fetchval("select count(distinct device) from fix") == 16


@pytest.mark.town
async def test_a_recording_that_ends_now(server: RunningServer, conn: asyncpg.Connection) -> None:
    file = SAMPLES / "bus_limerick_304_2019-02-18.csv.gz"
    tally = await replay(file, server.url, ADMIN_TOKEN, Tempo(None, now=True))
    assert tally.stored == 2144
    last = from_datetime(await conn.fetchval("select max(at) from fix"))
    assert 0 <= now_ms() - last < 1000 * PATIENCE_S


@pytest.mark.town
async def test_a_wrong_token_is_one_sentence(server: RunningServer) -> None:
    with pytest.raises(ApiRefused, match="POST /api/devices: 401"):
        await simulate(server.url, "x" * 40, Fleet(count=3), seconds=1)


@pytest.mark.town
async def test_the_demo_can_be_furnished_twice(server: RunningServer) -> None:
    await furnish(server.url, ADMIN_TOKEN)
    await furnish(server.url, ADMIN_TOKEN)
    with server.api() as api:
        features = api.get("/api/geofences").json()["features"]
    assert {feature["properties"]["name"] for feature in features} == POLYGONS.keys() | CIRCLES.keys()


async def until(conn: asyncpg.Connection, question: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not await conn.fetchval(question):  # noqa: ASYNC110  # the answer is in the database
            await asyncio.sleep(0.02)
