"""Dry runs through a real server: the same events as live, streamed, bounded, and gone with their reader."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec
import pytest

from tests.alerts.conftest import until
from tests.integration.conftest import Caller
from tests.integration.test_live_path import PORT as STRICT
from tests.running import RunningServer
from tracker.model.device import Device
from tracker.model.moment import format_ms, now_ms

PORT = STRICT | {"properties": {"preset": "balanced", "dwell": 60}}
STORY = ["enter", "dwell", "exit"]
START = now_ms() - 3_600_000
SPAN = {"from": format_ms(START), "to": format_ms(START + 3_600_000)}
NUMBERED = ("id", "detected_at")  # what only the live ones have, or is another moment there
Line = dict[str, Any]


def fix(seconds: float, lon: float, lat: float = 43.7384, **more: float) -> dict[str, Any]:
    return {"at": format_ms(START + round(seconds * 1000)), "lon": lon, "lat": lat, **more}


def there_and_back(seconds: float) -> list[dict[str, Any]]:
    """Into the port and out of it, 20 s a step."""
    return [fix(seconds + n * 20, 7.41 + 0.001 * (n if n < 15 else 30 - n), accuracy=5.0) for n in range(30)]


@contextmanager
def asking(server: RunningServer, **more: object) -> Iterator[Iterator[Line]]:
    """The lines, as they come."""
    body = {"feature": PORT} | SPAN | more
    with server.api() as api, api.stream("POST", "/api/geofences/dry-run", json=body) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"] == "application/x-ndjson"
        yield (msgspec.json.decode(line) for line in response.iter_lines())


def told(server: RunningServer, **more: object) -> list[Line]:
    """The events, of lines that are well formed."""
    with asking(server, **more) as coming:
        *lines, last = coming
    events = [line["event"] for line in lines if line["type"] == "event"]
    progress = [(line["done"], line["fixes"]) for line in lines if line["type"] == "progress"]
    assert progress[0] == (0.0, 0) and progress == sorted(progress) and progress[-1][0] in (0.0, 1.0)
    assert last["type"] == "done" and (last["events"], last["fixes"]) == (len(events), progress[-1][1])
    return events


async def store(server: RunningServer, ways: dict[str, list[dict[str, Any]]]) -> None:
    for id, fixes in ways.items():
        async with server.device(id, server.new_device(id)) as device:
            assert (await device.fixes(1, *fixes))["stored"] == len(fixes)


@pytest.mark.town
async def test_it_tells_what_the_live_engine_told(server: RunningServer) -> None:
    server.new_geofence(PORT)
    await store(server, {"van-12": there_and_back(0) + there_and_back(900), "bus-7": there_and_back(300)})
    with server.api() as api:
        live = api.get("/api/events").json()["events"]
    assert [each["type"] for each in live] == STORY * 3
    expected = [{name: value for name, value in each.items() if name not in NUMBERED} for each in live]
    tried = [{name: value for name, value in each.items() if name not in NUMBERED} for each in told(server)]
    in_order = sorted(tried, key=lambda each: str(each["device"]) != "van-12")
    assert [bare(each) for each in in_order] == [bare(each) for each in expected]
    ever = {"from": "0001-01-01T00:00:00Z", "to": "9999-12-31T23:59:59Z"}
    for preset in ("strict", "calm"):
        found = told(server, devices=["bus-7"], preset=preset, **ever)
        assert [(each["device"], each["type"]) for each in found] == [("bus-7", kind) for kind in STORY], preset
    assert told(server, to=format_ms(START + 60_000)) == []
    with server.api() as api:
        assert api.get("/api/events").json()["events"] == live, "a dry run is heard by nobody"


def bare(event: dict[str, Any]) -> dict[str, Any]:
    """The revision is that of a stored geofence."""
    return event | {"evidence": {name: value for name, value in event["evidence"].items() if name != "revision"}}


@pytest.mark.town
async def test_two_at_once_and_a_reader_that_goes_makes_room(server: RunningServer, conn: asyncpg.Connection) -> None:
    await store(server, {"van-12": there_and_back(0)})
    async with conn.transaction():
        await conn.execute("lock table fix in access exclusive mode")  # so that none gets on
        with asking(server) as first, asking(server) as second:
            assert next(first)["type"] == next(second)["type"] == "progress"
            with server.api() as api:
                refused = api.post("/api/geofences/dry-run", json={"feature": PORT} | SPAN)
            assert refused.status_code == 429 and int(refused.headers["Retry-After"]) > 0
        server.wait_for(lambda: not processes(server))
        server.wait_for(lambda: is_admitted(server))
    server.wait_for(lambda: not processes(server))


# Connections that came since and wait for a lock: the server's own look at the table at times, and wait there, too. To
# be asked outside the transaction that holds the lock, which sees the activity as it was when it first looked.
WAITING: Final = """select pid from pg_locks join pg_stat_activity using (pid)
    where not granted and datname = current_database() and backend_start > $1"""


@pytest.mark.town
async def test_what_fails_is_an_error_line(server: RunningServer, conn: asyncpg.Connection, pool: asyncpg.Pool) -> None:
    await store(server, {"van-12": there_and_back(0)})
    async with conn.transaction():
        await conn.execute("lock table fix in access exclusive mode")
        began = await pool.fetchval("select clock_timestamp()")
        with asking(server) as lines:
            assert next(lines)["type"] == "progress"
            (process,) = processes(server)
            os.kill(process, signal.SIGKILL)
            assert [(line["type"], line["status"]) for line in lines] == [("error", 500)]
        await until(lambda: pool.fetchval(f"select not exists ({WAITING})", began))  # its query ended with it
        with asking(server) as lines:
            assert next(lines)["type"] == "progress"
            await until(lambda: pool.fetchval(f"select exists ({WAITING})", began))
            await pool.execute(f"select pg_terminate_backend(pid) from ({WAITING}) found", began)
            assert [(line["type"], line["status"]) for line in lines] == [("error", 503)], server.text()
    assert server.text().count("a dry run failed") == 1, server.text()
    assert [each["type"] for each in told(server)] == STORY


def is_admitted(server: RunningServer) -> bool:
    with server.api() as api, api.stream("POST", "/api/geofences/dry-run", json={"feature": PORT} | SPAN) as response:
        return response.status_code == 200


def processes(server: RunningServer) -> list[int]:
    """Of dry runs, that live."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    return [int(pid) for pid in children if b"dry_run" in command(pid)]


def command(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


CIRCLE = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [7.4, 43.7]}, "properties": {"radius": 50}}
BAD: list[tuple[str, dict[str, object], str]] = [
    ("no feature", {"feature": None}, "feature"),
    (
        "a geometry that crosses itself",
        {
            "feature": {
                "type": "Feature",
                "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]},
            }
        },
        "geometry",
    ),
    ("a circle without a radius", {"feature": CIRCLE | {"properties": {}}}, "properties.radius"),
    ("a preset nobody knows", {"preset": "loud"}, "preset"),
    ("an end before the beginning", {"to": "2020-01-01T00:00:00Z"}, "from"),
    ("a time without an offset", {"from": "2026-11-23T10:00:00"}, "from"),
    ("no time", {"to": None}, "to"),
    ("nobody", {"devices": ["nobody"]}, "devices"),
    ("what is no id", {"devices": ["\x00"]}, "devices"),
    ("an empty list", {"devices": []}, "devices"),
]


async def test_a_bad_question_is_refused_before_anything_starts(
    admin: Caller, device: Device, subtests: pytest.Subtests
) -> None:
    for name, change, field in BAD:
        with subtests.test(name):
            body = {"feature": CIRCLE, "devices": ["van-12"]} | SPAN | change
            response = await admin.post("/api/geofences/dry-run", {k: v for k, v in body.items() if v is not None})
            assert (response.status_code, (await response.get_json()).get("field")) == (422, field)
